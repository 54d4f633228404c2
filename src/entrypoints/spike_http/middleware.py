"""What happens around every request: its id, its log line, the headers that every answer has."""

import time
from typing import Any

import falcon
import structlog
from attrs import frozen

from spike_core.domain.identifiers import RequestId
from spike_core.domain.rate_limits import Allowance
from spike_core.ports.ids import Ids
from spike_http.rate_limits import tell
from spike_runtime.metrics import Metrics


@frozen
class Around:
    """Gives every request an id, on the answer and on every log line that it causes; counts and logs it."""

    ids: Ids
    metrics: Metrics

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Draw the id. A client's own is never taken over: it could be anybody's."""
        req.context.began_at_s = time.monotonic()
        req.context.request_id = str(self.ids.new(RequestId))
        resp.set_header("X-Request-ID", req.context.request_id)
        resp.set_header("X-Content-Type-Options", "nosniff")
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=req.context.request_id)

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        _resource: Any,
        _succeeded: bool,  # noqa: FBT001  # Falcon's
    ) -> None:
        """Say what the rate limit leaves, and log the request: never its body, its query or a credential."""
        allowance: Allowance | None = req.context.get("allowance")
        if allowance is not None:
            tell(resp, allowance)
        seconds = time.monotonic() - req.context.began_at_s
        route = req.uri_template or "unknown"
        method = req.method if req.method in falcon.HTTP_METHODS else "other"
        self.metrics.count_request(method=method, route=route, status=resp.status_code, seconds=seconds)
        structlog.get_logger("spike_http").info("request", method=req.method, path=req.path, status=resp.status_code)


def request_id_of(req: falcon.Request) -> RequestId:
    """Return the id that the middleware has drawn."""
    return RequestId(req.context.request_id)
