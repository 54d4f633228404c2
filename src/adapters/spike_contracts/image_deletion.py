"""The laws of `PendingDeletions`."""

from datetime import timedelta

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_job, an_album, an_album_image_id, an_image, an_image_id
from spike_contracts.jobs import store
from spike_core.domain.deletions import DueDeletion
from spike_core.domain.errors import ImageNotFound, JobNotFound
from spike_core.domain.identifiers import ANONYMOUS
from spike_core.domain.jobs import PendingJob
from spike_core.domain.outbox import OutboxMessage
from spike_core.ports.transactions import Transactions

SECOND = timedelta(seconds=1)


class ImageDeletionContract:
    """Laws every Removals adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_a_hidden_image_is_found_by_nobody_else(self, transactions: Transactions) -> None:
        image, other = an_image(), an_image()
        with transactions.begin() as tx:
            tx.images.add(image, other)
            tx.images.begin_deletion(image.id, now=NOON)
        with transactions.begin() as tx:
            with pytest.raises(ImageNotFound):
                tx.images.get(image.id)
            assert tx.images.find([image.id, other.id]) == {other.id: other}
            assert list(tx.images.of_owner(image.owner_id, limit=10)) == []
            assert list(tx.audit.images(limit=10)) == [other]
            tx.images.count_view(image.id)
            with pytest.raises(ImageNotFound):
                tx.images.change(evolve(image, description="x"))
            assert tx.images.get_deleting(image.id).description is None
            assert tx.images.get_deleting(other.id) == other
            with pytest.raises(ImageNotFound):
                tx.images.get_deleting(an_image_id())

    def test_a_hidden_image_leaves_albums_and_covers(self, transactions: Transactions) -> None:
        image, other = an_image(), an_image()
        album = evolve(an_album(owner_id=image.owner_id), cover_image_id=image.id)
        places = [(an_album_image_id(), each.id) for each in (other, image)]
        with transactions.begin() as tx:
            tx.images.add(image, other)
            tx.albums.add(album)
            tx.albums.append_images(album.id, places, now=NOON)
            tx.images.begin_deletion(image.id, now=NOON)
        with transactions.view() as tx:
            assert tx.albums.get(album.id).cover_image_id is None
            assert [place.image_id for place in tx.albums.images(album.id)] == [other.id]

    def test_pending_removals_come_in_order(self, transactions: Transactions) -> None:
        images = [an_image() for _ in range(3)]
        with transactions.begin() as tx:
            tx.images.add(*images)
            for number, image in enumerate(images):
                tx.images.begin_deletion(image.id, now=NOON - number * SECOND)
            tx.images.begin_deletion(images[0].id, now=NOON - 9 * SECOND)
        with transactions.view() as tx:
            assert list(tx.images.pending_deletions(limit=2)) == [images[2], images[1]]

    def test_a_postponed_deletion_is_due_again_at_its_time_with_its_failures(self, transactions: Transactions) -> None:
        """It gets behind all that haven't failed yet, so that however many fail delay none of them."""
        images = [an_image() for _ in range(3)]
        shown = an_image()
        with transactions.begin() as tx:
            tx.images.add(*images, shown)
            for image, seconds in zip(images, (0, 1, 20), strict=True):
                tx.images.begin_deletion(image.id, now=NOON + seconds * SECOND)
            for image in (images[0], shown, an_image()):
                tx.images.postpone_deletion(image.id, failures=3, until=NOON + 9 * SECOND)
        waiting, later = (DueDeletion(image=image) for image in images[1:])
        postponed = DueDeletion(image=images[0], failures=3)
        with transactions.view() as tx:
            assert list(tx.images.due_deletions(now=NOON, limit=9)) == []
            assert list(tx.images.due_deletions(now=NOON + 8 * SECOND, limit=9)) == [waiting]
            assert list(tx.images.due_deletions(now=NOON + 9 * SECOND, limit=9)) == [waiting, postponed]
            assert list(tx.images.due_deletions(now=NOON + 9 * SECOND, limit=1)) == [waiting]
            assert list(tx.images.due_deletions(now=NOON + 20 * SECOND, limit=2)) == [waiting, later]
            assert list(tx.images.due_deletions(now=NOON + 20 * SECOND, limit=9)) == [waiting, later, postponed]
            assert list(tx.images.pending_deletions(limit=9)) == [images[1], images[0], images[2]]
            assert tx.images.get(shown.id) == shown

    def test_finishing_forgets_the_image_its_jobs_and_their_messages(self, transactions: Transactions) -> None:
        image, other = an_image(), an_image()
        job, kept = a_job(image=image), a_job(image=other)
        with transactions.begin() as tx:
            tx.images.add(image, other)
            store(tx, job, kept)
            tx.outbox.put([OutboxMessage(job_id=each.id, due_at=NOON) for each in (job, kept)])
            tx.images.begin_deletion(image.id, now=NOON)
            assert list(tx.jobs.of_image(image.id)) == [job]
            tx.images.finish_deletion(image.id)
            tx.images.finish_deletion(image.id)
        with transactions.view() as tx:
            assert list(tx.images.pending_deletions(limit=9)) == []
            with pytest.raises(ImageNotFound):
                tx.images.get_deleting(image.id)
            with pytest.raises(JobNotFound):
                tx.jobs.get(job.id)
            assert [message.job_id for message in tx.outbox.due(now=NOON, limit=9)] == [kept.id]

    def test_a_job_may_still_come_for_a_hidden_image(self, transactions: Transactions) -> None:
        """It belongs to a request that read the image before it was hidden."""
        image = an_image()
        job = a_job(image=image)
        with transactions.begin() as tx:
            tx.images.add(image)
            tx.images.begin_deletion(image.id, now=NOON)
            tx.jobs.add([PendingJob(spec=job.spec)])
        with transactions.view() as tx:
            assert list(tx.jobs.of_image(image.id)) == [job]

    def test_old_images_of_an_owner_come_oldest_first(self, transactions: Transactions) -> None:
        images = [an_image(owner_id=ANONYMOUS, now=NOON + number * SECOND) for number in range(4)]
        with transactions.begin() as tx:
            tx.images.add(*reversed(images), an_image())
            tx.images.begin_deletion(images[0].id, now=NOON)
        with transactions.view() as tx:
            before = NOON + 3 * SECOND
            assert list(tx.images.expired(ANONYMOUS, created_before=before, limit=9)) == images[1:3]
            assert list(tx.images.expired(ANONYMOUS, created_before=before, limit=1)) == images[1:2]
