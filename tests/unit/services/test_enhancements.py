import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from faults import FaultyTransactions, database_fails, pass_by
from services import Services
from spike_contracts.builders import an_image_id
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import DatabaseUnavailable, Forbidden, ImageNotFound, NotEnoughTokens
from spike_core.domain.identifiers import BODY_LENGTH, ImageId, OwnerId, RequestId
from spike_core.domain.jobs import CompletedJob, FailedJob, JobStatus, PendingJob, RefundedJob, StartedJob
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.ports.ids import AnyId
from spike_memory import MemoryTransactions
from spike_memory.engine import a_picture


class DescendingIds:
    """Draws z9…, z8… and so on: each id is lower than the one before."""

    def __init__(self) -> None:
        self._left = 10**6

    def new(self, kind: type[AnyId]) -> AnyId:
        self._left -= 1
        return kind.of("z" + str(self._left).zfill(BODY_LENGTH - 1))


def free_image(services: Services, owner: OwnerId, *, content: bytes | None = None) -> ImageId:
    """Upload an image at no cost and without a job."""
    return services.upload(owner, content=content, album_id=services.album(owner, auto_enhance=False).id).image.id


@pytest.mark.parametrize("tier", SPECIFIED.tiers)
def test_the_life_of_a_job_from_the_order_to_the_picture(services: Services, tier: Tier) -> None:
    owner = services.owner(tokens=10)
    image_id = free_image(services, owner, content=a_picture(Dimensions(width_px=400, height_px=300)))
    accepted = services.jobs.enhancements.enhance(owner, image_id=image_id, tier=tier)
    assert isinstance(accepted.job, PendingJob)
    assert accepted.balance == Tokens(10) - SPECIFIED[tier].price
    assert isinstance(services.job(accepted.job.id), StartedJob)
    assert services.work() == 1
    done = services.job(accepted.job.id)
    assert isinstance(done, CompletedJob)
    assert done.attempt == 1
    assert done.result.dimensions == SPECIFIED[tier].output_size(Dimensions(width_px=400, height_px=300))
    content = services.read(done.result.key)
    assert content == a_picture(done.result.dimensions)
    assert done.result.size_bytes == len(content)
    assert services.balance(owner) == 10 - SPECIFIED[tier].price.amount
    assert services.inventory().messages == frozenset()
    assert services.findings() == []


def test_an_image_may_have_many_jobs_each_charged_by_itself(services: Services) -> None:
    owner = services.owner(tokens=20)
    image_id = free_image(services, owner)
    for tier in SPECIFIED.tiers:
        services.jobs.enhancements.enhance(owner, image_id=image_id, tier=tier)
    assert services.balance(owner) == 20 - 0 - 2 - 5 - 10
    assert services.work() == 4
    assert [job.spec.tier for job in services.queries.image(image_id, viewer=owner).jobs] == SPECIFIED.tiers
    assert services.findings() == []


def test_the_job_remembers_the_request_that_asked(services: Services) -> None:
    owner, request_id = services.owner(), RequestId.of("r" * 24)
    image_id = free_image(services, owner)
    services.jobs.enhancements.enhance(owner, image_id=image_id, tier=Tier.FREE, request_id=request_id)
    (job,) = services.inventory().jobs.values()
    assert job.spec.request_id == request_id


def test_a_free_job_costs_nothing_and_writes_no_ledger_entry(services: Services) -> None:
    owner = services.owner(tokens=0)
    services.jobs.enhancements.enhance(owner, image_id=free_image(services, owner), tier=Tier.FREE)
    services.work()
    assert services.story(owner) == []
    assert services.findings() == []


def test_a_free_job_that_fails_is_failed_and_a_paid_one_refunded(services: Services) -> None:
    owner = services.owner(tokens=10)
    image_id = free_image(services, owner)
    with services.transactions.view() as tx:
        original = tx.images.get(image_id).original
    tiers = [Tier.FREE, Tier.TIER_1K, Tier.TIER_2K]
    jobs = [services.jobs.enhancements.enhance(owner, image_id=image_id, tier=tier).job for tier in tiers]
    services.blobs.delete([original])
    services.work()
    assert [type(services.job(job.id)) for job in jobs] == [FailedJob, RefundedJob, RefundedJob]
    assert services.balance(owner) == 10


def test_an_unknown_image_is_refused_and_nothing_happens(services: Services) -> None:
    owner = services.owner()
    before = services.inventory()
    with pytest.raises(ImageNotFound):
        services.jobs.enhancements.enhance(owner, image_id=an_image_id(), tier=Tier.TIER_1K)
    services.check_nothing_but_time_passed(before)


@pytest.mark.parametrize("privacy", ["private", "public"])
def test_somebody_elses_image_is_refused_and_nothing_happens(services: Services, privacy: str) -> None:
    """Also a public one, which others may only view."""
    owner, stranger = services.owner(), services.owner("eve@example.org")
    image = services.publish(owner) if privacy == "public" else services.upload(owner).image
    before = services.inventory()
    with pytest.raises(Forbidden):
        services.jobs.enhancements.enhance(stranger, image_id=image.id, tier=Tier.TIER_1K)
    services.check_nothing_but_time_passed(before)


@pytest.mark.parametrize(("tokens", "tier"), [(1, Tier.TIER_1K), (3, Tier.TIER_2K), (9, Tier.TIER_4K)])
def test_too_few_tokens_are_refused_and_nothing_happens(services: Services, tokens: int, tier: Tier) -> None:
    owner = services.owner(tokens=tokens)
    image_id = free_image(services, owner)
    before = services.inventory()
    with pytest.raises(NotEnoughTokens) as refusal:
        services.jobs.enhancements.enhance(owner, image_id=image_id, tier=tier)
    assert (refusal.value.required, refusal.value.balance) == (SPECIFIED[tier].price.amount, tokens)
    services.check_nothing_but_time_passed(before)


def test_of_many_orders_at_once_as_many_are_accepted_as_the_balance_covers(services: Services) -> None:
    """I6."""
    owner = services.owner(tokens=11)
    image_id = free_image(services, owner)
    begin = threading.Barrier(4)

    def order_five() -> int:
        begin.wait()
        accepted = 0
        for _ in range(5):
            with contextlib.suppress(NotEnoughTokens):
                services.jobs.enhancements.enhance(owner, image_id=image_id, tier=Tier.TIER_1K)
                accepted += 1
        return accepted

    with ThreadPoolExecutor(max_workers=4) as threads:
        orders = [threads.submit(order_five) for _ in range(4)]
    assert sum(spec.result() for spec in orders) == len(services.inventory().jobs) == 5
    assert services.balance(owner) == 1
    assert services.findings() == []


@pytest.mark.parametrize("moment", ["before_begin", "before_commit"])
def test_a_database_that_fails_before_the_commit_changes_nothing(moment: str) -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    image_id = services.upload(owner).image.id
    before = services.inventory()
    getattr(transactions, moment).append(database_fails)
    with pytest.raises(DatabaseUnavailable):
        services.jobs.enhancements.enhance(owner, image_id=image_id, tier=Tier.TIER_4K)
    services.check_nothing_but_time_passed(before)


def test_a_database_that_fails_behind_the_commit_does_not_fail_the_request() -> None:
    """The job is charged and will be done: after an error, the client would pay for another."""
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    image_id = services.upload(owner).image.id
    transactions.before_begin.extend([pass_by, database_fails])
    job = services.jobs.enhancements.enhance(owner, image_id=image_id, tier=Tier.TIER_4K).job
    services.come_to_rest()
    assert services.job(job.id).status is JobStatus.COMPLETED
    assert services.findings() == []


def test_jobs_that_are_accepted_together_come_in_the_order_asked() -> None:
    """Whatever their ids: here later ones are lower."""
    services = Services.build(ids=DescendingIds())
    owner = services.owner()
    image_id = free_image(services, owner)
    tiers = [Tier.TIER_2K, Tier.FREE, Tier.TIER_1K]
    services.jobs.enhancements.enhance_in_parallel(owner, image_id=image_id, tiers=tiers)
    assert [job.spec.tier for job in services.queries.image(image_id, viewer=owner).jobs] == tiers


def test_a_batch_is_shown_in_the_order_asked() -> None:
    services = Services.build(ids=DescendingIds())
    owner = services.owner()
    album = services.album(owner, auto_enhance=False)
    images = [services.upload(owner, album_id=album.id).image.id for _ in range(4)]
    asked = [images[2], images[0], images[3], images[1]]
    batch = services.jobs.enhancements.enhance_batch(owner, image_ids=asked, tier=Tier.TIER_1K)
    assert [shown.job.spec.image_id for shown in services.queries.batch(batch.id, viewer=owner)] == asked
