"""The service's health, as those see it who watch over it."""

from typing import Literal

from attrs import frozen

Readiness = Literal["ready", "degraded", "unavailable"]  # all is well, requests are served, they aren't


@frozen(kw_only=True)
class HealthView:
    """The answer to `GET /healthz`."""

    status: Literal["ok"] = "ok"


@frozen(kw_only=True)
class ReadyView:
    """The answer to `GET /readyz`, part by part."""

    status: Readiness
    checks: dict[str, Literal["ok", "unavailable", "timeout"]]
