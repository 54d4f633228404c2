"""`/metrics`: for Prometheus."""

from typing import Final

import falcon
from attrs import frozen

from spike_http.context import Request
from spike_http.openapi.operations import Access, Operation, Text
from spike_runtime.metrics import Metrics

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@frozen
class MetricsResource:
    """`/metrics`. It requires no credentials, so the proxy should block it."""

    metrics: Metrics

    @Operation("getMetrics", answer=Text(media_type="text/plain"), access=Access.PUBLIC)
    def on_get(self, _req: Request, resp: falcon.Response) -> None:
        """Return the metrics in the text format of Prometheus."""
        resp.content_type = CONTENT_TYPE
        resp.data = self.metrics.exposition()
