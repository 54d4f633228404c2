"""`/api/images/enhance`, `/api/images/parallel-enhance` and `/api/images/batch-enhance`."""

import falcon
from attrs import frozen

from spike_core.domain.errors import (
    NotEnoughTokens,
    NotFound,
    SourceTooLarge,
)
from spike_core.domain.limits import UploadLimits
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.enhancements import Enhancements
from spike_core.services.ingest import InlineImage
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.errors import (
    BUDGET_ERRORS,
    ENHANCE_MESSAGES,
    JOB_BUDGET_ERRORS,
)
from spike_http.idempotency import IdempotentResponder
from spike_http.openapi.operations import Json, Operation
from spike_http.requests.enhancements import BatchEnhanceBody, EnhanceBody, ParallelEnhanceBody
from spike_http.requests.inline_images import PICTURE_ERRORS, json_with_picture
from spike_http.requests.json_bodies import json_object
from spike_http.responses.jobs import BatchEnhanceView, EnhanceView, ParallelEnhanceView


@frozen(kw_only=True)
class EnhanceResource:
    """`/api/images/enhance`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    bulkhead: Bulkhead
    enhancements: Enhancements
    limits: UploadLimits

    @Operation(
        "enhanceImage",
        answer=EnhanceView,
        bucket=RateLimitGroup.ENHANCE,
        body=Json(EnhanceBody),
        errors=(*BUDGET_ERRORS, *PICTURE_ERRORS, SourceTooLarge, NotEnoughTokens, NotFound, ServerBusy),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Start enhancing an image at one tier."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.ENHANCE)
        req.context.messages = ENHANCE_MESSAGES
        with (
            self.bulkhead.place(user_id.text) as place,
            json_with_picture(req, EnhanceBody.parse, place=place, limits=self.limits) as body,
        ):
            if isinstance(body.source, InlineImage):
                place.take()
            self.responder.respond(
                req,
                resp,
                caller=user_id.text,
                use_case=lambda record: self.enhancements.before_commit(record).enhance(
                    user_id,
                    image_id=body.image_id,
                    tier=body.tier,
                    options=body.options,
                    source=body.source,
                    request_id=req.context.request_id,
                ),
                view=EnhanceView.of,
            )


@frozen(kw_only=True)
class ParallelEnhanceResource:
    """`/api/images/parallel-enhance`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    enhancements: Enhancements

    @Operation(
        "enhanceImageAtTiers",
        answer=ParallelEnhanceView,
        bucket=RateLimitGroup.PARALLEL_ENHANCE,
        body=Json(ParallelEnhanceBody),
        errors=(*JOB_BUDGET_ERRORS, NotEnoughTokens, NotFound),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Start enhancing an image at several tiers, all or none."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.PARALLEL_ENHANCE)
        body = ParallelEnhanceBody.parse(json_object(req))
        self.responder.respond(
            req,
            resp,
            caller=user_id.text,
            use_case=lambda record: self.enhancements.before_commit(record).enhance_in_parallel(
                user_id,
                image_id=body.image_id,
                tiers=body.tiers,
                options=body.options,
                request_id=req.context.request_id,
            ),
            view=ParallelEnhanceView.of,
        )


@frozen(kw_only=True)
class BatchEnhanceResource:
    """`/api/images/batch-enhance`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    enhancements: Enhancements
    limits: UploadLimits

    @Operation(
        "enhanceImages",
        answer=BatchEnhanceView,
        body=Json(BatchEnhanceBody),
        errors=(*JOB_BUDGET_ERRORS, NotEnoughTokens, NotFound),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Start enhancing several images at one tier, all or none."""
        user_id = self.authenticator.user(req)
        body = BatchEnhanceBody.parse(json_object(req), images_max=self.limits.batch_files)
        self.responder.respond(
            req,
            resp,
            caller=user_id.text,
            use_case=lambda record: self.enhancements.before_commit(record).enhance_batch(
                user_id,
                image_ids=body.image_ids,
                tier=body.tier,
                options=body.options,
                request_id=req.context.request_id,
            ),
            view=BatchEnhanceView.of,
        )
