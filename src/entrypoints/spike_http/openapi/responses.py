"""The responses of an operation: the successful one, and its errors from the error table."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from attrs import frozen

from spike_core.domain.api_keys import Scope
from spike_http.errors import BY_STATUS, ErrorResponse
from spike_http.openapi.errors import ADDED, COMMON, common_rows, example_body
from spike_http.openapi.operations import Access, Operation, Picture, Text
from spike_http.openapi.schemas import COMPONENTS, Schemas
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.tiers import PRICING_SCHEMA
from spike_http.problem_details import PROBLEM_JSON, TYPE_BASE

Document = dict[str, Any]

_RESPONSES: Final = "#/components/responses/"
_ERROR_FIELDS: Final = ("error", "title", "suggestion", "code", "requestId")
_SCHEMAS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.PAYMENT_REQUIRED: "NotEnoughTokens",
    HTTPStatus.TOO_MANY_REQUESTS: "TooManyRequests",
    HTTPStatus.SERVICE_UNAVAILABLE: "TooManyRequests",
}
_INTEGER: Final = {"type": "integer"}
_RATE_HEADERS: Final[Mapping[str, str]] = {
    "X-RateLimit-Limit": "How many requests a window allows. Where the operation is limited.",
    "X-RateLimit-Remaining": "How many are left. Where the operation is limited.",
    "X-RateLimit-Reset": "When the window ends, in seconds since 1970. Where the operation is limited.",
}
_POLICY_HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "RateLimit-Policy": (
        "The limit's name, its requests `q` and window `w` in seconds. Where the operation is limited.",
        '"upload";q=30;w=900',
    ),
    "RateLimit": (
        "The limit's name, and the requests `r` that are left for `t` more seconds. Where the operation is limited.",
        '"upload";r=29;t=840',
    ),
}
HEADERS: Final[Mapping[str, Document]] = {
    "X-Request-ID": {"schema": {"type": "string"}, "description": "Identifies the request in the logs."},
    **{name: {"schema": _INTEGER, "description": text} for name, text in _RATE_HEADERS.items()},
    **{
        name: {"schema": {"type": "string"}, "description": text, "example": example}
        for name, (text, example) in _POLICY_HEADERS.items()
    },
    "Idempotency-Replayed": {
        "schema": {"type": "string", "const": "true"},
        "description": "This is the response to an earlier request with the same `Idempotency-Key`.",
    },
    "ETag": {"schema": {"type": "string"}, "description": "Identifies this version of the response."},
    "Retry-After": {"schema": _INTEGER, "description": "Seconds to wait before the next request."},
}


@frozen(kw_only=True)
class Traits:
    """Properties of an operation that determine its responses."""

    is_idempotent: bool  # it accepts an `Idempotency-Key`
    waits: bool  # it accepts `?wait`


def responses_of(
    schemas: Schemas, operation: Operation, text: OperationText, rows: Sequence[ErrorResponse], traits: Traits
) -> Document:
    """Return the responses, by status; `rows` of the error table are the operation's errors."""
    is_counted = operation.access is not Access.PUBLIC
    responses: Document = {str(int(operation.status)): _success(schemas, operation, text, traits)}
    if operation.has_etag:
        responses["304"] = {"description": "The resource hasn't changed: `If-None-Match` contains its `ETag`."}
    if operation.has_ranges:
        whole = responses[str(int(operation.status))]
        responses["206"] = {"description": "The part that `Range` asks for.", "content": whole["content"]}
    for status, kind in operation.also.items():
        responses[str(int(status))] = {
            "description": text.errors[status],
            "content": json_content(schemas.answer(kind)),
        }
    for response in responses.values():
        response["headers"] = _headers(response.pop("headers", ()), is_counted=is_counted)
    if operation.has_ranges:
        beyond = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        when = "The range begins behind the end of the file."
        responses[str(int(beyond))] = failure(beyond, when, [BY_STATUS[beyond]], is_counted=is_counted)
    for status in sorted({row.status for row in rows}):
        of_status = [row for row in rows if row.status == status]
        added = [ADDED[row.code] for row in of_status if row.code in ADDED]
        if added or status in text.errors or status not in COMMON:
            own = [text.errors.get(status) or COMMON[status][1]] if status in {*text.errors, *COMMON} else []
            when = " ".join([*own, *added])
            responses[str(int(status))] = failure(status, when, of_status, is_counted=is_counted)
        else:
            responses[str(int(status))] = {"$ref": _RESPONSES + COMMON[status][0]}
    return responses


def common_responses() -> Document:
    """Return the responses that operations refer to, by name."""
    return {
        name: failure(status, when, common_rows(status), is_counted=True) for status, (name, when) in COMMON.items()
    }


def failure(status: HTTPStatus, when: str, rows: Sequence[ErrorResponse], *, is_counted: bool) -> Document:
    """Return an error response, with each row as an example."""
    is_limited = is_counted and status not in {HTTPStatus.UNAUTHORIZED, HTTPStatus.INTERNAL_SERVER_ERROR}
    named = ["Retry-After"] if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE} else []
    schema = {
        "allOf": [{"$ref": COMPONENTS + _SCHEMAS.get(status, "Error")}],
        "properties": {"code": {"enum": sorted({row.code for row in rows})}},
    }
    content = json_content(schema)
    bodies = [example_body(row) for row in rows]
    content["application/json"]["examples"] = {body["error"]: {"value": body} for body in bodies}
    content[PROBLEM_JSON] = {"schema": {"allOf": [schema, {"$ref": COMPONENTS + "Problem"}]}}
    return {"description": when, "headers": _headers(named, is_counted=is_limited), "content": content}


def error_schemas() -> Document:
    """Return the schemas of errors, by name."""
    texts = {name: {"type": "string"} for name in _ERROR_FIELDS}
    tokens = {"type": "integer", "minimum": 0}
    return {
        "Error": {
            "type": "object",
            "description": "What went wrong, for people (`error`, `title`, `suggestion`) and for programs (`code`).",
            "properties": {
                **texts,
                "requestId": {"type": "string", "pattern": "^req_"},
                "scope": {"enum": [scope.value for scope in Scope], "description": "The scope that the API key lacks."},
                "required": {**tokens, "description": "The price of the request."},
                "used": {**tokens, "description": "What the API key has spent this month, or what the account uses."},
                "limit": {
                    **tokens,
                    "description": "What the API key may spend in a month, or the account may use.",
                },
                "invalidIds": {
                    "type": "array",
                    "items": {"type": "string"},
                    "description": "The first five ids that have the wrong format.",
                },
                "pricing": {
                    "type": "object",
                    "description": "The tiers that can be chosen, and their prices in tokens.",
                    "properties": PRICING_SCHEMA,
                },
            },
            "required": list(_ERROR_FIELDS),
        },
        "Problem": {
            "type": "object",
            "description": "What problem details (RFC 9457) have beside the members of `Error`.",
            "properties": {
                "type": {"type": "string", "format": "uri", "description": f"`{TYPE_BASE}` and the `code`."},
                "status": {"type": "integer", "description": "The status of the response."},
                "detail": {"type": "string", "description": "The same as `error`."},
                "instance": {
                    "type": "string",
                    "format": "uri-reference",
                    "description": "The path of the request, and its `requestId` as the fragment.",
                },
            },
            "required": ["type", "status", "detail", "instance"],
        },
        "NotEnoughTokens": {
            "description": "The wallet holds fewer tokens than the request costs. Nothing was charged.",
            "allOf": [{"$ref": COMPONENTS + "Error"}],
            "properties": {"required": tokens, "balance": tokens},
            "required": ["required", "balance"],
        },
        "TooManyRequests": {
            "description": "The request can be sent again after a while.",
            "allOf": [{"$ref": COMPONENTS + "Error"}],
            "properties": {"retryAfter": {"type": "integer", "minimum": 1, "description": "Seconds to wait."}},
            "required": ["retryAfter"],
        },
    }


def json_content(schema: Mapping[str, Any], example: Any = None) -> Document:
    """Return the content of a body in JSON."""
    return {"application/json": {"schema": schema} | ({} if example is None else {"example": example})}


def _success(schemas: Schemas, operation: Operation, text: OperationText, traits: Traits) -> Document:
    named = [
        *(["Idempotency-Replayed"] if traits.is_idempotent else []),
        *(["Retry-After"] if traits.waits else []),
        *(["ETag"] if operation.has_etag else []),
    ]
    match operation.answer:
        case Picture(media_types=media_types):
            content = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in media_types}
        case Text(media_type=media_type):
            content = {media_type: {"schema": {"type": "string"}}}
        case kind:
            content = json_content(schemas.answer(kind), text.response)
    return {"description": operation.status.phrase, "content": content, "headers": named}


def _headers(names: Sequence[str], *, is_counted: bool) -> Document:
    wanted = ["X-Request-ID", *((*_RATE_HEADERS, *_POLICY_HEADERS) if is_counted else ()), *names]
    return {name: {"$ref": f"#/components/headers/{name}"} for name in wanted}
