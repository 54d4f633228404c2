"""`/healthz` and `/readyz`: for those who watch over the service."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Literal

import falcon
import structlog
from attrs import frozen

from spike_core.domain.errors import Unavailable
from spike_http.media import as_json
from spike_http.openapi.operations import Access, Operation
from spike_http.views.health import HealthView, ReadyView


@frozen
class HealthResource:
    """`/healthz`: the process answers."""

    @Operation("isAlive", answer=HealthView, access=Access.ANYBODY)
    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Say that the process answers."""
        resp.media = as_json(HealthView())


@frozen
class ReadyResource:
    """`/readyz`: every part that requests need answers."""

    checks: Mapping[str, Callable[[], object]]

    @Operation(
        "isReady",
        answer=ReadyView,
        also={HTTPStatus.SERVICE_UNAVAILABLE: ReadyView},
        access=Access.ANYBODY,
    )
    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Ask each part; 503 when one doesn't answer."""
        states = {name: _state(name, check) for name, check in self.checks.items()}
        ready = all(state == "ok" for state in states.values())
        resp.status = falcon.HTTP_OK if ready else falcon.HTTP_SERVICE_UNAVAILABLE
        resp.media = as_json(ReadyView(status="ready" if ready else "unavailable", checks=states))


def _state(name: str, check: Callable[[], object]) -> Literal["ok", "unavailable"]:
    try:
        check()
    except Unavailable as error:
        structlog.get_logger(__name__).warning("not ready", part=name, exc_info=error)
        return "unavailable"
    return "ok"
