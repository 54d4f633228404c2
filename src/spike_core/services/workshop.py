"""The workshop: what a worker does with one job, from the claim to the end."""

import io
import logging
from typing import Final

from attrs import define, frozen

from spike_core.domain.errors import (
    JobChanged,
    NotFound,
    SpikeError,
    UnacceptablePicture,
    Unavailable,
    UnusableResult,
)
from spike_core.domain.identifiers import JobId
from spike_core.domain.images import Image
from spike_core.domain.jobs import ClaimedJob, Result
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blobs import BlobStore
from spike_core.ports.probe import ImageProbe
from spike_core.ports.pulse import Pulse
from spike_core.ports.transactions import Transactions
from spike_core.ports.upscaler import EnhancedPicture, Upscaler
from spike_core.services.settlement import Settlement

INTERNAL_TROUBLE: Final = "The enhancement failed"

_log: Final = logging.getLogger(__name__)


@define
class _Progress:
    percent: int = 0


@frozen(kw_only=True)
class Workshop:
    """Enhances pictures. Delivering a message twice, or a worker's death at any point, loses and doubles nothing."""

    transactions: Transactions
    blobs: BlobStore
    probe: ImageProbe
    upscaler: Upscaler
    settlement: Settlement
    pulse: Pulse

    def perform(self, job_id: JobId) -> None:
        """Do the job, if it is there to be claimed, and settle it.

        Raises:
            NothingToClaim: the message was a duplicate; nothing was done.
            DatabaseUnavailable: the outcome couldn't be stored; the lease will run out and the job be tried again.
        """
        self.carry_out(self.settlement.claim(job_id))

    def carry_out(self, job: ClaimedJob) -> None:
        """Do a job that was claimed, and settle it.

        Raises:
            DatabaseUnavailable: as in `perform`.
        """
        progress = _Progress()

        def beat() -> None:
            self.settlement.renew(job, progress=progress.percent)

        with self.pulse.during(beat):
            try:
                result = self._enhance(job, progress)
            except (UnacceptablePicture, UnusableResult, NotFound) as error:
                self._give_up(job, error)
                return
            except Exception as error:  # noqa: BLE001  # whatever it is, a job must not hang
                self._try_again(job, error)
                return
            self._deliver(job, result)

    def _enhance(self, job: ClaimedJob, progress: _Progress) -> Result:
        with self.transactions.view() as tx:
            image = tx.images.get(job.order.image_id)
        progress.percent = 5
        with self.blobs.open(image.original) as original:
            picture = self.upscaler.enhance(original, size=job.order.tier.output_size(image.dimensions))
        progress.percent = 80
        self._check(picture, job, image)
        progress.percent = 90
        key = ObjectKey.of_result(job.id, picture.format, attempt=job.attempt)
        self.blobs.put(key, io.BytesIO(picture.content))
        return Result(key=key, format=picture.format, dimensions=picture.dimensions, size_bytes=len(picture.content))

    def _check(self, picture: EnhancedPicture, job: ClaimedJob, image: Image) -> None:
        """Check the output before anybody pays for it: it decodes, has the right size and isn't blank.

        Raises:
            UnusableResult: it isn't what was ordered.
        """
        try:
            facts = self.probe.inspect(io.BytesIO(picture.content))
        except UnacceptablePicture as error:
            raise UnusableResult(str(error)) from error
        wanted = job.order.tier.output_size(image.dimensions)
        if facts.dimensions != wanted:
            raise UnusableResult(f"it is {facts.dimensions}, not {wanted}")
        if facts.format is not picture.format or facts.dimensions != picture.dimensions:
            raise UnusableResult("it isn't what the engine says it is")
        if facts.is_blank:
            with self.blobs.open(image.original) as original:
                original_is_blank = self.probe.inspect(original).is_blank
            if not original_is_blank:
                raise UnusableResult("it is blank")

    def _deliver(self, job: ClaimedJob, result: Result) -> None:
        try:
            self.settlement.complete(job, result)
        except JobChanged:
            _log.info("job %s was taken over or cancelled; its result is dropped", job.id)
            self._drop(result)

    def _drop(self, result: Result) -> None:
        try:
            self.blobs.delete([result.key])
        except Unavailable:
            _log.warning("object %s is left to the sweeper", result.key)

    def _give_up(self, job: ClaimedJob, error: SpikeError) -> None:
        _log.warning("job %s can't be done: %s", job.id, error)
        try:
            self.settlement.fail(job, str(error))
        except JobChanged:
            _log.info("job %s was taken over or cancelled", job.id)

    def _try_again(self, job: ClaimedJob, error: Exception) -> None:
        _log.warning("job %s met trouble in attempt %d", job.id, job.attempt, exc_info=error)
        reason = str(error) if isinstance(error, SpikeError) else INTERNAL_TROUBLE
        try:
            self.settlement.retry(job, reason)
        except JobChanged:
            _log.info("job %s was taken over or cancelled", job.id)
