"""`/healthz` and `/readyz`: health checks for monitoring and load balancers."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

import falcon
from attrs import frozen

from spike_core.services.worker_presence import PRESENCE
from spike_http.context import Request
from spike_http.openapi.operations import Access, Operation
from spike_http.responses.health import HealthView, Readiness, ReadyView
from spike_http.responses.serialization import as_json
from spike_http.serving.health_checks import THREADS_KEY, Absent, HealthCheck, lasting, run_checks

WORKERS: Final = "workers"
REASONS: Final[Mapping[str, str]] = {
    WORKERS: f"no worker: none has reported within {PRESENCE.total_seconds():.0f} s; jobs are accepted and wait for one"
}


def workers_check(is_any_working: Callable[[], bool]) -> HealthCheck:
    """Return the check whether any process runs jobs."""

    def check() -> None:
        if not is_any_working():
            raise Absent

    return HealthCheck(WORKERS, check)


@frozen
class HealthResource:
    """`/healthz`: the process answers."""

    @Operation("isAlive", answer=HealthView, access=Access.PUBLIC)
    def on_get(self, _req: Request, resp: falcon.Response) -> None:
        """Report that the process answers."""
        resp.media = as_json(HealthView())


@frozen(kw_only=True)
class ReadyResource:
    """`/readyz`: whether requests can be served, and the state of each component."""

    required: Sequence[HealthCheck]  # without them no request can be served
    optional: Sequence[HealthCheck]  # without them requests are served later, or their work is postponed

    @Operation(
        "isReady",
        answer=ReadyView,
        also={HTTPStatus.SERVICE_UNAVAILABLE: ReadyView},
        access=Access.PUBLIC,
    )
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Check each component; answer 503 if a required one fails or doesn't answer in time."""
        requests_wait = req.env.get(THREADS_KEY)  # our server's; others don't tell
        threads = () if requests_wait is None else (HealthCheck("threads", lasting(requests_wait)),)
        states = run_checks([*self.required, *self.optional, *threads])
        away = {name for name, state in states.items() if state != "ok"}
        is_ready = away.isdisjoint(check.name for check in self.required)
        status: Readiness = ("degraded" if away else "ready") if is_ready else "unavailable"
        resp.status = falcon.HTTP_OK if is_ready else falcon.HTTP_SERVICE_UNAVAILABLE
        reasons = {name: REASONS[name] for name, state in states.items() if state == "absent"}
        resp.media = as_json(ReadyView(status=status, checks=dict(states), reasons=reasons))
