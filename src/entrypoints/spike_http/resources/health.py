"""`/healthz` and `/readyz`: for those who watch over the service."""

from collections.abc import Callable, Mapping

import falcon
import structlog
from attrs import frozen

from spike_core.domain.errors import Unavailable


@frozen
class HealthResource:
    """`/healthz`: the process answers."""

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Say so."""
        resp.media = {"status": "ok"}


@frozen
class ReadyResource:
    """`/readyz`: every part that requests need answers."""

    checks: Mapping[str, Callable[[], object]]

    def on_get(self, _req: falcon.Request, resp: falcon.Response) -> None:
        """Ask each part; 503 when one doesn't answer."""
        states = {name: _state(name, check) for name, check in self.checks.items()}
        ready = all(state == "ok" for state in states.values())
        resp.status = falcon.HTTP_OK if ready else falcon.HTTP_SERVICE_UNAVAILABLE
        resp.media = {"status": "ready" if ready else "unavailable", "checks": states}


def _state(name: str, check: Callable[[], object]) -> str:
    try:
        check()
    except Unavailable as error:
        structlog.get_logger(__name__).warning("not ready", part=name, exc_info=error)
        return "unavailable"
    return "ok"
