"""The laws of `Renditions`: the repository."""

from datetime import timedelta
from typing import Final

from attrs import evolve

from spike_contracts.builders import NOON, a_body, a_claimed_job, a_job, a_result, an_image
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.objects import ContentDigest, ObjectKey
from spike_core.domain.renditions import RENDITION_ATTEMPTS_MAX, MissingRenditions, Pictured, Rendition, Renditions
from spike_core.ports.transactions import Transactions

LATER: Final = NOON + timedelta(minutes=1)


def renditions_of(of: Pictured, *, has_preview: bool = True) -> Renditions:
    """Return renditions with keys of their own."""
    body = a_body()
    thumbnail = Rendition(
        key=ObjectKey.of_thumbnail(of, body=body), digest=ContentDigest(size_bytes=10, sha256=bytes(range(32)))
    )
    preview = Rendition(
        key=ObjectKey.of_preview(of, body=body), digest=ContentDigest(size_bytes=20, sha256=bytes(range(1, 33)))
    )
    return Renditions(thumbnail=thumbnail, preview=preview if has_preview else thumbnail, thumbhash=bytes(range(21)))


def card_of(job_id: JobId) -> Rendition:
    """Return a card with a key of its own."""
    return Rendition(
        key=ObjectKey.of_card(job_id, body=a_body()), digest=ContentDigest(size_bytes=30, sha256=bytes(range(2, 34)))
    )


def _stored_image(transactions: Transactions, *, minutes: int = 0) -> Image:
    image = an_image(now=NOON - timedelta(minutes=minutes))
    with transactions.begin() as tx:
        tx.images.add(image)
    return image


def _completed_job(transactions: Transactions, image: Image) -> CompletedJob:
    pending = a_job(image=image)
    claimed = a_claimed_job(image=image)
    claimed = evolve(claimed, spec=pending.spec)
    completed = claimed.complete(a_result(claimed), now=image.created_at)
    with transactions.begin() as tx:
        tx.jobs.add([pending])
        tx.jobs.replace(pending, by=claimed)
        tx.jobs.replace(claimed, by=completed)
    return completed


class RenditionsContract:
    """Laws every Renditions adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_renditions_are_read_with_their_image_and_their_result(self, transactions: Transactions) -> None:
        image, small = _stored_image(transactions), _stored_image(transactions)
        job = _completed_job(transactions, image)
        of_image, of_job = renditions_of(image.id), renditions_of(job.id)
        of_small = renditions_of(small.id, has_preview=False)
        with transactions.begin() as tx:
            assert tx.renditions.put(image.id, of_image)
            assert tx.renditions.put(small.id, of_small)
            assert tx.renditions.put(job.id, of_job)
        with transactions.view() as tx:
            assert tx.images.get(image.id) == evolve(image, renditions=of_image)
            assert tx.images.get(small.id) == evolve(small, renditions=of_small)
            assert tx.jobs.get(job.id) == evolve(job, result=evolve(job.result, renditions=of_job))
            assert list(tx.images.of_owner(image.owner_id, limit=10)) == [evolve(image, renditions=of_image)]

    def test_the_first_renditions_of_a_picture_stay(self, transactions: Transactions) -> None:
        image = _stored_image(transactions)
        job = _completed_job(transactions, image)
        for of in (image.id, job.id):
            first = renditions_of(of)
            with transactions.begin() as tx:
                assert tx.renditions.put(of, first)
            with transactions.begin() as tx:
                assert not tx.renditions.put(of, renditions_of(of))
            with transactions.view() as tx:
                stored = tx.images.get(of).renditions if isinstance(of, ImageId) else _of_job(tx.jobs.get(of))
            assert stored == first

    def test_renditions_are_removed_if_they_are_the_stored_ones(self, transactions: Transactions) -> None:
        image = _stored_image(transactions)
        job = _completed_job(transactions, image)
        for of in (image.id, job.id):
            first, second = renditions_of(of), renditions_of(of)
            with transactions.begin() as tx:
                assert not tx.renditions.remove(of, first)
                assert tx.renditions.put(of, first)
                assert not tx.renditions.remove(of, second)
                assert tx.renditions.remove(of, first)
                assert not tx.renditions.remove(of, first)
            with transactions.view() as tx:
                assert tx.images.get(image.id) == image
                assert tx.jobs.get(job.id) == job
                assert of in [each.of for each in tx.renditions.missing(before=LATER, limit=10)]
            with transactions.begin() as tx:
                assert tx.renditions.put(of, second)
                assert tx.renditions.remove(of, second)

    def test_a_result_with_renditions_gets_one_card_which_is_read_and_removed_with_them(
        self, transactions: Transactions
    ) -> None:
        image = _stored_image(transactions)
        job = _completed_job(transactions, image)
        first, second = (card_of(job.id) for _ in range(2))
        with transactions.begin() as tx:
            assert not tx.renditions.put_card(job.id, first)
            assert tx.renditions.put(job.id, renditions := renditions_of(job.id))
            assert tx.renditions.put_card(job.id, first)
            assert not tx.renditions.put_card(job.id, second)
        with transactions.view() as tx:
            assert _of_job(tx.jobs.get(job.id)) == evolve(renditions, card=first)
        with transactions.begin() as tx:
            assert tx.renditions.remove(job.id, renditions), "it was read before the card was stored"
            assert tx.renditions.put(job.id, renditions := renditions_of(job.id))
        with transactions.view() as tx:
            assert _of_job(tx.jobs.get(job.id)) == renditions
        with transactions.begin() as tx:
            tx.images.begin_deletion(image.id, now=LATER)
        with transactions.begin() as tx:
            assert not tx.renditions.put_card(job.id, second)

    def test_what_is_gone_or_has_no_result_gets_none(self, transactions: Transactions) -> None:
        image, hidden = _stored_image(transactions), _stored_image(transactions)
        of_hidden, pending = _completed_job(transactions, hidden), a_job(image=image)
        with transactions.begin() as tx:
            tx.jobs.add([pending])
            tx.images.begin_deletion(hidden.id, now=LATER)
        with transactions.begin() as tx:
            for of in (an_image().id, a_job().id, hidden.id, of_hidden.id, pending.id):
                assert not tx.renditions.put(of, renditions_of(of))
        with transactions.view() as tx:
            assert tx.images.get_deleting(hidden.id).renditions is None
            assert tx.jobs.get(of_hidden.id) == of_hidden

    def test_the_newest_pictures_without_renditions_are_found_first(self, transactions: Transactions) -> None:
        old, middle, new = (_stored_image(transactions, minutes=minutes) for minutes in (9, 5, 1))
        older, newer = (_completed_job(transactions, image) for image in (old, new))
        with transactions.begin() as tx:
            tx.renditions.put(middle.id, renditions_of(middle.id))
        with transactions.view() as tx:
            found = tx.renditions.missing(before=LATER, limit=10)
            assert [each.of for each in found] == [new.id, old.id, newer.id, older.id]
            assert [each.of for each in tx.renditions.missing(before=LATER, limit=1)] == [new.id, newer.id]
            assert [each.of for each in tx.renditions.missing(before=new.created_at, limit=9)] == [old.id, older.id]

    def test_neither_hidden_images_nor_jobs_without_a_result_miss_any(self, transactions: Transactions) -> None:
        hidden, image = _stored_image(transactions), _stored_image(transactions)
        with transactions.begin() as tx:
            tx.jobs.add([a_job(image=image)])
            tx.images.begin_deletion(hidden.id, now=LATER)
        with transactions.view() as tx:
            assert [each.of for each in tx.renditions.missing(before=LATER, limit=10)] == [image.id]

    def test_what_was_tried_too_often_isnt_found(self, transactions: Transactions) -> None:
        image = _stored_image(transactions)
        job = _completed_job(transactions, image)
        for attempts in range(1, RENDITION_ATTEMPTS_MAX):
            with transactions.begin() as tx:
                tx.renditions.set_attempts(image.id, attempts)
                tx.renditions.set_attempts(job.id, attempts)
                tx.renditions.set_attempts(an_image().id, attempts)
            with transactions.view() as tx:
                assert tx.renditions.missing(before=LATER, limit=9) == [
                    MissingRenditions(of=image.id, attempts=attempts),
                    MissingRenditions(of=job.id, attempts=attempts),
                ]
            with transactions.view() as tx:
                assert tx.renditions.attempts(image.id) == tx.renditions.attempts(job.id) == attempts
                assert tx.renditions.attempts(an_image().id) == 0
        with transactions.begin() as tx:
            tx.renditions.set_attempts(image.id, RENDITION_ATTEMPTS_MAX)
            tx.renditions.set_attempts(job.id, RENDITION_ATTEMPTS_MAX)
        with transactions.view() as tx:
            assert tx.renditions.missing(before=LATER, limit=9) == []


def _of_job(job: object) -> Renditions | None:
    assert isinstance(job, CompletedJob)
    return job.result.renditions
