"""`/api/usage`: what the user's account uses, and its limits."""

import falcon
from attrs import frozen

from spike_core.domain.limits import UploadLimits
from spike_core.services.usage_accounting import UsageAccounting
from spike_http.authentication import RequestAuthentication
from spike_http.context import Request
from spike_http.openapi.operations import Operation
from spike_http.responses.serialization import as_json
from spike_http.responses.usage import UsageView


@frozen(kw_only=True)
class UsageResource:
    """`/api/usage`."""

    authenticator: RequestAuthentication
    budgets: UsageAccounting
    limits: UploadLimits

    @Operation("getUsage", answer=UsageView)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Show usage and limits."""
        user_id = self.authenticator.user(req)
        resp.media = as_json(UsageView.of(self.budgets.of(user_id), self.limits))
