"""The error table as the document shows it: example bodies, messages, and the responses that operations share."""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from spike_core.domain import errors
from spike_core.domain.limits import (
    ALBUMS_PER_OWNER_MAX,
    API_KEYS_ACTIVE_MAX,
    IMAGES_PER_ALBUM_MAX,
)
from spike_http.bulkhead import ServerBusy
from spike_http.errors import BY_STATUS, ENHANCE_MESSAGES, TABLE, UPLOAD_MESSAGES, ErrorMessage, ErrorResponse
from spike_http.openapi.limits import BATCH_FILES, BATCH_MB, FILE_MB, MEGAPIXELS, SOURCE_MB
from spike_http.openapi.tiers import PRICING, TIER_NAMES

_REQUEST_ID: Final = "req_vpuniv6woyiief3l31yc940o"
_LIMITS: Final = {  # what messages name, and each service fills in
    "files_max": BATCH_FILES,
    "file_mb_max": FILE_MB,
    "source_mb_max": SOURCE_MB,
    "batch_mb_max": BATCH_MB,
    "megapixels_max": MEGAPIXELS,
}
_EXAMPLE_FIELDS: Final[Mapping[str, object]] = {  # what messages name
    "what": "tier",
    "rule": f"must be one of {TIER_NAMES}",
    "suggestion": "Please provide both imageId and tier",
    "field": "file",
    "name": "Camera raw",
    "advice": "Please export the image as JPEG",
    "pages": 3,
    "required": 10,
    "balance": 3,
    **_LIMITS,
    "keys_max": API_KEYS_ACTIVE_MAX,
    "images_max": IMAGES_PER_ALBUM_MAX,
    "albums_max": ALBUMS_PER_OWNER_MAX,
    "scope": "spend",
    "resource": "images",
    "used": 20_000,
    "limit": 20_000,
}
_NOTES: Final[Mapping[tuple[str, str], str]] = {
    ("FILE_TOO_LARGE", "Invalid input"): "(a JSON body over 64 KiB, or an `imageOrder` over 1 MiB)",
}

# responses that many operations share: the name of the component, and when the status is answered
COMMON: Final[Mapping[HTTPStatus, tuple[str, str]]] = {
    HTTPStatus.UNAUTHORIZED: ("Unauthorized", "There are no credentials, or they are wrong or expired."),
    HTTPStatus.PAYMENT_REQUIRED: (
        "InsufficientTokens",
        "The wallet holds fewer tokens than the request costs (`required`). Nothing is charged.",
    ),
    HTTPStatus.FORBIDDEN: (
        "CredentialsRefused",
        "The API key can't be used for this, or another site's page sent the cookie, or one of an unknown host.",
    ),
    HTTPStatus.CONFLICT: ("RequestInProgress", "A request with the same `Idempotency-Key` is still being processed."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("UnsupportedMediaType", "The body has another content type."),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        "IdempotencyKeyReused",
        "The `Idempotency-Key` was used with a different request.",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: ("RateLimited", "The rate limit is exceeded. `Retry-After` says when to try again."),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("ServerError", "A part of the service failed. Nothing is charged."),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "ServerBusy",
        "Too many requests wait for pictures. Nothing is charged or stored. `Retry-After` says when to try again.",
    ),
}

NO_ACCOUNT: Final = (errors.SignUpClosed, errors.IdentityNotLinked, errors.VerifiedEmailRequired)
REFUSED_CREDENTIALS: Final = (
    errors.Forbidden,
    errors.UntrustedHost,
    errors.SessionRequired,
    errors.InsufficientScope,
    errors.ApiKeyLimitReached,
    *NO_ACCOUNT,
)
# errors that several operations have beside others of the same status
ADDED: Final[Mapping[str, str]] = {
    "TOO_MANY_JOBS": "Or too many jobs are open, of the account or of the image.",
    "QUOTA_EXCEEDED": "Or the account has no room for more images or bytes: it uses `used` and may use `limit`.",
    "STORAGE_FULL": "The server has no free space for anything new. Nothing is charged.",
}


def common_rows(status: HTTPStatus) -> Sequence[ErrorResponse]:
    """Return the rows of the error table behind a common response."""
    if status is HTTPStatus.FORBIDDEN:
        return [TABLE[kind] for kind in REFUSED_CREDENTIALS]
    rows: Mapping[HTTPStatus, ErrorResponse] = {
        HTTPStatus.UNAUTHORIZED: TABLE[errors.Unauthenticated],
        HTTPStatus.PAYMENT_REQUIRED: TABLE[errors.NotEnoughTokens],
        HTTPStatus.CONFLICT: TABLE[errors.RequestInProgress],
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: BY_STATUS[HTTPStatus.UNSUPPORTED_MEDIA_TYPE],
        HTTPStatus.UNPROCESSABLE_ENTITY: TABLE[errors.IdempotencyKeyReused],
        HTTPStatus.TOO_MANY_REQUESTS: TABLE[errors.TooManyRequests],
        HTTPStatus.INTERNAL_SERVER_ERROR: TABLE[errors.Unavailable],
        HTTPStatus.SERVICE_UNAVAILABLE: TABLE[ServerBusy],
    }
    return [rows[status]]


def example_body(row: ErrorResponse) -> dict[str, Any]:
    """Return a body as the service answers with it."""
    return _body(row.status, row.code, row.message)


def example_shown_first() -> dict[str, Any]:
    """Return the example that shows the shape of all errors."""
    row = TABLE[errors.NotEnoughTokens]
    return _body(row.status, row.code, ENHANCE_MESSAGES[errors.NotEnoughTokens])


def messages() -> Iterable[tuple[int, str, str]]:
    """Return status, code and message of each error, sorted by status, each once."""
    falcons = (
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    )
    rows = [*TABLE.values(), *(BY_STATUS[status] for status in falcons)]
    found = [(row.status, row.code, row.message.error) for row in rows]
    for kind, other in UPLOAD_MESSAGES.items():
        found.append((TABLE[kind].status, TABLE[kind].code, other.error))
    for status, code, message in sorted(dict.fromkeys(found), key=lambda each: each[0]):
        text = " ".join([message, _NOTES.get((code, message), "")]).rstrip()
        for name, mark in _LIMITS.items():
            text = text.replace(f"{{{name}}}", mark)
        yield int(status), code, text


def _body(status: HTTPStatus, code: str, message: ErrorMessage) -> dict[str, Any]:
    body = message.body(code=code, request_id=_REQUEST_ID, fields=_EXAMPLE_FIELDS)
    match status:
        case HTTPStatus.PAYMENT_REQUIRED:
            body |= {"required": _EXAMPLE_FIELDS["required"], "balance": _EXAMPLE_FIELDS["balance"]}
        case _ if code == "INSUFFICIENT_SCOPE":
            body |= {"scope": _EXAMPLE_FIELDS["scope"]}
        case _ if code == "API_KEY_LIMIT_REACHED":
            body |= {name: _EXAMPLE_FIELDS[name] for name in ("required", "used", "limit")}
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            body |= {"retryAfter": 60}
        case _ if code == "QUOTA_EXCEEDED":
            body |= {"used": _EXAMPLE_FIELDS["used"], "limit": _EXAMPLE_FIELDS["limit"]}
        case _ if message.error == "Invalid tier":
            body |= {"pricing": PRICING}
        case _:
            pass
    return body
