"""Falcon error handlers: every exception becomes a JSON body of the same shape."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import falcon

from spike_core.domain.errors import (
    ApiKeyLimitReached,
    InsufficientScope,
    InvalidInput,
    NotEnoughTokens,
    QuotaExceeded,
    SpikeError,
    StorageFull,
    TooManyJobs,
    TooManyRequests,
)
from spike_http.bulkhead import ServerBusy
from spike_http.context import Request
from spike_http.errors import BY_STATUS, INTERNAL_ERROR, TABLE, ErrorMessage, message_fields
from spike_http.problem_details import PROBLEM_JSON, respond
from spike_http.requests.errors import InvalidImageIds, UnknownPricedTier
from spike_runtime.logs import get_logger


def add_error_handlers(app: "falcon.App[Request, falcon.Response]") -> None:
    """Make an application answer every exception. Falcon tries the handler that was added last first."""
    app.resp_options.media_handlers[PROBLEM_JSON] = app.resp_options.media_handlers[falcon.MEDIA_JSON]
    app.add_error_handler(Exception, handle_unexpected_error)
    app.add_error_handler(falcon.HTTPError, handle_falcon_error)
    app.add_error_handler(SpikeError, handle_spike_error)


def handle_spike_error(req: Request, resp: falcon.Response, error: SpikeError, _params: dict[str, Any]) -> None:
    """Respond as the error table says, with the resource's own message if it has one."""
    response = TABLE[type(error)]
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, ServerBusy):
        get_logger(__name__).error("request failed", code=error.code, exc_info=error)
    resp.status = response.status
    respond(req, resp, error_body(error, messages=req.context.messages, request_id=req.context.request_id.text))
    wait_s = retry_after_s(error)
    if wait_s is not None:
        resp.set_header("Retry-After", str(wait_s))


def error_body(
    error: SpikeError, *, messages: Mapping[type[SpikeError], ErrorMessage], request_id: str
) -> dict[str, Any]:
    """Return the body of the response to an error."""
    return error_text(error, messages=messages, request_id=request_id) | dict(_details(error))


def retry_after_s(error: SpikeError) -> int | None:
    """Return after how long the request may succeed; `None` if that isn't known."""
    if isinstance(error, TooManyRequests | TooManyJobs | StorageFull | ServerBusy):
        return error.retry_after_s
    return None


def error_text(
    error: SpikeError, *, messages: Mapping[type[SpikeError], ErrorMessage], request_id: str
) -> dict[str, Any]:
    """Return the code and the texts of an error; `messages` are an operation's own."""
    response = TABLE[type(error)]
    own = next((messages[kind] for kind in type(error).__mro__ if kind in messages), None)
    return (own or response.message).body(code=response.code, request_id=request_id, fields=message_fields(error))


def handle_falcon_error(req: Request, resp: falcon.Response, error: falcon.HTTPError, _params: dict[str, Any]) -> None:
    """Respond to an error that Falcon raises, and keep its headers, such as `Allow`."""
    is_internal = error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    response = BY_STATUS.get(error.status_code, INTERNAL_ERROR if is_internal else TABLE[InvalidInput])
    resp.status = error.status
    resp.set_headers(error.headers or {})
    respond(req, resp, response.message.body(code=response.code, request_id=req.context.request_id.text, fields={}))


def handle_unexpected_error(req: Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
    """Log a bug in full. The client learns nothing but the request id."""
    get_logger(__name__).error("unexpected error", exc_info=error)
    resp.status = INTERNAL_ERROR.status
    request_id = req.context.request_id.text
    respond(req, resp, INTERNAL_ERROR.message.body(code=INTERNAL_ERROR.code, request_id=request_id, fields={}))


def _details(error: SpikeError) -> Mapping[str, Any]:  # noqa: PLR0911  # one for each shape
    """Return the JSON fields that an error has beside the common ones."""
    match error:
        case NotEnoughTokens():
            return {"required": error.required, "balance": error.balance}
        case ApiKeyLimitReached():
            return {"required": error.required, "used": error.used, "limit": error.limit}
        case InsufficientScope():
            return {"scope": error.scope}
        case QuotaExceeded():
            return {"used": error.used, "limit": error.limit}
        case TooManyRequests() | TooManyJobs() | StorageFull() | ServerBusy():
            return {"retryAfter": error.retry_after_s}
        case UnknownPricedTier():
            return {"pricing": dict(error.pricing)}
        case InvalidImageIds():
            return {"invalidIds": list(error.invalid_ids)}
        case _:
            return {}
