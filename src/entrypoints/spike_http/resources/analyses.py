"""`/api/images/{image_id}/analysis`: what the engine finds in an image."""

import falcon
from attrs import frozen

from spike_core.domain.identifiers import ImageId
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.analyses import Analyses
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.openapi.operations import Json, Operation
from spike_http.requests.analyses import AnalysisBody
from spike_http.requests.json_bodies import json_object
from spike_http.responses.analyses import AnalysisView
from spike_http.responses.serialization import as_json


@frozen(kw_only=True)
class AnalysisResource:
    """`/api/images/{image_id}/analysis`."""

    authenticator: RequestAuthentication
    bulkhead: Bulkhead
    analyses: Analyses

    @Operation(
        "analyzeImage",
        answer=AnalysisView,
        bucket=RateLimitGroup.ANALYZE,
        body=Json(AnalysisBody),
        errors=(ServerBusy,),
    )
    def on_post(self, req: Request, resp: falcon.Response, image_id: str) -> None:
        """Analyze one of the user's images."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.ANALYZE)
        body = AnalysisBody.parse(json_object(req))
        with self.bulkhead.place(user_id.text) as place:
            place.take()
            found = self.analyses.analyze(user_id, ImageId.parse(image_id), tier=body.tier, options=body.options)
        resp.media = as_json(AnalysisView.of(found))
