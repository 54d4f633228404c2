"""`/api/tiers`: what is on offer, and for how much."""

import falcon
from attrs import frozen

from spike_core.domain.limits import UploadLimits
from spike_core.services.pricing import Pricing
from spike_http.authentication import RequestAuthentication
from spike_http.context import Request
from spike_http.openapi.operations import Access, Operation
from spike_http.responses.serialization import as_json
from spike_http.responses.tiers import TiersView


@frozen(kw_only=True)
class TiersResource:
    """`/api/tiers`."""

    authenticator: RequestAuthentication
    pricing: Pricing
    limits: UploadLimits

    @Operation("listTiers", answer=TiersView, access=Access.OPTIONAL_USER)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """List the tiers with the caller's prices."""
        caller = self.authenticator.optional_user(req)
        pricing = self.pricing
        view = TiersView.of(
            pricing.catalog, lambda tier: pricing.prices(tier, caller), modes=pricing.modes, limits=self.limits
        )
        resp.media = as_json(view)
