"""The document itself (OpenAPI 3.1.1, https://spec.openapis.org/oas/v3.1.1)."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from attrs import frozen

from spike_core.codec import camel_case
from spike_core.domain import errors
from spike_core.domain.idempotency import KEY_CHARS_MAX
from spike_core.domain.identifiers import AlbumId, ApiKeyId, BatchId, ImageId, JobId
from spike_http.authentication import COOKIES
from spike_http.errors import BY_STATUS, TABLE, ErrorResponse
from spike_http.openapi.operations import Access, Form, Json, Operation, Picture, Text, operations_of
from spike_http.openapi.schemas import COMPONENTS, Schemas
from spike_http.requests.errors import BodyTooLarge, MalformedBody
from spike_http.requests.generations import PRICED_TIERS
from spike_http.requests.query import WAIT

Document = dict[str, Any]

# the parts of the API, in the order in which they are shown; of the prefixes that fit a path the longest counts
TAGS: Final[Mapping[str, tuple[str, str]]] = {
    "/api/images": ("Images", "Upload, enhance, look, change and delete."),
    "/api/jobs": ("Jobs", "What becomes of an enhancement: look, wait, cancel."),
    "/api/batches": ("Jobs", ""),
    "/api/mcp": ("From words", "Pictures made or changed as a text says."),
    "/api/albums": ("Albums", "Images in an order, for oneself or to share."),
    "/api/tokens": ("Tokens", "What is in the wallet, and why."),
    "/api/session": ("Browsers", "A session in a cookie, for pages such as the studio."),
    "/api/settings/api-keys": ("API keys", "Credentials for programs."),
    "/api/images/anonymous-": ("Without an account", "For everybody, at the free tier; kept for a week, in public."),
    "/files": ("Files", "The pictures themselves, where the service keeps them."),
    "/": ("Watching", "For those who run the service."),
}
_PARAMETERS: Final[Mapping[str, type]] = {
    "image_id": ImageId, "job_id": JobId, "batch_id": BatchId, "album_id": AlbumId, "key_id": ApiKeyId,
}  # fmt: skip
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_ERROR_FIELDS: Final = ("error", "title", "suggestion", "code", "requestId")
_SECURITY: Final[Mapping[Access, Sequence[Mapping[str, Sequence[str]]]]] = {
    Access.USER: [{"bearer": []}, {"cookie": []}],
    Access.OPTIONAL_USER: [{"bearer": []}, {"cookie": []}, {}],
    Access.ANONYMOUS: [],
    Access.PUBLIC: [],
}
_DESCRIPTION: Final = (
    "HEAD is answered wherever GET is, with the status and the headers of GET and without a body; it counts against "
    "the same rate limit. A path with a slash at its end is the path without it."
)
_RATE_HEADERS: Final = {
    "X-RateLimit-Limit": "How many requests a window allows.",
    "X-RateLimit-Remaining": "How many are left.",
    "X-RateLimit-Reset": "When the window ends, in seconds since 1970.",
}


@frozen
class Route:
    """A row of the route table."""

    path: str
    resource: object


def describe(routes: Iterable[Route], *, server_url: str = "/") -> Document:
    """Return the document of these routes. Every handler must be marked as an operation."""
    schemas = Schemas()
    paths: dict[str, Any] = {}
    for route in routes:
        item = paths.setdefault(_PLACEHOLDER.sub(lambda match: "{" + camel_case(match[1]) + "}", route.path), {})
        for method, (operation, handler) in operations_of(route.resource).items():
            item[method.lower()] = _operation(schemas, route, method, operation, handler)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Spike",
            "summary": "Upload pictures, get them back enhanced.",
            "description": _DESCRIPTION,
            "version": version("spike-core"),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server_url}],
        "tags": [{"name": name, "description": told} for name, told in TAGS.values() if told],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**schemas.named, **_error_schemas()}.items())),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A session token or an API key (`sk_live_…`).",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIES[-1],
                    "description": "A session token. Refused when another site's page sends it to change something.",
                },
            },
        },
    }


def _operation(
    schemas: Schemas, route: Route, method: str, operation: Operation, handler: Callable[..., None]
) -> Document:
    once = hasattr(route.resource, "responder") and method == "POST"
    waits = hasattr(route.resource, "long_poll") and method == "GET"
    parameters = [*_path_parameters(schemas, route.path), *_query_parameters(operation, waits=waits)]
    if once:
        parameters.append(_IDEMPOTENCY)
    summary, _, more = (handler.__doc__ or "").strip().partition("\n")
    described: Document = {
        "operationId": operation.id,
        "summary": summary.rstrip("."),
        "tags": [_tag(route.path)],
        "security": _SECURITY[operation.access],
    }
    if more.strip():
        described["description"] = re.sub(r"\s+", " ", more).strip()
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = _request_body(schemas, operation.body)
    found = _errors(route, operation, once=once, waits=waits)
    described["responses"] = _responses(schemas, operation, found, once=once, waits=waits)
    return described


def _path_parameters(schemas: Schemas, path: str) -> Iterable[Document]:
    for name in _PLACEHOLDER.findall(path):
        kind = _PARAMETERS.get(name, str)
        yield {"name": camel_case(name), "in": "path", "required": True, "schema": schemas.answer(kind)}


def _query_parameters(operation: Operation, *, waits: bool) -> Iterable[Document]:
    for parameter in (*operation.query, *([WAIT] if waits else [])):
        yield {
            "name": parameter.name,
            "in": "query",
            "description": parameter.description,
            "schema": dict(parameter.schema),
        }


_IDEMPOTENCY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Drawn anew for each new request; the same request with the same key has its effect once.",
    "schema": {"type": "string", "pattern": f"^[!-~]{{1,{KEY_CHARS_MAX}}}$"},
}


def _request_body(schemas: Schemas, body: Json | Form) -> Document:
    match body:
        case Json():
            media_type, schema = "application/json", schemas.body(body.parsed, body.fields)
        case Form():
            media_type = "multipart/form-data"
            schema = {"type": "object", "properties": dict(body.fields), "required": sorted(body.required)}
    return {"required": True, "content": {media_type: {"schema": schema}}}


def _errors(route: Route, operation: Operation, *, once: bool, waits: bool) -> list[ErrorResponse]:
    """Return the rows of the error table that this operation may answer with, each once."""
    is_counted = operation.access is not Access.PUBLIC
    has_id = any(name in _PARAMETERS for name in _PLACEHOLDER.findall(route.path))
    has_body = operation.body is not None
    follows: Mapping[tuple[type[errors.SpikeError], ...], bool] = {
        (errors.Unauthenticated, errors.Forbidden): bool(_SECURITY[operation.access]),
        (errors.TooManyRequests, errors.Unavailable): is_counted,
        (errors.NotFound,): has_id,
        (errors.InvalidValue,): has_body or once or waits or bool(operation.query),
        (MalformedBody,): has_body,
        (BodyTooLarge,): isinstance(operation.body, Json),
        (errors.IdempotencyKeyReused, errors.RequestInProgress): once,
    }
    kinds = [*operation.errors, *(kind for group, follow in follows.items() if follow for kind in group)]
    rows = [TABLE[kind] for kind in kinds] + [BY_STATUS[HTTPStatus.UNSUPPORTED_MEDIA_TYPE]] * has_body
    return list({(row.status, row.code, row.message.error): row for row in rows}.values())


def _responses(
    schemas: Schemas, operation: Operation, rows: Sequence[ErrorResponse], *, once: bool, waits: bool
) -> Document:
    limited = operation.access is not Access.PUBLIC
    responses: Document = {str(int(operation.status)): _success(schemas, operation, once=once, waits=waits)}
    if operation.has_etag:
        responses["304"] = {"description": "The client has it already: `If-None-Match` names its `ETag`."}
    for status, kind in operation.also.items():
        responses[str(int(status))] = {"description": status.phrase, "content": _json(schemas.answer(kind))}
    for status in sorted({row.status for row in rows}):
        responses[str(int(status))] = _failure(status, [row for row in rows if row.status == status])
    for code, response in responses.items():
        headers = {"X-Request-ID": {"schema": {"type": "string"}, "description": "Names the request in the logs."}}
        if limited and code not in {"401", "500"}:
            headers |= {
                name: {"schema": {"type": "integer"}, "description": f"{told} Where the endpoint is limited."}
                for name, told in _RATE_HEADERS.items()
            }
        response["headers"] = {**headers, **response.get("headers", {})}
    return responses


def _success(schemas: Schemas, operation: Operation, *, once: bool, waits: bool) -> Document:
    headers: Document = {}
    if once:
        headers["Idempotency-Replayed"] = {
            "schema": {"type": "string", "const": "true"},
            "description": "This is the answer to an earlier request with the same `Idempotency-Key`.",
        }
    if waits:
        headers["Retry-After"] = {
            "schema": {"type": "integer"},
            "description": "Too many are waiting: ask again in so many seconds.",
        }
    if operation.has_etag:
        headers["ETag"] = {"schema": {"type": "string"}, "description": "Names this version of the answer."}
    match operation.answer:
        case Picture(media_types=media_types):
            content = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types}
            return {"description": "The picture.", "content": content, "headers": headers}
        case Text(media_type=media_type):
            content = {media_type: {"schema": {"type": "string"}}}
            return {"description": "Text.", "content": content, "headers": headers}
        case kind:
            return {
                "description": (kind.__doc__ or "").strip().partition("\n")[0],
                "content": _json(schemas.answer(kind)),
                "headers": headers,
            }


def _failure(status: HTTPStatus, rows: Sequence[ErrorResponse]) -> Document:
    names = {HTTPStatus.PAYMENT_REQUIRED: "NotEnoughTokens", HTTPStatus.TOO_MANY_REQUESTS: "TooManyRequests"}
    codes = sorted({row.code for row in rows})
    schema = {
        "allOf": [{"$ref": COMPONENTS + names.get(status, "Error")}],
        "properties": {"code": {"enum": codes}},
    }
    told = dict.fromkeys(row.message.error for row in rows)
    failure: Document = {"description": "; ".join(told) + ".", "content": _json(schema)}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        failure["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return failure


def _json(schema: Document) -> Document:
    return {"application/json": {"schema": schema}}


def _error_schemas() -> Document:
    texts = {name: {"type": "string"} for name in _ERROR_FIELDS}
    tokens = {"type": "integer", "minimum": 0}
    pricing = {tier.value: {"const": tier.price.amount} for tier in PRICED_TIERS}
    return {
        "Error": {
            "type": "object",
            "description": "What went wrong, for people (`error`, `title`, `suggestion`) and for programs (`code`).",
            "properties": {
                **texts,
                "requestId": {"type": "string", "pattern": "^req_"},
                "invalidIds": {"type": "array", "items": {"type": "string"}, "description": "The first few."},
                "pricing": {
                    "type": "object",
                    "description": "The tiers that there are, in tokens.",
                    "properties": pricing,
                },
            },
            "required": list(_ERROR_FIELDS),
        },
        "NotEnoughTokens": {
            "description": "The wallet doesn't hold what the request costs. Nothing was charged.",
            "allOf": [{"$ref": COMPONENTS + "Error"}],
            "properties": {"required": tokens, "balance": tokens},
            "required": ["required", "balance"],
        },
        "TooManyRequests": {
            "description": "The window's requests are used up.",
            "allOf": [{"$ref": COMPONENTS + "Error"}],
            "properties": {"retryAfter": {"type": "integer", "minimum": 1, "description": "Seconds."}},
            "required": ["retryAfter"],
        },
    }


def _tag(path: str) -> str:
    return TAGS[max((prefix for prefix in TAGS if path.startswith(prefix)), key=len)][0]
