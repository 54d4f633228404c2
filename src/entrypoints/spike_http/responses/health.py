"""The service's health in responses."""

from typing import Literal

from attrs import field, frozen

Readiness = Literal["ready", "degraded", "unavailable"]  # `degraded`: requests are served, but they or their jobs wait


@frozen(kw_only=True)
class HealthView:
    """The answer to `GET /healthz`."""

    status: Literal["ok"] = "ok"


@frozen(kw_only=True)
class ReadyView:
    """The answer to `GET /readyz`, part by part."""

    status: Readiness
    checks: dict[str, Literal["ok", "unavailable", "timeout", "exhausted", "absent"]]
    reasons: dict[str, str] = field(factory=dict)  # of checks that aren't ok, where there is more to say
