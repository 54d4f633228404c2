"""The laws of `JobQueries`."""

from datetime import timedelta
from typing import Final

from attrs import evolve

from spike_contracts.builders import (
    NOON,
    a_body,
    a_claimed_job,
    a_job,
    a_job_id,
    a_result,
    a_task_of_each_kind,
    an_image,
    an_image_id,
    an_order,
    an_owner,
)
from spike_contracts.jobs import store
from spike_core.domain.identifiers import BatchId
from spike_core.domain.jobs import PendingJob
from spike_core.domain.tasks import Creation
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transactions

LATER: Final = NOON + timedelta(minutes=3, microseconds=7)


class JobQueriesContract:
    """Laws every JobLists adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_an_images_jobs_come_oldest_first(self, transactions: Transactions) -> None:
        image, other = an_image(), an_image()
        late, early, twin = a_job(image=image, now=LATER), a_job(image=image), a_job(image=image)
        with transactions.begin() as tx:
            store(tx, late, early, twin, a_job(image=other))
        with transactions.view() as tx:
            assert list(tx.jobs.of_image(image.id)) == [early, twin, late]
            assert list(tx.jobs.of_image(an_image_id())) == []

    def test_an_images_jobs_come_in_pages_newest_first(self, transactions: Transactions) -> None:
        """Several have the same age. Those of other images stay out."""
        image, other = an_image(), an_image()
        ages = [NOON, NOON, LATER, NOON, LATER + timedelta(microseconds=1)]
        jobs = [a_job(image=image, now=age) for age in ages]
        with transactions.begin() as tx:
            store(tx, *jobs, a_job(image=other, now=LATER))
        newest_first = sorted(jobs, key=lambda job: job.spec.cursor, reverse=True)
        pages, before = [], None
        with transactions.view() as tx:
            while page := tx.jobs.newest_of_image(image.id, before=before, limit=2):
                pages.append(list(page))
                before = page[-1].spec.cursor
            assert [tx.jobs.count_of_image(id_) for id_ in (image.id, other.id, an_image_id())] == [5, 1, 0]
            assert list(tx.jobs.newest_of_image(an_image_id(), limit=2)) == []
        assert pages == [newest_first[:2], newest_first[2:4], newest_first[4:]]

    def test_the_newest_result_of_each_image_is_found(self, transactions: Transactions) -> None:
        """One image has results of two tiers and an open job, one has no result, and one isn't asked for."""
        images = [an_image() for _ in range(4)]
        orders = [(0, Tier.TIER_1K), (0, Tier.TIER_2K), (1, Tier.TIER_1K), (1, Tier.TIER_1K), (3, Tier.TIER_1K)]
        done = []
        for number, (place, tier) in enumerate(orders):
            claimed = a_claimed_job(image=images[place], tier=tier, now=NOON + number * timedelta(seconds=1))
            done.append(claimed.complete(a_result(claimed), now=LATER))
        with transactions.begin() as tx:
            store(tx, *done, a_job(image=images[0], now=LATER), a_job(image=images[2]))
        ids = [image.id for image in images[:3]]
        with transactions.view() as tx:
            newest = {job.id for job in tx.jobs.newest_results(ids)}
            at_1k = {job.id for job in tx.jobs.newest_results(ids, tier=Tier.TIER_1K)}
            assert not tx.jobs.newest_results([])
        assert newest == {done[1].id, done[3].id}
        assert at_1k == {done[0].id, done[3].id}

    def test_a_batchs_jobs_come_together_oldest_first(self, transactions: Transactions) -> None:
        """Those of other batches, and of none, stay out."""
        batch_id, another = BatchId.of(a_body()), BatchId.of(a_body())
        ages = [LATER - number * timedelta(microseconds=1) for number in range(3)]
        jobs = [PendingJob(spec=evolve(an_order(now=age), batch_id=batch_id)) for age in ages]
        others = [a_job(), PendingJob(spec=evolve(an_order(), batch_id=another))]
        with transactions.begin() as tx:
            store(tx, *jobs, *others)
        with transactions.view() as tx:
            assert list(tx.jobs.of_batch(batch_id)) == jobs[::-1]
            assert list(tx.jobs.of_batch(BatchId.of(a_body()))) == []

    def test_an_owners_creations_come_newest_first_page_by_page(self, transactions: Transactions) -> None:
        """Generations and modifications; enhancements and blends, and other owners' jobs, are left out."""
        owner = an_owner()
        jobs = []
        for number in range(3):
            for task in a_task_of_each_kind(a_job_id()):
                created_at = NOON + number * timedelta(microseconds=1)  # several have the same instant
                jobs.append(PendingJob(spec=evolve(an_order(), owner_id=owner, task=task, created_at=created_at)))
        foreign = [PendingJob(spec=evolve(an_order(), task=task)) for task in a_task_of_each_kind(a_job_id())]
        with transactions.begin() as tx:
            store(tx, *jobs, *foreign)
        creations = [job for job in jobs if isinstance(job.spec.task, Creation)]
        newest_first = sorted(creations, key=lambda job: job.spec.cursor, reverse=True)
        pages, before = [], None
        with transactions.view() as tx:
            while page := tx.jobs.generations(owner, before=before, limit=5):
                pages.append(len(page))
                assert list(page) == newest_first[sum(pages[:-1]) : sum(pages)]
                before = page[-1].spec.cursor
        assert pages == [5, 5, 2]

    def test_the_open_jobs_of_images_are_counted_by_image(self, transactions: Transactions) -> None:
        one, other, at_rest = (an_image() for _ in range(3))
        ended = a_job(image=at_rest).cancel(now=LATER)
        with transactions.begin() as tx:
            tx.images.add(one, other, at_rest)
            tx.jobs.add([a_job(image=one), a_job(image=one), a_job(image=other)])
            store(tx, ended)
        with transactions.view() as tx:
            assert dict(tx.jobs.count_open([one.id, at_rest.id])) == {one.id: 2}
            assert not tx.jobs.count_open([])
