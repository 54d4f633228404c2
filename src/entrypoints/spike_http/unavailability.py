"""Responses of what browsers fetch by themselves: while a dependency is away, 503 asks them to try again."""

from collections.abc import Callable
from functools import wraps
from typing import Final, TypeVar, cast

import falcon

from spike_core.domain.errors import Unavailable
from spike_http.bulkhead import ServerBusy
from spike_http.context import Request
from spike_runtime.logs import get_logger

__all__ = ["RETRY_AFTER_S", "ServerBusy", "busy_while_unavailable"]

RETRY_AFTER_S: Final = 5
HandlerType = TypeVar("HandlerType", bound=Callable[..., None])


def busy_while_unavailable(handler: HandlerType) -> HandlerType:
    """Have a handler of GET answer 503 with `Retry-After`, kept by no cache, where a dependency is unavailable."""

    @wraps(handler)
    def answer(self: object, req: Request, resp: falcon.Response, **parameters: str) -> None:
        try:
            handler(self, req, resp, **parameters)
        except Unavailable as error:
            get_logger(__name__).error("file not sent", code=error.code, exc_info=error)
            resp.cache_control = ["no-store"]
            raise ServerBusy(retry_after_s=RETRY_AFTER_S) from error

    return cast("HandlerType", answer)
