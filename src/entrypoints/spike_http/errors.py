"""The error table: what every error becomes over HTTP, in one place.

The shape and the codes are the API's; a test walks the error tree and asserts that the table is total.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, Literal

import attrs
import falcon
import structlog
from attrs import frozen

from spike_core.domain import errors
from spike_http.requests.albums import InvalidImageIds
from spike_http.requests.generations import PRICED_TIERS, UnknownPricedTier
from spike_http.requests.json_bodies import BodyTooLarge, MalformedBody, MissingFields
from spike_http.requests.multipart import UnsupportedTransferEncoding
from spike_http.requests.upload_forms import BatchTooLarge, NoFile, RepeatedField, TooManyFiles


@frozen(kw_only=True)
class Wording:
    """What a person reads. Texts may name the error's fields, as in `{required}`."""

    error: str
    title: str
    suggestion: str


@frozen(kw_only=True)
class Row:
    """One row of the table."""

    status: HTTPStatus
    code: str
    wording: Wording


def _row(status: HTTPStatus, code: str, error: str, title: str, suggestion: str) -> Row:
    return Row(status=status, code=code, wording=Wording(error=error, title=title, suggestion=suggestion))


def _bad(error: str, suggestion: str, *, title: str = "Bad Request", code: str = "INVALID_INPUT") -> Row:
    return _row(HTTPStatus.BAD_REQUEST, code, error, title, suggestion)


def _bad_file(error: str, suggestion: str, *, code: str = "INVALID_INPUT") -> Row:
    return _bad(error, suggestion, title="Invalid File", code=code)


_ANOTHER_FILE: Final = "Please upload a JPEG, PNG, WebP, GIF, AVIF, TIFF or HEIC image"
_TRY_LATER: Final = "Please try again later"
_UNAUTHORIZED: Final = _row(
    HTTPStatus.UNAUTHORIZED,
    "UNAUTHORIZED",
    "You must be logged in to access this resource",
    "Authentication Required",
    "Please log in and try again",
)
_FORBIDDEN: Final = _row(
    HTTPStatus.FORBIDDEN,
    "FORBIDDEN",
    "You do not have permission to access this resource",
    "Access Denied",
    "Please check that you own this resource",
)
_NOT_FOUND: Final = _row(
    HTTPStatus.NOT_FOUND, "NOT_FOUND", "Resource not found", "Not Found", "Please verify the resource ID"
)
_INTERNAL: Final = _row(
    HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something went wrong", "Server Error", _TRY_LATER
)
_CONFLICT: Final = _row(
    HTTPStatus.CONFLICT,
    "CONFLICT",
    "The resource is not in a state that allows this",
    "Conflict",
    "Please read its present state and try again",
)

TABLE: Final[Mapping[type[errors.SpikeError], Row]] = {
    errors.InvalidInput: _bad("Invalid input", "Please check your request"),
    errors.InvalidValue: _bad("Invalid input", "Please check your request: {what} {rule}"),
    MissingFields: _bad("Invalid input", "{suggestion}"),
    MalformedBody: _bad("Invalid input", "Please send a well-formed body"),
    UnsupportedTransferEncoding: _bad(
        "Invalid input",
        "Please send each part of the form as it is: its Content-Transfer-Encoding may be 7bit, 8bit or binary",
    ),
    InvalidImageIds: _bad("Invalid image IDs", "Please send image IDs as other answers give them"),
    RepeatedField: _bad("Invalid input", "Please send the field {field} once"),
    BodyTooLarge: _bad("Invalid input", "Please send a smaller body", code="FILE_TOO_LARGE"),
    NoFile: _bad_file("No file provided", "{suggestion}"),
    errors.InvalidIdentifier: _NOT_FOUND,  # nothing can have such an id
    errors.InvalidFileName: _bad_file(
        "Invalid file name", "Please use a plain name of at most 255 characters, without a path or a leading dot"
    ),
    errors.UnacceptablePicture: _bad_file("The file is not an acceptable image", _ANOTHER_FILE),
    errors.EmptyFile: _bad_file("File is empty", "Please choose another file"),
    errors.FileTooLarge: _bad_file(
        "File exceeds maximum size of 10MB", "Please upload a file smaller than 10MB", code="FILE_TOO_LARGE"
    ),
    errors.SourceTooLarge: _bad_file(
        "Image exceeds maximum size of 20MB", "Please compress or resize the image", code="FILE_TOO_LARGE"
    ),
    UnknownPricedTier: _bad("Invalid tier", "Please choose one of the tiers that pricing names"),
    TooManyFiles: _bad("Maximum {files_max} files per batch", "Please upload fewer files at once"),
    BatchTooLarge: _bad(
        "Batch exceeds maximum size of 50MB", "Please upload fewer or smaller files at once", code="FILE_TOO_LARGE"
    ),
    errors.UnknownPictureFormat: _bad_file("File is not a supported image", _ANOTHER_FILE),
    errors.UndecodablePicture: _bad_file(
        "Image is damaged and cannot be read", "Please check the file, or export it again"
    ),
    errors.UnsupportedPicture: _bad_file("{name} is not supported", "{advice}"),
    errors.MultiplePages: _bad_file("File has {pages} pages", "Please upload each page as a file of its own"),
    errors.AnimatedPicture: _bad_file("Animated images are not supported", "Please upload a single frame"),
    errors.TooManyPixels: _bad_file("Image exceeds maximum of 50 megapixels", "Please upload a smaller image"),
    errors.ContainsLocation: _bad_file(
        "The image tells where it was taken", "Please upload it again, then publish that"
    ),
    errors.UnsafeAddress: _bad("The image URL is not allowed", "Please give the public http or https URL of an image"),
    errors.DownloadFailed: _bad(
        "The image URL could not be fetched", "Please check that the URL is publicly accessible"
    ),
    errors.PromptRefused: _bad("The prompt was refused", "Please describe another picture"),
    errors.IdempotencyKeyReused: _row(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "IDEMPOTENCY_KEY_REUSED",
        "The Idempotency-Key was used with another request",
        "Idempotency Key Reused",
        "Please use a new key for a new request",
    ),
    errors.RequestInProgress: _row(
        HTTPStatus.CONFLICT,
        "CONFLICT",
        "A request with this Idempotency-Key is still being answered",
        "Conflict",
        "Please try again in a moment, with the same key",
    ),
    errors.TooManyRequests: _row(
        HTTPStatus.TOO_MANY_REQUESTS,
        "RATE_LIMIT",
        "Too many requests",
        "Rate limit exceeded",
        "Please wait before trying again.",
    ),
    errors.Unauthenticated: _UNAUTHORIZED,
    errors.Forbidden: _FORBIDDEN,
    errors.InvalidLink: _row(
        HTTPStatus.FORBIDDEN,
        "FORBIDDEN",
        "This link has expired or is not valid",
        "Access Denied",
        "Please fetch the image again to get a fresh link",
    ),
    errors.NotFound: _NOT_FOUND,
    errors.ImageNotFound: _NOT_FOUND,
    errors.JobNotFound: _NOT_FOUND,
    errors.BatchNotFound: _NOT_FOUND,
    errors.AlbumNotFound: _NOT_FOUND,
    errors.UserNotFound: _NOT_FOUND,
    errors.ApiKeyNotFound: _NOT_FOUND,
    errors.IdempotencyRecordNotFound: _NOT_FOUND,
    errors.WalletNotFound: _NOT_FOUND,
    errors.ObjectNotFound: _NOT_FOUND,
    errors.Conflict: _CONFLICT,
    errors.IllegalTransition: _CONFLICT,
    errors.JobChanged: _CONFLICT,
    errors.WorkAbandoned: _CONFLICT,
    errors.NothingToClaim: _CONFLICT,
    errors.EmailTaken: _CONFLICT,
    errors.TooManyApiKeys: _row(
        HTTPStatus.CONFLICT,
        "CONFLICT",
        "You already have {keys_max} active API keys",
        "Too Many API Keys",
        "Please revoke a key that you no longer need, then try again",
    ),
    errors.DuplicateEntry: _CONFLICT,
    errors.DuplicateIdempotencyRecord: _CONFLICT,
    errors.AlbumFull: _row(
        HTTPStatus.CONFLICT,
        "CONFLICT",
        "The album is full",
        "Conflict",
        "Please use another album: {images_max} is all",
    ),
    errors.TooManyAlbums: _row(
        HTTPStatus.CONFLICT,
        "CONFLICT",
        "You have too many albums",
        "Conflict",
        "Please remove one first: {albums_max} is all",
    ),
    errors.InvariantViolated: _INTERNAL,
    errors.StaleWrite: _INTERNAL,
    errors.NotEnoughTokens: _row(
        HTTPStatus.PAYMENT_REQUIRED,
        "INSUFFICIENT_TOKENS",
        "Insufficient tokens",
        "Payment Required",
        "Please add more tokens to continue.",
    ),
    errors.Unavailable: _INTERNAL,
    errors.DatabaseUnavailable: _INTERNAL,
    errors.TransactionUndone: _INTERNAL,
    errors.SchemaTooNew: _INTERNAL,
    errors.StorageUnavailable: _INTERNAL,
    errors.StorageRefused: _INTERNAL,
    errors.QueueUnavailable: _INTERNAL,
    errors.UpscalerUnavailable: _INTERNAL,
    errors.WorkKilled: _INTERNAL,
    errors.GeneratorUnavailable: _INTERNAL,
    errors.LimiterUnavailable: _INTERNAL,
    errors.UploadExpired: _INTERNAL,
    errors.InvalidResult: _INTERNAL,
    errors.UnusableResult: _INTERNAL,
}

FileTrouble = Literal["validation", "upload", "database", "unknown"]  # the API's names for the steps

# what is said of a file of a batch that isn't kept
BATCH_TROUBLES: Final[Mapping[type[errors.SpikeError], tuple[FileTrouble, str]]] = {
    errors.InvalidInput: ("validation", "{error}"),
    errors.StorageUnavailable: ("upload", "The file could not be stored"),
    errors.DatabaseUnavailable: ("database", "The file could not be recorded"),
    errors.UploadExpired: ("database", "The file could not be recorded"),
    errors.SpikeError: ("unknown", "Something went wrong"),
}


def file_trouble(error: errors.SpikeError) -> tuple[FileTrouble, str]:
    """Return the API's error type and the text for one file of a batch."""
    kind = next(kind for kind in type(error).__mro__ if kind in BATCH_TROUBLES)
    type_, text = BATCH_TROUBLES[kind]
    return type_, text.format(error=TABLE[type(error)].wording.error.format(**attrs.asdict(error, recurse=False)))


# what some endpoints say in their own words, as the API's text gives them
UPLOAD_WORDINGS: Final[Mapping[type[errors.SpikeError], Wording]] = {
    errors.NotEnoughTokens: Wording(
        error="You need {required} tokens to upload and enhance this image. You have {balance} tokens.",
        title="Payment Required",
        suggestion="You need {required} tokens to upload and enhance this image. You have {balance} tokens.",
    ),
    errors.Unavailable: Wording(error="Upload processing failed", title="Server Error", suggestion=_TRY_LATER),
}
BATCH_UPLOAD_WORDINGS: Final = {errors.Unavailable: UPLOAD_WORDINGS[errors.Unavailable]}  # tokens: in the common words
ENHANCE_WORDINGS: Final[Mapping[type[errors.SpikeError], Wording]] = {
    errors.NotEnoughTokens: Wording(
        error="Insufficient tokens", title="Payment required", suggestion="Please add more tokens to continue."
    ),
}


FALCON: Final[Mapping[int, Row]] = {
    400: TABLE[errors.InvalidInput],
    404: _NOT_FOUND,
    405: _row(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "This resource does not answer this method",
        "Method Not Allowed",
        "Please see the Allow header",
    ),
    415: _row(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "UNSUPPORTED_MEDIA_TYPE",
        "The content type is not supported here",
        "Unsupported Media Type",
        "Please send multipart/form-data to uploads and application/json elsewhere",
    ),
}


def body_of(wording: Wording, *, code: str, request_id: str, specifics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON body of an error answer."""
    return {
        "error": wording.error.format(**specifics),
        "title": wording.title,
        "suggestion": wording.suggestion.format(**specifics),
        "code": code,
        "requestId": request_id,
    }


def answer_spike_error(
    req: falcon.Request, resp: falcon.Response, error: errors.SpikeError, _params: dict[str, Any]
) -> None:
    """Answer one of our own errors, in the endpoint's words where it has some."""
    row = TABLE[type(error)]
    wording = _own_wording(req, error) or row.wording
    if row.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        structlog.get_logger(__name__).error("request failed", code=error.code, exc_info=error)
    specifics = attrs.asdict(error, recurse=False)
    resp.status = row.status
    resp.media = body_of(wording, code=row.code, request_id=req.context.request_id, specifics=specifics)
    if isinstance(error, errors.NotEnoughTokens):
        resp.media |= {"required": error.required, "balance": error.balance}
    if isinstance(error, errors.TooManyRequests):
        resp.media |= {"retryAfter": error.retry_after_s}
        resp.set_header("Retry-After", str(error.retry_after_s))
    if isinstance(error, UnknownPricedTier):
        resp.media |= {"pricing": {tier.value: tier.price.amount for tier in PRICED_TIERS}}
    if isinstance(error, InvalidImageIds):
        resp.media |= {"invalidIds": list(error.invalid_ids)}


def answer_falcon_error(
    req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _params: dict[str, Any]
) -> None:
    """Answer what Falcon refuses (routes, methods, media) in our shape; headers such as Allow stay."""
    row = FALCON.get(error.status_code, TABLE[errors.InvalidInput] if error.status_code < 500 else _INTERNAL)  # noqa: PLR2004
    resp.status = error.status
    resp.set_headers(error.headers or {})
    resp.media = body_of(row.wording, code=row.code, request_id=req.context.request_id, specifics={})


def answer_bug(req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
    """Answer what nobody foresaw: the log gets everything, the client nothing but the request's id."""
    structlog.get_logger(__name__).error("unforeseen error", exc_info=error)
    resp.status = _INTERNAL.status
    resp.media = body_of(_INTERNAL.wording, code=_INTERNAL.code, request_id=req.context.request_id, specifics={})


def _own_wording(req: falcon.Request, error: errors.SpikeError) -> Wording | None:
    wordings: Mapping[type[errors.SpikeError], Wording] = req.context.get("wordings") or {}
    for kind in type(error).__mro__:
        if kind in wordings:
            return wordings[kind]
    return None
