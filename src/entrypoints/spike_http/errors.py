"""The error table: the HTTP status, code and message of every error.

Codes and the shape of the JSON body are part of the API. A test walks the subclasses of `SpikeError` and asserts that
the table is total. `spike_http.error_handlers` turns its entries into responses.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Literal

import attrs
from attrs import frozen

from spike_core.domain import errors
from spike_core.domain.limits import MEBIBYTE
from spike_http.bulkhead import ServerBusy
from spike_http.requests.errors import (
    BatchTooLarge,
    BodyTooLarge,
    InvalidImageIds,
    MalformedBody,
    MissingFields,
    NoFile,
    RepeatedField,
    TooManyFiles,
    UnknownPricedTier,
    UnsupportedTransferEncoding,
)


@frozen(kw_only=True)
class ErrorMessage:
    """The texts for people. They may refer to the error's fields, as in `{required}`."""

    error: str
    title: str
    suggestion: str

    def body(self, *, code: str, request_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON body of an error response; `fields` are the error's."""
        return {
            "error": self.error.format(**fields),
            "title": self.title,
            "suggestion": self.suggestion.format(**fields),
            "code": code,
            "requestId": request_id,
        }


@frozen(kw_only=True)
class ErrorResponse:
    """What clients receive for an error."""

    status: HTTPStatus
    code: str
    message: ErrorMessage


def _response(status: HTTPStatus, code: str, error: str, title: str, suggestion: str) -> ErrorResponse:
    return ErrorResponse(
        status=status, code=code, message=ErrorMessage(error=error, title=title, suggestion=suggestion)
    )


def _bad_request(
    error: str, suggestion: str, *, title: str = "Bad Request", code: str = "INVALID_INPUT"
) -> ErrorResponse:
    return _response(HTTPStatus.BAD_REQUEST, code, error, title, suggestion)


def _invalid_input(suggestion: str) -> ErrorResponse:
    return _bad_request("Invalid input", suggestion)


def _invalid_file(error: str, suggestion: str) -> ErrorResponse:
    return _bad_request(error, suggestion, title="Invalid File")


def _too_large(error: str, suggestion: str, *, title: str = "Invalid File") -> ErrorResponse:
    return _bad_request(error, suggestion, title=title, code="FILE_TOO_LARGE")


def _forbidden(error: str, suggestion: str, *, code: str = "FORBIDDEN") -> ErrorResponse:
    return _response(HTTPStatus.FORBIDDEN, code, error, "Access Denied", suggestion)


def _conflict(error: str, suggestion: str, *, title: str = "Conflict") -> ErrorResponse:
    return _response(HTTPStatus.CONFLICT, "CONFLICT", error, title, suggestion)


_ANOTHER_FILE: Final = "Please upload a JPEG, PNG, WebP, GIF, AVIF, TIFF or HEIC image"
_TRY_LATER: Final = "Please try again later"

NOT_FOUND: Final = _response(
    HTTPStatus.NOT_FOUND, "NOT_FOUND", "Resource not found", "Not Found", "Please verify the resource ID"
)
INTERNAL_ERROR: Final = _response(
    HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something went wrong", "Server Error", _TRY_LATER
)
STORAGE_FULL: Final = _response(
    HTTPStatus.SERVICE_UNAVAILABLE, "STORAGE_FULL", "The server has no free space", "Server Full", _TRY_LATER
)
_WRONG_STATE: Final = _conflict(
    "The resource is not in a state that allows this", "Please check its current state and try again"
)

_BAD_REQUESTS: Final[Mapping[type[errors.SpikeError], ErrorResponse]] = {
    errors.InvalidInput: _invalid_input("Please check your request"),
    errors.InvalidValue: _invalid_input("Please check your request: {what} {rule}"),
    MissingFields: _invalid_input("{suggestion}"),
    MalformedBody: _invalid_input("Please send a well-formed body"),
    UnsupportedTransferEncoding: _invalid_input(
        "Please send each part of the form unencoded: Content-Transfer-Encoding must be 7bit, 8bit or binary"
    ),
    RepeatedField: _invalid_input("Please send the field {field} once"),
    BodyTooLarge: _too_large("Invalid input", "Please send a smaller body", title="Bad Request"),
    InvalidImageIds: _bad_request("Invalid image IDs", "Please send image IDs as the API returns them"),
    UnknownPricedTier: _bad_request("Invalid tier", "Please choose one of the tiers listed in pricing"),
    TooManyFiles: _bad_request("Maximum {files_max} files per batch", "Please upload fewer files at once"),
    BatchTooLarge: _too_large(
        "Batch exceeds maximum size of {batch_mb_max}MB",
        "Please upload fewer or smaller files at once",
        title="Bad Request",
    ),
    errors.UnsafeAddress: _bad_request(
        "The image URL is not allowed", "Please give the public http or https URL of an image"
    ),
    errors.UnsafeWebhookUrl: _bad_request(
        "The webhook URL is not allowed",
        "Please give an http or https URL of a public host, on port 80 or 443; the operator may allow other networks",
    ),
    errors.DownloadFailed: _bad_request(
        "The image URL could not be fetched", "Please check that the URL is publicly accessible"
    ),
    errors.DownloadTooLarge: _bad_request(
        "The download is too large", "Please download fewer images at a time: at most {limit} {what}"
    ),
    errors.PromptRefused: _bad_request("The prompt was refused", "Please describe another picture"),
}

_INVALID_FILES: Final[Mapping[type[errors.SpikeError], ErrorResponse]] = {
    NoFile: _invalid_file("No file provided", "{suggestion}"),
    errors.InvalidFileName: _invalid_file(
        "Invalid file name", "Please use a plain name of at most 255 characters, without a path or a leading dot"
    ),
    errors.UnacceptablePicture: _invalid_file("The file is not an acceptable image", _ANOTHER_FILE),
    errors.EmptyFile: _invalid_file("File is empty", "Please choose another file"),
    errors.FileTooLarge: _too_large(
        "File exceeds maximum size of {file_mb_max}MB", "Please upload a file smaller than {file_mb_max}MB"
    ),
    errors.SourceTooLarge: _too_large(
        "Image exceeds maximum size of {source_mb_max}MB", "Please compress or resize the image"
    ),
    errors.UnknownPictureFormat: _invalid_file("File is not a supported image", _ANOTHER_FILE),
    errors.UndecodablePicture: _invalid_file(
        "Image is damaged and cannot be read", "Please check the file, or export it again"
    ),
    errors.TooSlowToDecode: _invalid_file(
        "Image takes too long to decode", "Please upload it as JPEG or PNG, or a smaller image"
    ),
    errors.UnsupportedPicture: _invalid_file("{name} is not supported", "{advice}"),
    errors.MultiplePages: _invalid_file("File has {pages} pages", "Please upload each page as a file of its own"),
    errors.AnimatedPicture: _invalid_file("Animated images are not supported", "Please upload a single frame"),
    errors.TooManyPixels: _invalid_file(
        "Image exceeds maximum of {megapixels_max} megapixels", "Please upload a smaller image"
    ),
    errors.ContainsLocation: _invalid_file(
        "The image contains the location where it was taken", "Please upload it again, then publish the new image"
    ),
}

_CONFLICTS: Final[Mapping[type[errors.SpikeError], ErrorResponse]] = {
    **dict.fromkeys(
        (
            errors.Conflict,
            errors.IllegalTransition,
            errors.JobChanged,
            errors.WorkAbandoned,
            errors.NothingToClaim,
            errors.EmailTaken,
            errors.IdentityTaken,
            errors.DuplicateEntry,
            errors.ReferenceReused,
            errors.DuplicateIdempotencyRecord,
        ),
        _WRONG_STATE,
    ),
    errors.RequestInProgress: _conflict(
        "A request with this Idempotency-Key is still being processed",
        "Please try again in a moment, with the same key",
    ),
    errors.TooManyApiKeys: _conflict(
        "You already have {keys_max} active API keys",
        "Please revoke a key that you no longer need, then try again",
        title="Too Many API Keys",
    ),
    errors.TooManyWebhooks: _conflict(
        "You already have {webhooks_max} webhooks", "Please delete a webhook that you no longer need, then try again"
    ),
    errors.WebhookDisabled: _conflict("The webhook is disabled", "Please enable it first"),
    errors.AlbumFull: _conflict(
        "The album is full", "Please use another album: an album holds at most {images_max} images"
    ),
    errors.TooManyAlbums: _conflict(
        "You have too many albums", "Please remove an album first: you can have at most {albums_max}"
    ),
}

TABLE: Final[Mapping[type[errors.SpikeError], ErrorResponse]] = {
    **_BAD_REQUESTS,
    **_INVALID_FILES,
    **_CONFLICTS,
    errors.Unauthenticated: _response(
        HTTPStatus.UNAUTHORIZED,
        "UNAUTHORIZED",
        "You must be logged in to access this resource",
        "Authentication Required",
        "Please log in and try again",
    ),
    errors.NotEnoughTokens: _response(
        HTTPStatus.PAYMENT_REQUIRED,
        "INSUFFICIENT_TOKENS",
        "Insufficient tokens",
        "Payment Required",
        "Please add more tokens to continue.",
    ),
    errors.Forbidden: _forbidden(
        "You do not have permission to access this resource", "Please check that you own this resource"
    ),
    errors.SessionRequired: _forbidden(
        "An API key cannot do this",
        "Please sign in: an API key opens no session and creates no keys",
        code="SESSION_REQUIRED",
    ),
    errors.InsufficientScope: _forbidden(
        "The API key lacks the scope {scope}",
        "Please use an API key with the scope {scope}",
        code="INSUFFICIENT_SCOPE",
    ),
    errors.NoAccount: _forbidden(
        "You are signed in, but have no account here", "Please ask the service's operator for one", code="NO_ACCOUNT"
    ),
    errors.SignUpClosed: _forbidden(
        "You are signed in, but have no account here, and new ones can't be opened",
        "Please ask the service's operator for an account (spike users create); or to set SPIKE_SIGN_UP=open",
        code="SIGN_UP_CLOSED",
    ),
    errors.IdentityNotLinked: _forbidden(
        "You are signed in, but the account with your e-mail address isn't linked to this sign-in",
        "Please use the account's sign-in link, or ask the service's operator to set SPIKE_NEXTAUTH_LINK=email",
        code="IDENTITY_NOT_LINKED",
    ),
    errors.VerifiedEmailRequired: _forbidden(
        "You are signed in, but without a verified e-mail address, which an account needs",
        "Please sign in in a way that tells a verified e-mail address",
        code="VERIFIED_EMAIL_REQUIRED",
    ),
    errors.UntrustedHost: _forbidden(
        "The service does not know that it is reached by this host name",
        "Please set SPIKE_PUBLIC_URL to the URL that is open in the browser",
        code="UNTRUSTED_HOST",
    ),
    errors.ApiKeyLimitReached: _forbidden(
        "The API key has spent {used} of {limit} tokens this month; this costs {required}",
        "Please use another API key, or wait for the next month (UTC)",
        code="API_KEY_LIMIT_REACHED",
    ),
    errors.WalletNotFound: _forbidden(
        "Your account has no wallet", "Please ask the service's operator to open one", code="WALLET_NOT_FOUND"
    ),
    errors.InvalidLink: _forbidden(
        "This link has expired or is not valid", "Please fetch the image again to get a fresh link"
    ),
    **dict.fromkeys(
        (
            errors.InvalidIdentifier,  # no resource can have such an id
            errors.NotFound,
            errors.ImageNotFound,
            errors.JobNotFound,
            errors.BatchNotFound,
            errors.AlbumNotFound,
            errors.UserNotFound,
            errors.ApiKeyNotFound,
            errors.WebhookNotFound,
            errors.WebhookDeliveryNotFound,
            errors.IdempotencyRecordNotFound,
            errors.EntryNotFound,
            errors.TierNotFound,
            errors.ObjectNotFound,
        ),
        NOT_FOUND,
    ),
    errors.IdempotencyKeyReused: _response(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "IDEMPOTENCY_KEY_REUSED",
        "The Idempotency-Key was used with another request",
        "Idempotency Key Reused",
        "Please use a new key for a new request",
    ),
    errors.TooManyRequests: _response(
        HTTPStatus.TOO_MANY_REQUESTS,
        "RATE_LIMIT",
        "Too many requests",
        "Rate limit exceeded",
        "Please wait before trying again.",
    ),
    ServerBusy: _response(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "SERVER_BUSY",
        "The server is busy",
        "Service Unavailable",
        "Please try again in a moment",
    ),
    errors.TooManyJobs: _response(
        HTTPStatus.TOO_MANY_REQUESTS,
        "TOO_MANY_JOBS",
        "Too many open jobs",
        "Too Many Jobs",
        "Please wait until some have finished: at most {limit} may be open at a time",
    ),
    errors.QuotaExceeded: _response(
        HTTPStatus.FORBIDDEN,
        "QUOTA_EXCEEDED",
        "Storage quota exceeded",
        "Quota Exceeded",
        "Please delete images that you no longer need: you have {used} {resource}, and may have {limit}",
    ),
    errors.StorageFull: STORAGE_FULL,
    **dict.fromkeys(
        (
            errors.Unavailable,
            errors.DatabaseUnavailable,
            errors.DatabaseDamaged,
            errors.TransactionUndone,
            errors.SharedTransactionUndone,
            errors.UnsuitableDatabase,
            errors.SchemaTooNew,
            errors.StorageUnavailable,
            errors.StorageRefused,
            errors.QueueUnavailable,
            errors.UpscalerUnavailable,
            errors.WorkKilled,
            errors.GeneratorUnavailable,
            errors.LimiterUnavailable,
            errors.PricesUnavailable,
            errors.UploadExpired,
            errors.InvalidResult,
            errors.UnusableResult,
            errors.InvariantViolated,
            errors.StaleWrite,
        ),
        INTERNAL_ERROR,
    ),
}

# errors that Falcon raises: unknown routes, methods, media types
BY_STATUS: Final[Mapping[int, ErrorResponse]] = {
    400: TABLE[errors.InvalidInput],
    404: NOT_FOUND,
    405: _response(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "This resource does not support this method",
        "Method Not Allowed",
        "Please see the Allow header",
    ),
    416: _response(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        "INVALID_INPUT",
        "The file has no such range",
        "Range Not Satisfiable",
        "Please see the Content-Range header, or request the whole file",
    ),
    415: _response(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "The content type is not supported here",
        "Unsupported Media Type",
        "Please send multipart/form-data to uploads and application/json elsewhere",
    ),
}

# messages that the API specifies for some endpoints instead of the common ones
UPLOAD_MESSAGES: Final[Mapping[type[errors.SpikeError], ErrorMessage]] = {
    errors.NotEnoughTokens: ErrorMessage(
        error="You need {required} tokens to upload and enhance this image. You have {balance} tokens.",
        title="Payment Required",
        suggestion="You need {required} tokens to upload and enhance this image. You have {balance} tokens.",
    ),
    errors.StorageFull: STORAGE_FULL.message,
    errors.Unavailable: ErrorMessage(error="Upload processing failed", title="Server Error", suggestion=_TRY_LATER),
}
ANONYMOUS_UPLOAD_MESSAGES: Final[Mapping[type[errors.SpikeError], ErrorMessage]] = {
    **UPLOAD_MESSAGES,
    errors.QuotaExceeded: ErrorMessage(
        error="There is no room for more images without an account",
        title="Quota Exceeded",
        suggestion="Please sign in, or try again later: images without an account are deleted after a while",
    ),
}
BATCH_UPLOAD_MESSAGES: Final[Mapping[type[errors.SpikeError], ErrorMessage]] = {
    errors.Unavailable: UPLOAD_MESSAGES[errors.Unavailable],
    errors.StorageFull: STORAGE_FULL.message,
}
ENHANCE_MESSAGES: Final[Mapping[type[errors.SpikeError], ErrorMessage]] = {
    errors.NotEnoughTokens: ErrorMessage(
        error="Insufficient tokens", title="Payment required", suggestion="Please add more tokens to continue."
    ),
}
SIGN_IN_MESSAGES: Final[Mapping[type[errors.SpikeError], ErrorMessage]] = {
    errors.Forbidden: ErrorMessage(
        error="Sign-in links are not accepted here",
        title="Access Denied",
        suggestion="Please sign in where your account is: this service takes another program's word for it",
    ),
}

# the errors of operations that accept jobs, and of those that store pictures
JOB_BUDGET_ERRORS: Final = (errors.TooManyJobs, errors.StorageFull)
STORAGE_BUDGET_ERRORS: Final = (errors.QuotaExceeded, errors.StorageFull)
BUDGET_ERRORS: Final = (errors.TooManyJobs, errors.QuotaExceeded, errors.StorageFull)

FileErrorType = Literal["validation", "upload", "database", "unknown"]  # the API's names for the steps of an upload

# the errors of single files in a batch upload that succeeds otherwise
BATCH_FILE_ERRORS: Final[Mapping[type[errors.SpikeError], tuple[FileErrorType, str]]] = {
    errors.InvalidInput: ("validation", "{error}"),
    errors.StorageUnavailable: ("upload", "The file could not be stored"),
    errors.DatabaseUnavailable: ("database", "The file could not be recorded"),
    errors.UploadExpired: ("database", "The file could not be recorded"),
    errors.SpikeError: ("unknown", "Something went wrong"),
}


def file_error(error: errors.SpikeError) -> tuple[FileErrorType, str]:
    """Return the API's error type and message for one file of a batch upload."""
    kind = next(kind for kind in type(error).__mro__ if kind in BATCH_FILE_ERRORS)
    type_, text = BATCH_FILE_ERRORS[kind]
    return type_, text.format(error=TABLE[type(error)].message.error.format(**message_fields(error)))


def message_fields(error: errors.SpikeError) -> Mapping[str, Any]:
    """Return what messages may refer to: the error's fields, and limits in the units that people read."""
    fields: Mapping[str, Any] = attrs.asdict(error, recurse=False)
    match error:
        case errors.FileTooLarge():
            return {**fields, "file_mb_max": megabytes(error.size_bytes_max)}
        case errors.SourceTooLarge():
            return {**fields, "source_mb_max": megabytes(error.size_bytes_max)}
        case BatchTooLarge():
            return {**fields, "batch_mb_max": megabytes(error.size_bytes_max)}
        case errors.TooManyPixels():
            return {**fields, "megapixels_max": megapixels(error.pixels_max)}
        case _:
            return fields


def megabytes(size_bytes: int) -> str:
    """Return a size in MB of 2^20 bytes, as the API counts files."""
    return f"{size_bytes / MEBIBYTE:.6g}"


def megapixels(pixels: int) -> str:
    """Return a number of pixels in millions."""
    return f"{pixels / 1e6:.6g}"
