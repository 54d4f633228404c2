"""The error tree: every way in which Spike says no.

Each class is a noun phrase with typed fields and one stable `code`; the families are those that a caller would
catch. What an error becomes over HTTP is decided in one table, `spike_http.errors`.
"""

from typing import ClassVar

from attrs import field, frozen


@frozen
class SpikeError(Exception):
    """The root of every error that Spike raises on purpose."""

    code: ClassVar[str] = "spike_error"

    def __str__(self) -> str:
        """Return the sentence that a person should read."""
        return type(self).__doc__ or type(self).__name__


@frozen
class InvalidInput(SpikeError):
    """What was given can't be accepted; the same request will be refused again."""

    code: ClassVar[str] = "invalid_input"


@frozen
class InvalidValue(InvalidInput):
    """A value breaks its type's rule."""

    code: ClassVar[str] = "invalid_value"
    what: str
    rule: str

    def __str__(self) -> str:
        """Name the value and the rule that it breaks."""
        return f"{self.what} {self.rule}"


@frozen
class InvalidIdentifier(InvalidInput):
    """A text isn't an identifier of the wanted kind."""

    code: ClassVar[str] = "invalid_identifier"
    kind: str
    text: str = field(repr=False)

    def __str__(self) -> str:
        """Name the kind; the text itself is the caller's and isn't repeated."""
        return f"not a valid {self.kind}"


@frozen
class InvalidFileName(InvalidInput):
    """A file name has path parts, a leading dot, control characters, or is empty or too long."""

    code: ClassVar[str] = "invalid_file_name"


@frozen
class UnacceptablePicture(InvalidInput):
    """The bytes aren't a picture that Spike takes."""

    code: ClassVar[str] = "unacceptable_picture"


@frozen
class EmptyFile(UnacceptablePicture):
    """The file has no bytes."""

    code: ClassVar[str] = "empty_file"


@frozen
class FileTooLarge(UnacceptablePicture):
    """The file has more bytes than may be uploaded."""

    code: ClassVar[str] = "file_too_large"
    size_bytes_max: int


@frozen
class SourceTooLarge(UnacceptablePicture):
    """A picture that came inside a request, or from an address, has more bytes than it may have."""

    code: ClassVar[str] = "source_too_large"


@frozen
class UnknownPictureFormat(UnacceptablePicture):
    """The bytes are in none of the allowed picture formats, whatever the name says."""

    code: ClassVar[str] = "unknown_picture_format"


@frozen
class UndecodablePicture(UnacceptablePicture):
    """The header is a picture's, the rest can't be decoded: truncated or corrupt."""

    code: ClassVar[str] = "undecodable_picture"


@frozen
class UnsupportedPicture(UnacceptablePicture):
    """The file is intact, but of a format, or a kind of one, that Spike doesn't read."""

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
    """The header announces more pixels than Spike decodes."""

    code: ClassVar[str] = "too_many_pixels"
    pixels: int
    pixels_max: int


@frozen
class ContainsLocation(InvalidInput):
    """The picture's metadata tell where it was taken, which mustn't become public."""

    code: ClassVar[str] = "contains_location"


@frozen
class UnsafeAddress(InvalidInput):
    """The address isn't one of the public web, or leads to one that isn't."""

    code: ClassVar[str] = "unsafe_address"


@frozen
class DownloadFailed(InvalidInput):
    """What is at the address couldn't be fetched: it doesn't answer, not in time, or not with a file."""

    code: ClassVar[str] = "download_failed"


@frozen
class PromptRefused(InvalidInput):
    """The generator won't make a picture from these words, however often it is asked."""

    code: ClassVar[str] = "prompt_refused"


@frozen
class IdempotencyKeyReused(InvalidInput):
    """The idempotency key came with another request before."""

    code: ClassVar[str] = "idempotency_key_reused"


@frozen
class TooManyRequests(SpikeError):
    """The caller has used up what a window allows."""

    code: ClassVar[str] = "too_many_requests"
    retry_after_s: int


@frozen
class Unauthenticated(SpikeError):
    """No credential, or one that is unknown, expired or revoked."""

    code: ClassVar[str] = "unauthenticated"


@frozen
class Forbidden(SpikeError):
    """The thing exists and belongs to somebody else."""

    code: ClassVar[str] = "forbidden"


@frozen
class InvalidLink(SpikeError):
    """The link to this object has expired or was never given out."""

    code: ClassVar[str] = "invalid_link"


@frozen
class NotFound(SpikeError):
    """The thing doesn't exist."""

    code: ClassVar[str] = "not_found"


@frozen
class ImageNotFound(NotFound):
    """No image has this id."""

    code: ClassVar[str] = "image_not_found"


@frozen
class JobNotFound(NotFound):
    """No job has this id, or it is somebody else's."""

    code: ClassVar[str] = "job_not_found"


@frozen
class BatchNotFound(NotFound):
    """No batch has this id, or it is somebody else's."""

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
    """No API key has this id, or it is somebody else's."""

    code: ClassVar[str] = "api_key_not_found"


@frozen
class IdempotencyRecordNotFound(NotFound):
    """No request with this idempotency key has had an effect."""

    code: ClassVar[str] = "idempotency_record_not_found"


@frozen
class WalletNotFound(NotFound):
    """The owner has never been granted a token."""

    code: ClassVar[str] = "wallet_not_found"


@frozen
class ObjectNotFound(NotFound):
    """The blob store holds nothing under this key."""

    code: ClassVar[str] = "object_not_found"


@frozen
class Conflict(SpikeError):
    """The state of the thing doesn't allow the request."""

    code: ClassVar[str] = "conflict"


@frozen
class IllegalTransition(Conflict):
    """A job in its present state can't make this move."""

    code: ClassVar[str] = "illegal_transition"
    source: str
    target: str

    def __str__(self) -> str:
        """Name both ends of the refused move."""
        return f"a {self.source} job can't become {self.target}"


@frozen
class JobChanged(Conflict):
    """Somebody else moved the job first: a compare-and-set found another state or attempt."""

    code: ClassVar[str] = "job_changed"


@frozen
class WorkAbandoned(Conflict):
    """Nobody waits for this picture any more: its job was cancelled, or another worker has it."""

    code: ClassVar[str] = "work_abandoned"


@frozen
class NothingToClaim(Conflict):
    """The job is at rest, is held by a live worker, or is gone: this delivery is a duplicate."""

    code: ClassVar[str] = "nothing_to_claim"


@frozen
class RequestInProgress(Conflict):
    """A request with this idempotency key hasn't been answered yet."""

    code: ClassVar[str] = "request_in_progress"


@frozen
class EmailTaken(Conflict):
    """A user with this address exists already."""

    code: ClassVar[str] = "email_taken"


@frozen
class TooManyApiKeys(Conflict):
    """The user has as many active API keys as one may have: revoke one first."""

    code: ClassVar[str] = "too_many_api_keys"
    keys_max: int


@frozen
class DuplicateEntry(Conflict):
    """A ledger entry for this charge or refund exists already: money moves once."""

    code: ClassVar[str] = "duplicate_entry"


@frozen
class DuplicateIdempotencyRecord(Conflict):
    """A request with this idempotency key has had its effect already."""

    code: ClassVar[str] = "duplicate_idempotency_record"


@frozen
class AlbumFull(Conflict):
    """The album would hold more images than an album may."""

    code: ClassVar[str] = "album_full"
    images_max: int


@frozen
class TooManyAlbums(Conflict):
    """The owner has as many albums as an owner may."""

    code: ClassVar[str] = "too_many_albums"
    albums_max: int


@frozen
class NotEnoughTokens(SpikeError):
    """The wallet holds less than the price."""

    code: ClassVar[str] = "not_enough_tokens"
    required: int
    balance: int


@frozen
class Unavailable(SpikeError):
    """A part that Spike stands on doesn't answer; the same request may succeed later."""

    code: ClassVar[str] = "unavailable"


@frozen
class DatabaseUnavailable(Unavailable):
    """The database can't be reached, is locked for too long, or is out of space."""

    code: ClassVar[str] = "database_unavailable"


@frozen
class TransactionUndone(DatabaseUnavailable):
    """The database undid the transaction in favor of another one; the same again may succeed at once."""

    code: ClassVar[str] = "transaction_undone"


@frozen
class SchemaTooNew(DatabaseUnavailable):
    """A newer release has changed the database's schema; this one doesn't know it."""

    code: ClassVar[str] = "schema_too_new"
    stored: str
    known: str

    def __str__(self) -> str:
        """Say what to do, too."""
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
    """The blob store refuses what it is asked: a setting is wrong, and no repetition mends it."""

    code: ClassVar[str] = "storage_refused"
    reason: str  # for whoever runs the service, not for clients


@frozen
class QueueUnavailable(Unavailable):
    """The worker queue took no message."""

    code: ClassVar[str] = "queue_unavailable"


@frozen
class UpscalerUnavailable(Unavailable):
    """The enhancement engine can't work now; another attempt may succeed."""

    code: ClassVar[str] = "upscaler_unavailable"


@frozen
class WorkKilled(UpscalerUnavailable):
    """The work on a picture was ended: it took more time or memory than one may, or brought down what worked on it."""

    code: ClassVar[str] = "work_killed"
    reason: str

    def __str__(self) -> str:
        """Say what ended it."""
        return f"The work on the picture was cut short: {self.reason}"


@frozen
class GeneratorUnavailable(Unavailable):
    """The picture generator can't work now."""

    code: ClassVar[str] = "generator_unavailable"


@frozen
class LimiterUnavailable(Unavailable):
    """Requests can't be counted now."""

    code: ClassVar[str] = "limiter_unavailable"


@frozen
class UploadExpired(Unavailable):
    """The upload took so long that its object may be collected as an orphan: start again."""

    code: ClassVar[str] = "upload_expired"


@frozen
class InvalidResult(SpikeError):
    """What an engine made failed the check before a job counts as done; another attempt may do better."""

    code: ClassVar[str] = "invalid_result"
    reason: str

    def __str__(self) -> str:
        """Say what was wrong with the result."""
        return f"the enhanced picture failed its check: {self.reason}"


@frozen
class UnusableResult(SpikeError):
    """A result can't be used, and no further attempt would end otherwise."""

    code: ClassVar[str] = "unusable_result"
    reason: str

    def __str__(self) -> str:
        """Say what was wrong with the result."""
        return f"the enhanced picture is unusable: {self.reason}"
