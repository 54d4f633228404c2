"""Middleware for every request: its id, its log line, common headers, HEAD, the path prefix."""

import time
from contextlib import suppress
from typing import Any, Final

import falcon
import structlog
from attrs import frozen

from spike_core.domain.identifiers import RequestId
from spike_core.ports.ids import Ids
from spike_http.bulkhead import ServerBusy
from spike_http.context import Request
from spike_http.rate_limits import set_rate_limit_headers
from spike_http.serving.connections import NO_ROOM_KEY
from spike_runtime.logs import get_logger
from spike_runtime.metrics import Metrics

_ALLOW: Final = "Allow"


@frozen
class RequestMiddleware:
    """Gives each request an id, which its response and its log lines carry; counts and logs the request."""

    ids: Ids
    metrics: Metrics

    def process_request(self, req: Request, resp: falcon.Response) -> None:
        """Create the request id. An id that the client sends is ignored, since clients could reuse one.

        Raises:
            ServerBusy: the server has dropped the body.
        """
        request_id = req.context.request_id = self.ids.new(RequestId)
        resp.set_header("X-Request-ID", request_id.text)
        resp.set_header("X-Content-Type-Options", "nosniff")
        req.context.log_tokens = structlog.contextvars.bind_contextvars(request_id=request_id.text)
        if req.env.get(NO_ROOM_KEY):
            raise ServerBusy

    def process_response(
        self,
        req: Request,
        resp: falcon.Response,
        _resource: Any,
        _succeeded: bool,  # noqa: FBT001  # Falcon's
    ) -> None:
        """Set the rate limit headers, and log the request without its body, query and credentials."""
        if req.context.counted is not None:
            set_rate_limit_headers(resp, req.context.counted)
        seconds = time.monotonic() - req.context.began_at_s
        route = req.uri_template or "unknown"
        method = req.method if req.method in falcon.HTTP_METHODS else "other"
        self.metrics.count_request(method=method, route=route, status=resp.status_code, seconds=seconds)
        get_logger("spike_http").info("request", method=req.method, path=req.path, status=resp.status_code)
        structlog.contextvars.reset_contextvars(**req.context.log_tokens)  # an embedding program may have bound its own


@frozen
class PathPrefix:
    """Removes the path of `SPIKE_PUBLIC_URL` from the paths of requests.

    Some proxies pass the prefix on and others remove it, so a path without it is left as it is.
    """

    prefix: str  # such as `/spike`; empty if the public URL has no path

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Remove the prefix before the request is routed."""
        if self.prefix and (req.path == self.prefix or req.path.startswith(f"{self.prefix}/")):
            req.path = req.path.removeprefix(self.prefix) or "/"


class HeadAsGet:
    """Passes HEAD requests to the handler of GET (RFC 9110, section 9.3.2).

    Falcon then omits the body and keeps its length. `Allow` lists HEAD wherever it lists GET.
    """

    def process_request(self, req: Request, _resp: falcon.Response) -> None:
        """Present the request as GET."""
        if req.method == "HEAD":
            req.method = "GET"
            req.context.is_head = True

    def process_response(
        self,
        req: Request,
        resp: falcon.Response,
        _resource: Any,
        _succeeded: bool,  # noqa: FBT001  # Falcon's
    ) -> None:
        """Restore the method, and close a stream that isn't sent, since the server won't."""
        allowed = (resp.get_header(_ALLOW) or "").split(", ")
        if "GET" in allowed and "HEAD" not in allowed:
            allowed.insert(allowed.index("GET") + 1, "HEAD")
            resp.set_header(_ALLOW, ", ".join(allowed))
        if not req.context.is_head:
            return
        req.method = "HEAD"
        stream, resp.stream = resp.stream, None
        with suppress(AttributeError):  # an iterator may have no `close`
            stream.close()  # type: ignore[union-attr]
