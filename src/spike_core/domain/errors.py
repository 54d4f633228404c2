"""The exception hierarchy: every error that Spike raises on purpose.

Each class has typed fields and one stable `code`; base classes exist where a caller would catch the family. One table
maps errors to HTTP responses, in `spike_http`.
"""

from typing import ClassVar

from attrs import field, frozen


@frozen
class SpikeError(Exception):
    """The base class of every error that Spike raises on purpose."""

    code: ClassVar[str] = "spike_error"

    def __str__(self) -> str:
        """Return a message for people."""
        return type(self).__doc__ or type(self).__name__


@frozen
class InvalidInput(SpikeError):
    """The input is invalid; the same request will fail again."""

    code: ClassVar[str] = "invalid_input"


@frozen
class InvalidValue(InvalidInput):
    """A value violates the rule of its type."""

    code: ClassVar[str] = "invalid_value"
    what: str
    rule: str

    def __str__(self) -> str:
        """Name the value and the rule that it violates."""
        return f"{self.what} {self.rule}"


@frozen
class InvalidIdentifier(InvalidInput):
    """The text isn't an identifier of the expected kind."""

    code: ClassVar[str] = "invalid_identifier"
    kind: str
    text: str = field(repr=False)

    def __str__(self) -> str:
        """Name the kind. The text comes from the caller and isn't repeated."""
        return f"not a valid {self.kind}"


@frozen
class InvalidFileName(InvalidInput):
    """A file name has path parts, a leading dot, control characters, or is empty or too long."""

    code: ClassVar[str] = "invalid_file_name"


@frozen
class UnacceptablePicture(InvalidInput):
    """The file isn't a picture that Spike accepts."""

    code: ClassVar[str] = "unacceptable_picture"


@frozen
class EmptyFile(UnacceptablePicture):
    """The file is empty."""

    code: ClassVar[str] = "empty_file"


@frozen
class FileTooLarge(UnacceptablePicture):
    """The file exceeds the upload limit."""

    code: ClassVar[str] = "file_too_large"
    size_bytes_max: int


@frozen
class SourceTooLarge(UnacceptablePicture):
    """A picture inside a request body, or fetched from a URL, exceeds its size limit."""

    code: ClassVar[str] = "source_too_large"


@frozen
class UnknownPictureFormat(UnacceptablePicture):
    """The file's content is in none of the accepted formats, whatever its name."""

    code: ClassVar[str] = "unknown_picture_format"


@frozen
class UndecodablePicture(UnacceptablePicture):
    """The header is valid but the rest can't be decoded: the file is truncated or corrupt."""

    code: ClassVar[str] = "undecodable_picture"


@frozen
class UnsupportedPicture(UnacceptablePicture):
    """The file is intact, but in a format or variant that Spike doesn't read."""

    code: ClassVar[str] = "unsupported_picture"
    name: str  # of the format or kind, as in "Camera RAW (DNG)"; begins a sentence
    advice: str  # what to do instead, as in "Export it as JPEG"

    def __str__(self) -> str:
        """Name what isn't supported and what to do instead."""
        return f"{self.name} is not supported. {self.advice}."


@frozen
class MultiplePages(UnacceptablePicture):
    """The file has several full pages; taking only the first would drop the others silently."""

    code: ClassVar[str] = "multiple_pages"
    pages: int


@frozen
class AnimatedPicture(UnacceptablePicture):
    """The picture has more than one frame; taking only the first would drop the others silently."""

    code: ClassVar[str] = "animated_picture"


@frozen
class TooManyPixels(UnacceptablePicture):
    """The header declares more pixels than Spike decodes."""

    code: ClassVar[str] = "too_many_pixels"
    pixels: int
    pixels_max: int


@frozen
class ContainsLocation(InvalidInput):
    """The picture's metadata contain its location, which must not become public."""

    code: ClassVar[str] = "contains_location"


@frozen
class UnsafeAddress(InvalidInput):
    """The URL isn't on the public web, or redirects to one that isn't."""

    code: ClassVar[str] = "unsafe_address"


@frozen
class DownloadFailed(InvalidInput):
    """The URL couldn't be fetched: no response, no response in time, or no file in it."""

    code: ClassVar[str] = "download_failed"


@frozen
class PromptRefused(InvalidInput):
    """The generator refuses this prompt for good."""

    code: ClassVar[str] = "prompt_refused"


@frozen
class IdempotencyKeyReused(InvalidInput):
    """The idempotency key was used with a different request before."""

    code: ClassVar[str] = "idempotency_key_reused"


@frozen
class TooManyRequests(SpikeError):
    """The caller has exceeded the rate limit."""

    code: ClassVar[str] = "too_many_requests"
    retry_after_s: int


@frozen
class TooManyJobs(SpikeError):
    """The owner, or the image, has too many open jobs; some must end first."""

    code: ClassVar[str] = "too_many_jobs"
    limit: int
    retry_after_s: int


@frozen
class QuotaExceeded(SpikeError):
    """The owner would have too many images or stored bytes."""

    code: ClassVar[str] = "quota_exceeded"
    resource: str  # images, or stored bytes
    used: int  # before the request
    limit: int


@frozen
class Unauthenticated(SpikeError):
    """There are no credentials, or they are unknown, expired or revoked."""

    code: ClassVar[str] = "unauthenticated"


@frozen
class Forbidden(SpikeError):
    """The resource exists and belongs to another user."""

    code: ClassVar[str] = "forbidden"


@frozen
class SessionRequired(Forbidden):
    """An API key can't do this; a session can."""

    code: ClassVar[str] = "session_required"


@frozen
class InsufficientScope(Forbidden):
    """The API key lacks the scope that the request requires."""

    code: ClassVar[str] = "insufficient_scope"
    scope: str


@frozen
class UntrustedHost(Forbidden):
    """The request names a host that isn't known to be the service's own."""

    code: ClassVar[str] = "untrusted_host"


@frozen
class InvalidLink(SpikeError):
    """The signed URL has expired or its signature is wrong."""

    code: ClassVar[str] = "invalid_link"


@frozen
class NotFound(SpikeError):
    """The resource doesn't exist."""

    code: ClassVar[str] = "not_found"


@frozen
class ImageNotFound(NotFound):
    """No image has this id."""

    code: ClassVar[str] = "image_not_found"


@frozen
class JobNotFound(NotFound):
    """No job has this id, or it belongs to another user."""

    code: ClassVar[str] = "job_not_found"


@frozen
class BatchNotFound(NotFound):
    """No batch has this id, or it belongs to another user."""

    code: ClassVar[str] = "batch_not_found"


@frozen
class AlbumNotFound(NotFound):
    """No album has this id."""

    code: ClassVar[str] = "album_not_found"


@frozen
class UserNotFound(NotFound):
    """No user has this id or address."""

    code: ClassVar[str] = "user_not_found"


@frozen
class ApiKeyNotFound(NotFound):
    """No API key has this id, or it belongs to another user."""

    code: ClassVar[str] = "api_key_not_found"


@frozen
class IdempotencyRecordNotFound(NotFound):
    """No request with this idempotency key is recorded."""

    code: ClassVar[str] = "idempotency_record_not_found"


@frozen
class TierNotFound(NotFound):
    """A job's tier isn't on offer any more, and an older release didn't store its size with the job."""

    code: ClassVar[str] = "tier_not_found"
    tier: str

    def __str__(self) -> str:
        """Name the tier."""
        return f"the tier {self.tier} is no longer on offer"


@frozen
class WalletNotFound(NotFound):
    """The owner has no wallet; `Wallets.open` opens one."""

    code: ClassVar[str] = "wallet_not_found"


@frozen
class EntryNotFound(NotFound):
    """The owner's ledger has no entry with this reference."""

    code: ClassVar[str] = "entry_not_found"


@frozen
class ObjectNotFound(NotFound):
    """The blob store has no object with this key."""

    code: ClassVar[str] = "object_not_found"


@frozen
class Conflict(SpikeError):
    """The request conflicts with the resource's state."""

    code: ClassVar[str] = "conflict"


@frozen
class IllegalTransition(Conflict):
    """The job's state doesn't allow this transition."""

    code: ClassVar[str] = "illegal_transition"
    source: str
    target: str

    def __str__(self) -> str:
        """Name both states."""
        return f"a {self.source} job can't become {self.target}"


@frozen
class JobChanged(Conflict):
    """The job was changed concurrently: the compare-and-set found another state or attempt."""

    code: ClassVar[str] = "job_changed"


@frozen
class WorkAbandoned(Conflict):
    """The result is no longer needed: the job was cancelled, or another worker has claimed it."""

    code: ClassVar[str] = "work_abandoned"


@frozen
class NothingToClaim(Conflict):
    """The job is settled, leased to another worker, or deleted: the message is a duplicate."""

    code: ClassVar[str] = "nothing_to_claim"


@frozen
class RequestInProgress(Conflict):
    """A request with this idempotency key is still in progress."""

    code: ClassVar[str] = "request_in_progress"


@frozen
class EmailTaken(Conflict):
    """A user with this e-mail address already exists."""

    code: ClassVar[str] = "email_taken"


@frozen
class TooManyApiKeys(Conflict):
    """The user has the maximum number of active API keys; one must be revoked first."""

    code: ClassVar[str] = "too_many_api_keys"
    keys_max: int


@frozen
class DuplicateEntry(Conflict):
    """The ledger already has an entry for this charge, refund or reference."""

    code: ClassVar[str] = "duplicate_entry"


@frozen
class ReferenceReused(Conflict):
    """The reference names a credit or a debit of the same owner with another kind or amount; nothing changed."""

    code: ClassVar[str] = "reference_reused"
    reference: str

    def __str__(self) -> str:
        """Name the reference."""
        return f"the reference {self.reference} was used for another kind or amount"


@frozen
class DuplicateIdempotencyRecord(Conflict):
    """A request with this idempotency key is already recorded."""

    code: ClassVar[str] = "duplicate_idempotency_record"


@frozen
class AlbumFull(Conflict):
    """The album would exceed its maximum number of images."""

    code: ClassVar[str] = "album_full"
    images_max: int


@frozen
class TooManyAlbums(Conflict):
    """The owner has the maximum number of albums."""

    code: ClassVar[str] = "too_many_albums"
    albums_max: int


@frozen
class InvariantViolated(SpikeError):
    """A rule about money or stored data would be violated; nothing is stored. It is a bug of the caller."""

    code: ClassVar[str] = "invariant_violated"
    rule: str

    def __str__(self) -> str:
        """Return the rule."""
        return f"violated: {self.rule}"


@frozen
class StaleWrite(SpikeError):
    """The row to change is missing or has changed since it was read; nothing is stored."""

    code: ClassVar[str] = "stale_write"
    what: str

    def __str__(self) -> str:
        """Name the row's kind."""
        return f"the {self.what} has changed since it was read, or is gone"


@frozen
class NotEnoughTokens(SpikeError):
    """The wallet's balance is below the price."""

    code: ClassVar[str] = "not_enough_tokens"
    required: int
    balance: int


@frozen
class ApiKeyLimitReached(SpikeError):
    """The charge would exceed the monthly limit of the API key."""

    code: ClassVar[str] = "api_key_limit_reached"
    required: int
    used: int
    limit: int


@frozen
class Unavailable(SpikeError):
    """A dependency is unavailable; the same request may succeed later."""

    code: ClassVar[str] = "unavailable"


@frozen
class DatabaseUnavailable(Unavailable):
    """The database can't be reached, is locked for too long, or is out of space."""

    code: ClassVar[str] = "database_unavailable"


@frozen
class TransactionUndone(DatabaseUnavailable):
    """The database rolled the transaction back in favor of another; a retry may succeed at once."""

    code: ClassVar[str] = "transaction_undone"


@frozen
class SharedTransactionUndone(DatabaseUnavailable):
    """The database rolled back a transaction that the app began, or a part of it, in favor of another."""

    # no use case retries it: the app rolls back, and may run its whole transaction again
    code: ClassVar[str] = "shared_transaction_undone"


@frozen
class UnsuitableDatabase(DatabaseUnavailable):
    """The database holds others' tables by Spike's names, or a connection isn't set up as Spike needs it."""

    code: ClassVar[str] = "unsuitable_database"
    problem: str
    remedy: str

    def __str__(self) -> str:
        """Name the problem and the remedy."""
        return f"{self.problem}; {self.remedy}"


@frozen
class DatabaseDamaged(DatabaseUnavailable):
    """The database's file or a table is damaged and can't be read any further."""

    code: ClassVar[str] = "database_damaged"
    detail: str = field(default="", repr=False)  # what the database says, for operators


@frozen
class SchemaTooNew(DatabaseUnavailable):
    """The database schema is newer than this release."""

    code: ClassVar[str] = "schema_too_new"
    stored: str
    known: str

    def __str__(self) -> str:
        """Name both revisions and the remedy."""
        return (
            f"its schema is at revision {self.stored}, newer than {self.known}, the last that this release knows; "
            "run the newer release, or restore the backup that was made before its first start"
        )


@frozen
class StorageUnavailable(Unavailable):
    """The blob store can't be read or written."""

    code: ClassVar[str] = "storage_unavailable"


@frozen
class StorageRefused(StorageUnavailable):
    """The blob store rejects the request because of a wrong setting; a retry won't help."""

    code: ClassVar[str] = "storage_refused"
    reason: str  # for operators, not for clients


@frozen
class StorageFull(Unavailable):
    """The blob store has too little free space to accept anything new."""

    code: ClassVar[str] = "storage_full"
    retry_after_s: int


@frozen
class QueueUnavailable(Unavailable):
    """The worker queue didn't accept the message."""

    code: ClassVar[str] = "queue_unavailable"


@frozen
class UpscalerUnavailable(Unavailable):
    """The enhancement engine is unavailable; another attempt may succeed."""

    code: ClassVar[str] = "upscaler_unavailable"


@frozen
class WorkKilled(UpscalerUnavailable):
    """The work on a picture was killed: it exceeded its time or memory limit, or crashed its process."""

    code: ClassVar[str] = "work_killed"
    reason: str

    def __str__(self) -> str:
        """Say what ended it."""
        return f"The work on the picture was cut short: {self.reason}"


@frozen
class GeneratorUnavailable(Unavailable):
    """The picture generator is unavailable."""

    code: ClassVar[str] = "generator_unavailable"


@frozen
class LimiterUnavailable(Unavailable):
    """The rate limiter is unavailable."""

    code: ClassVar[str] = "limiter_unavailable"


@frozen
class PricesUnavailable(Unavailable):
    """The price list can't say the price."""

    code: ClassVar[str] = "prices_unavailable"


@frozen
class UploadExpired(Unavailable):
    """The upload took so long that its object may have been collected as an orphan; it must be repeated."""

    code: ClassVar[str] = "upload_expired"


@frozen
class InvalidResult(SpikeError):
    """An engine's result failed the check before delivery; another attempt may succeed."""

    code: ClassVar[str] = "invalid_result"
    reason: str

    def __str__(self) -> str:
        """Say what was wrong with the result."""
        return f"the enhanced picture failed its check: {self.reason}"


@frozen
class UnusableResult(SpikeError):
    """A result is unusable, and no further attempt would succeed."""

    code: ClassVar[str] = "unusable_result"
    reason: str

    def __str__(self) -> str:
        """Say what was wrong with the result."""
        return f"the enhanced picture is unusable: {self.reason}"
