"""The job runner: what a worker does with one job, from the claim to the end."""

import hashlib
import io
import logging
from collections.abc import Sequence
from enum import Enum
from typing import Final

from attrs import define, frozen

from spike_core.domain.errors import (
    JobChanged,
    NotFound,
    PromptRefused,
    SpikeError,
    UnacceptablePicture,
    Unavailable,
    UnusableResult,
    WorkAbandoned,
)
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import ClaimedJob, PendingJob, Result
from spike_core.domain.objects import ObjectKey
from spike_core.ports.background import Urgency
from spike_core.ports.blobs import BlobStore
from spike_core.ports.heartbeat import Heartbeat
from spike_core.services.job_transitions import JobTransitions
from spike_core.services.outbox_relay import OutboxRelay
from spike_core.services.rendering import Rendering
from spike_core.services.rendition_making import RenditionMaking

INTERNAL_TROUBLE: Final = "The enhancement failed"

_FETCHED: Final = 5  # percent of the work
_MADE: Final = 80
_CHECKED: Final = 90

_log: Final = logging.getLogger(__name__)


class JobOutcome(Enum):
    """The outcome of one attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"  # permanently, and refunded
    RETRIED = "retried"  # or failed, if it was the last attempt
    LOST = "lost"  # cancelled, or claimed by another worker


@define
class _Attempt:
    """An attempt's progress, in percent, whether its job is lost, and what its end makes room for.

    It monitors the engine.
    """

    percent: int = 0
    is_lost: bool = False
    due: Sequence[PendingJob] = ()

    def report(self, done: float) -> None:
        """Record the engine's progress; see the port."""
        if self.is_lost:
            raise WorkAbandoned
        self.percent = _FETCHED + int(min(1.0, done) * (_MADE - _FETCHED))


@frozen(kw_only=True)
class JobRunner:
    """Runs jobs. A duplicate message, or a crash at any point, loses and duplicates nothing."""

    blobs: BlobStore
    rendering: Rendering
    job_transitions: JobTransitions
    dispatch: OutboxRelay
    heartbeat: Heartbeat
    rendition_making: RenditionMaking

    def perform(self, job_id: JobId) -> None:
        """Claim and run the job.

        Raises:
            NothingToClaim: the message was a duplicate; nothing was done.
            DatabaseUnavailable: the outcome couldn't be stored; the lease will expire and the job be retried.
        """
        self.run(self.job_transitions.claim(job_id))

    def run(self, job: ClaimedJob) -> JobOutcome:
        """Run a claimed job to its outcome.

        The next heartbeat notices that the job was cancelled or claimed by another worker; the engine then stops at its
        next progress report.

        Raises:
            DatabaseUnavailable: as in `perform`.
        """
        attempt = _Attempt()

        def beat() -> None:
            try:
                self.job_transitions.renew(job, progress=attempt.percent)
            except JobChanged:
                attempt.is_lost = True
                raise

        with self.heartbeat.during(beat):
            try:
                result = self._make(job, attempt)
            except (UnacceptablePicture, PromptRefused, UnusableResult, NotFound) as error:
                outcome = self._give_up(job, error)
            except WorkAbandoned:
                _log.info("job %s was taken over or cancelled; its work is stopped", job.id)
                outcome = JobOutcome.LOST
            except Exception as error:  # noqa: BLE001  # an unexpected error must not leave the job unsettled
                outcome = self._try_again(job, error)
            else:
                outcome = self._deliver(job, result, attempt)
        self.dispatch.start(attempt.due)
        if outcome is JobOutcome.DELIVERED:
            self.rendition_making.soon([job.id], caller=job.spec.owner_id, urgency=Urgency.LATER)
        return outcome

    def _make(self, job: ClaimedJob, attempt: _Attempt) -> Result:
        render_spec = self.rendering.render_spec(job.spec)
        attempt.percent = _FETCHED
        picture = self.rendering.make(render_spec, monitor=attempt)
        attempt.percent = _MADE
        self.rendering.check(picture, render_spec)
        attempt.percent = _CHECKED
        key = ObjectKey.of_result(job.id, picture.format, attempt=job.attempt)
        self.blobs.put(key, io.BytesIO(picture.content))
        return Result(
            key=key,
            format=picture.format,
            dimensions=picture.dimensions,
            size_bytes=len(picture.content),
            sha256=hashlib.sha256(picture.content).digest(),
            method=picture.method,
        )

    def _deliver(self, job: ClaimedJob, result: Result, attempt: _Attempt) -> JobOutcome:
        try:
            attempt.due = self.job_transitions.complete(job, result).due
        except JobChanged:
            _log.info("job %s was taken over or cancelled; its result is discarded", job.id)
            self._drop(result)
            return JobOutcome.LOST
        return JobOutcome.DELIVERED

    def _drop(self, result: Result) -> None:
        try:
            self.blobs.delete([result.key])
        except Unavailable:
            _log.warning("object %s is left for orphan collection", result.key)

    def _give_up(self, job: ClaimedJob, error: SpikeError) -> JobOutcome:
        _log.warning("job %s failed for good: %s", job.id, error)
        try:
            self.job_transitions.fail(job, str(error))
        except JobChanged:
            _log.info("job %s was taken over or cancelled", job.id)
            return JobOutcome.LOST
        return JobOutcome.FAILED

    def _try_again(self, job: ClaimedJob, error: Exception) -> JobOutcome:
        _log.warning("attempt %d of job %s failed", job.attempt, job.id, exc_info=error)
        reason = str(error) if isinstance(error, SpikeError) else INTERNAL_TROUBLE
        try:
            self.job_transitions.retry(job, reason)
        except JobChanged:
            _log.info("job %s was taken over or cancelled", job.id)
            return JobOutcome.LOST
        return JobOutcome.RETRIED
