"""`/healthz` and `/readyz`: for those who watch over the service."""

from collections.abc import Sequence
from http import HTTPStatus

import falcon
from attrs import frozen

from spike_http.openapi.operations import Access, Operation
from spike_http.responses.health import HealthView, Readiness, ReadyView
from spike_http.responses.serialization import as_json
from spike_http.serving.health_checks import Part, states_of


@frozen
class HealthResource:
    """`/healthz`: the process answers."""

    @Operation("isAlive", answer=HealthView, access=Access.ANYBODY)
    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Say that the process answers."""
        resp.media = as_json(HealthView())


@frozen(kw_only=True)
class ReadyResource:
    """`/readyz`: whether requests can be served, and how each part is."""

    needed: Sequence[Part]  # no request without them
    missed: Sequence[Part]  # requests are served without them, and what they should have done is done later

    @Operation(
        "isReady",
        answer=ReadyView,
        also={HTTPStatus.SERVICE_UNAVAILABLE: ReadyView},
        access=Access.ANYBODY,
    )
    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Ask each part; 503 when one that requests need doesn't answer, or not in time."""
        states = states_of([*self.needed, *self.missed])
        away = {name for name, state in states.items() if state != "ok"}
        is_ready = away.isdisjoint(part.name for part in self.needed)
        status: Readiness = ("degraded" if away else "ready") if is_ready else "unavailable"
        resp.status = falcon.HTTP_OK if is_ready else falcon.HTTP_SERVICE_UNAVAILABLE
        resp.media = as_json(ReadyView(status=status, checks=dict(states)))
