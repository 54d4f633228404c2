"""Deletion of images, with their jobs and all their objects."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from attrs import frozen

from spike_core.domain.album_order import distinct
from spike_core.domain.deletions import DueDeletion
from spike_core.domain.errors import Forbidden, ImageNotFound, StorageUnavailable
from spike_core.domain.identifiers import ANONYMOUS, ImageId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import SettledJob
from spike_core.domain.objects import ObjectKey
from spike_core.domain.wallet import Posting
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.billing import Billing
from spike_core.services.fair_scheduling import announce_held_back
from spike_core.services.object_references import named_by
from spike_core.services.transaction_retries import retry_on_conflict

DELETIONS_BATCH: Final = 50
RETRIES_MAX: Final = 200  # that fail in one run, each after requests to the store; the next run continues

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class RemovedImages:
    """What became of the images that were to be deleted; each is in one of the lists, in the given order."""

    deleted: Sequence[ImageId]
    missing: Sequence[ImageId]  # there were none
    hidden: Sequence[ImageId]  # gone for everyone, but an object is left, which `finish_pending` deletes


@frozen(kw_only=True)
class FinishedDeletions:
    """How many deletions a run has completed, and how many it has postponed as an object couldn't be deleted."""

    finished: int
    postponed: int


@frozen(kw_only=True)
class Deletion:
    """Deletes images in three repeatable steps: hide the image, delete its objects, delete its rows.

    Hiding cancels and refunds the jobs that haven't ended. If the process dies between two steps, or an object can't be
    deleted, a hidden image is left; the owner's next try or `finish_pending` completes its deletion.
    """

    transactions: Transactions
    blobs: BlobStore
    clock: Clock
    billing: Billing

    def remove_all(self, owner_id: OwnerId, image_ids: Sequence[ImageId]) -> RemovedImages:
        """Delete several of the owner's images, each step for all of them; repetitions are ignored.

        Their objects are deleted by one call of the store. If that fails, all are left hidden.

        Raises:
            Forbidden: one of them belongs to another owner; nothing was deleted.
            DatabaseUnavailable: some may be deleted or hidden; a repetition deletes the others.
        """
        ids = distinct(image_ids)
        with self.transactions.view() as tx:
            if any(image.owner_id != owner_id for image in tx.images.find(ids).values()):
                raise Forbidden
        missing: list[ImageId] = []
        hidden: list[ImageId] = []
        for image_id in ids:
            try:
                self._hide(owner_id, image_id)
            except (ImageNotFound, Forbidden):  # the latter if it is another owner's, who is deleting it
                missing.append(image_id)
            else:
                hidden.append(image_id)
        is_pending: list[StorageUnavailable] = []

        def finish() -> None:
            try:
                self._finish_hidden(owner_id, hidden)
            except StorageUnavailable as error:
                _log.warning("the objects of %d images aren't deleted yet: %s", len(hidden), error)
                is_pending.append(error)

        self.transactions.when_committed(finish)
        deleted, pending = ([], hidden) if is_pending else (hidden, [])
        return RemovedImages(deleted=deleted, missing=missing, hidden=pending)

    def remove(self, owner_id: OwnerId, image_id: ImageId) -> None:
        """Delete the owner's image.

        Raises:
            ImageNotFound: no image has this id, or it has been deleted completely.
            Forbidden: the image belongs to another owner.
            StorageUnavailable: an object may be left; the image is hidden, and a later call completes the deletion.
        """
        self._hide(owner_id, image_id)
        # objects can't be brought back if an app that shares its transaction rolls it back
        self.transactions.when_committed(partial(self._finish_hidden, owner_id, [image_id]))

    def finish_pending(self) -> FinishedDeletions:
        """Complete the deletion of hidden images, in batches.

        An image with an object that can't be deleted, although the store answers, delays no other: it is postponed, for
        longer each time. All that haven't been tried are tried first; when `RETRIES_MAX` of the others have failed
        again, the run ends with its batch.

        Raises:
            Unavailable: the database or the object store failed; the next run continues.
        """
        finished, retries, postponed = 0, 0, set[ImageId]()
        while retries < RETRIES_MAX:
            # an adapter of an earlier release doesn't postpone
            due = [deletion for deletion in self._due() if deletion.image.id not in postponed]
            if not due:
                break
            for deletion in due:
                if self._finish_due(deletion):
                    finished += 1
                else:
                    postponed.add(deletion.image.id)
                    retries += deletion.failures > 0
        return FinishedDeletions(finished=finished, postponed=len(postponed))

    def expire_anonymous(self, *, retention: timedelta) -> int:
        """Delete anonymous images that are older than `retention`, in batches, and return how many there were.

        Where an object can't be deleted, the image stays hidden, which `finish_pending` completes. Each image is tried
        once here, so there is no limit.

        Raises:
            Unavailable: the database or the object store failed; the next run continues.
        """
        created_before, removed = self.clock.now() - retention, 0
        while old := self._expired(created_before=created_before):
            for image in old:
                with suppress(ImageNotFound):  # another process has deleted it meanwhile
                    self._hide(ANONYMOUS, image.id)
                    self._finish_due(DueDeletion(image=image))
            removed += len(old)
        if removed:
            _log.info("%d anonymous images have expired", removed)
        return removed

    def _due(self) -> Sequence[DueDeletion]:
        with self.transactions.view() as tx:
            return tx.images.due_deletions(now=self.clock.now(), limit=DELETIONS_BATCH)

    def _expired(self, *, created_before: datetime) -> Sequence[Image]:
        with self.transactions.view() as tx:
            return tx.images.expired(ANONYMOUS, created_before=created_before, limit=DELETIONS_BATCH)

    @retry_on_conflict
    def _hide(self, owner_id: OwnerId, image_id: ImageId) -> None:
        with self.transactions.begin() as tx:
            now = self.clock.now()
            if tx.images.get_deleting(image_id).owner_id != owner_id:
                raise Forbidden
            self._cancel_jobs(tx, owner_id, image_id, now=now)
            tx.images.begin_deletion(image_id, now=now)

    def _finish_hidden(self, owner_id: OwnerId, image_ids: Sequence[ImageId]) -> None:
        """Complete deletions, except those whose first step an app has rolled back and says that it has committed."""
        with self.transactions.view() as tx:
            shown = tx.images.find(image_ids)
        self._finish(owner_id, [image_id for image_id in image_ids if image_id not in shown])

    def _finish_due(self, deletion: DueDeletion) -> bool:
        """Complete a deletion, or postpone it if its objects can't be deleted although the store answers.

        Return whether it was completed.

        Raises:
            Unavailable: the database or the object store is unavailable; the deletion is as due as it was.
        """
        image = deletion.image
        try:
            self._finish(image.owner_id, [image.id])
        except StorageUnavailable as error:
            self.blobs.find(image.objects)
            failures, until = deletion.failures + 1, self.clock.now() + deletion.pause
            _log.warning(
                "the objects of %s can't be deleted (%s), failed %d times; next attempt: %s",
                *(image.id, error, failures, until.isoformat(timespec="seconds")),
            )
            self._postpone(image.id, failures=failures, until=until)
            return False
        return True

    @retry_on_conflict
    def _postpone(self, image_id: ImageId, *, failures: int, until: datetime) -> None:
        with self.transactions.begin() as tx:
            tx.images.postpone_deletion(image_id, failures=failures, until=until)

    def _finish(self, owner_id: OwnerId, image_ids: Sequence[ImageId]) -> None:
        """Delete the objects of hidden images, and then the rows; others may complete some of them meanwhile."""
        objects = self._objects(image_ids)
        if objects:
            self.blobs.delete(objects)
        for image_id in image_ids:
            with suppress(ImageNotFound):
                self._delete_rows(owner_id, image_id)

    @retry_on_conflict
    def _delete_rows(self, owner_id: OwnerId, image_id: ImageId) -> None:
        with self.transactions.begin() as tx:
            now = self.clock.now()
            image = tx.images.get_deleting(image_id)
            # a request that read the image before it was hidden may have added a job
            self._cancel_jobs(tx, owner_id, image_id, now=now)
            posting = self.billing.lock(tx, owner_id, now=now)
            self.billing.forget(tx, posting, images=[image], jobs=tx.jobs.of_image(image_id))
            tx.images.finish_deletion(image_id)

    def _objects(self, image_ids: Sequence[ImageId]) -> Sequence[ObjectKey]:
        objects: list[ObjectKey] = []
        with self.transactions.view() as tx:
            for image_id in image_ids:
                with suppress(ImageNotFound):
                    objects += tx.images.get_deleting(image_id).objects
                    objects += (key for job in tx.jobs.of_image(image_id) for key in named_by(job))
        return objects

    def _cancel_jobs(self, tx: Transaction, owner_id: OwnerId, image_id: ImageId, *, now: datetime) -> None:
        """Cancel and refund the image's unfinished jobs; the wallet is locked before the jobs, as everywhere."""
        unsettled = [job.id for job in tx.jobs.of_image(image_id) if not isinstance(job, SettledJob)]
        if not unsettled:
            return
        posting = self.billing.lock(tx, owner_id, now=now)
        for job in tx.jobs.find(unsettled).values():  # read again, now locked
            if isinstance(job, SettledJob):
                continue
            cancelled = job.cancel(now=now)
            reason = "Refund: the image was deleted"
            posting = Posting(wallet=self.billing.settle(tx, posting, job, cancelled, reason=reason, now=now))
            tx.jobs.replace(job, by=cancelled)
            tx.outbox.remove([job.id])
        announce_held_back(tx, posting.wallet, limits=self.billing.limits, now=now)
