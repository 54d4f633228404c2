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
    """`/metrics`. Needs no credentials: let the proxy refuse it to the outside."""

    metrics: Metrics

    @Operation("getMetrics", answer=Text(media_type="text/plain"), access=Access.PUBLIC)
    def on_get(self, _req: Request, resp: falcon.Response) -> None:
        """Tell how much there is to do and was done, in the text format of Prometheus."""
        resp.content_type = CONTENT_TYPE
        resp.data = self.metrics.exposition()
