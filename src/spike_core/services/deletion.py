"""Removal: an image, its jobs and all their objects."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from spike_core.domain.errors import Forbidden, ImageNotFound
from spike_core.domain.identifiers import ANONYMOUS, ImageId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.jobs import SettledJob
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import BlobStore
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.billing import Billing
from spike_core.services.object_references import named_by
from spike_core.services.retries import retry_on_conflict

DELETIONS_BATCH: Final = 50

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class Deletion:
    """Removes images in three steps, each of which can be repeated: hide, delete the objects, forget the rows.

    Hiding cancels and refunds the jobs that haven't ended. Who dies between two steps, or can't delete an object,
    leaves a hidden image behind; the next attempt, or the sweeper, finishes the work.
    """

    transactions: Transactions
    blobs: BlobStore
    clock: Clock
    billing: Billing

    @retry_on_conflict
    def remove(self, owner_id: OwnerId, image_id: ImageId) -> None:
        """Remove the owner's image.

        Raises:
            ImageNotFound: there is none, or it is gone altogether.
            Forbidden: it is somebody else's.
            StorageUnavailable: an object may be left; the rows stay, and another attempt finishes the work.
        """
        with self.transactions.begin() as tx:
            now = self.clock.now()
            if tx.removals.get(image_id).owner_id != owner_id:
                raise Forbidden
            self._cancel_jobs(tx, owner_id, image_id, now=now)
            tx.removals.begin(image_id, now=now)
        self._finish(owner_id, image_id)

    def finish_pending(self) -> int:
        """Finish removals that were begun, a batch after the other, and return how many.

        Raises:
            Unavailable: the database or the store doesn't answer; a later sweep goes on.
        """
        finished = 0
        while hidden := self._pending():
            for image in hidden:
                with suppress(ImageNotFound):  # whoever asked for its removal has finished it
                    self._finish(image.owner_id, image.id)
            finished += len(hidden)
        return finished

    def expire_anonymous(self, *, retention: timedelta) -> int:
        """Remove anonymous images that are older than `retention`, a batch after the other, and return how many.

        Raises:
            Unavailable: the database or the store doesn't answer; a later sweep goes on.
        """
        created_before, removed = self.clock.now() - retention, 0
        while old := self._expired(created_before=created_before):
            for image in old:
                with suppress(ImageNotFound):  # another process is at it, too
                    self.remove(ANONYMOUS, image.id)
            removed += len(old)
        if removed:
            _log.info("%d anonymous images have expired", removed)
        return removed

    def _pending(self) -> Sequence[Image]:
        with self.transactions.view() as tx:
            return tx.removals.pending(limit=DELETIONS_BATCH)

    def _expired(self, *, created_before: datetime) -> Sequence[Image]:
        with self.transactions.view() as tx:
            return tx.removals.expired(ANONYMOUS, created_before=created_before, limit=DELETIONS_BATCH)

    def _finish(self, owner_id: OwnerId, image_id: ImageId) -> None:
        self.blobs.delete(self._objects(image_id))
        with self.transactions.begin() as tx:
            # a request that had read the image before it was hidden may have added a job since
            self._cancel_jobs(tx, owner_id, image_id, now=self.clock.now())
            tx.removals.finish(image_id)

    def _objects(self, image_id: ImageId) -> Sequence[ObjectKey]:
        with self.transactions.view() as tx:
            image = tx.removals.get(image_id)
            return [*image.objects, *(key for job in tx.job_lists.of_image(image_id) for key in named_by(job))]

    def _cancel_jobs(self, tx: Transaction, owner_id: OwnerId, image_id: ImageId, *, now: datetime) -> None:
        """Cancel and refund the image's jobs that haven't ended. Wallets before jobs, everywhere."""
        unsettled = [job.id for job in tx.job_lists.of_image(image_id) if not isinstance(job, SettledJob)]
        if not unsettled:
            return
        if owner_id != ANONYMOUS:
            tx.wallets.lock(owner_id)
        for job in tx.jobs.find(unsettled).values():  # as they stand now, and will until they are cancelled
            if isinstance(job, SettledJob):
                continue
            if job.spec.charged:
                self.billing.refund(tx, job.spec, reason="Refund: the image was deleted", now=now)
            tx.jobs.replace(job, by=job.cancel(now=now))
            tx.outbox.remove([job.id])
