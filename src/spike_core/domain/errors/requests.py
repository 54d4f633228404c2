"""Errors of requests as such: how many there are, and their idempotency keys."""

from typing import ClassVar

from attrs import frozen

from spike_core.domain.errors.families import Conflict, InvalidInput, NotFound, SpikeError, Unavailable


@frozen
class TooManyRequests(SpikeError):
    """The caller has exceeded the rate limit."""

    code: ClassVar[str] = "too_many_requests"
    retry_after_s: int


@frozen
class QuotaExceeded(SpikeError):
    """The owner would have too many images or stored bytes."""

    code: ClassVar[str] = "quota_exceeded"
    resource: str  # images, or stored bytes
    used: int  # before the request
    limit: int


@frozen
class DownloadTooLarge(InvalidInput):
    """A download of several pictures would exceed a limit."""

    code: ClassVar[str] = "download_too_large"
    what: str  # images, or bytes
    wanted: int
    limit: int


@frozen
class IdempotencyKeyReused(InvalidInput):
    """The idempotency key was used with a different request before."""

    code: ClassVar[str] = "idempotency_key_reused"


@frozen
class RequestInProgress(Conflict):
    """A request with this idempotency key is still in progress."""

    code: ClassVar[str] = "request_in_progress"


@frozen
class IdempotencyRecordNotFound(NotFound):
    """No request with this idempotency key is recorded."""

    code: ClassVar[str] = "idempotency_record_not_found"


@frozen
class DuplicateIdempotencyRecord(Conflict):
    """A request with this idempotency key is already recorded."""

    code: ClassVar[str] = "duplicate_idempotency_record"


@frozen
class LimiterUnavailable(Unavailable):
    """The rate limiter is unavailable."""

    code: ClassVar[str] = "limiter_unavailable"
