"""The body of a request to analyze an image."""

from collections.abc import Mapping

from attrs import field, frozen

from spike_core.domain.render_options import RenderOptions
from spike_core.domain.tiers import Tier
from spike_http.openapi.notes import sent_as
from spike_http.openapi.tiers import ANY_TIER
from spike_http.requests.json_bodies import string_field
from spike_http.requests.render_options import OPTIONS_NOTE, render_options


@frozen(kw_only=True)
class AnalysisBody:
    """`POST /api/images/{id}/analysis`."""

    tier: Tier | None = field(metadata=sent_as({"tier": {"anyOf": [ANY_TIER, {"type": "null"}]}}))
    options: RenderOptions = field(metadata=OPTIONS_NOTE)

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "AnalysisBody":
        """Return the parsed body.

        Raises:
            InvalidValue: the body isn't valid.
        """
        tier = body.get("tier")
        return cls(tier=None if tier is None else Tier(string_field("tier", tier)), options=render_options(body))
