"""`/api/images/anonymous-…`: requests without an account."""

import falcon
from attrs import frozen

from spike_core.domain.errors import FileTooLarge, Forbidden, InvalidFileName, NotFound, SourceTooLarge
from spike_core.domain.limits import UploadLimits
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.enhancements import Enhancements
from spike_core.services.ingest import InlineImage
from spike_core.services.uploads import Uploads
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.errors import ANONYMOUS_UPLOAD_MESSAGES, BUDGET_ERRORS, STORAGE_BUDGET_ERRORS
from spike_http.idempotency import IdempotentResponder
from spike_http.openapi.operations import Access, Json, Operation
from spike_http.requests.enhancements import MixBody
from spike_http.requests.errors import NoFile, RepeatedField
from spike_http.requests.inline_images import PICTURE_ERRORS, json_with_picture
from spike_http.requests.upload_forms import ANONYMOUS_UPLOAD_FORM, upload_form
from spike_http.responses.anonymous import AnonymousUploadView, MixView
from spike_http.responses.urls import ObjectUrls


@frozen(kw_only=True)
class AnonymousUploadResource:
    """`/api/images/anonymous-upload`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    bulkhead: Bulkhead
    uploads: Uploads
    limits: UploadLimits
    object_urls: ObjectUrls

    @Operation(
        "uploadAnonymously",
        answer=AnonymousUploadView,
        access=Access.ANONYMOUS,
        bucket=RateLimitGroup.ANONYMOUS_UPLOAD,
        body=ANONYMOUS_UPLOAD_FORM,
        errors=(
            *STORAGE_BUDGET_ERRORS,
            *PICTURE_ERRORS,
            NoFile,
            RepeatedField,
            FileTooLarge,
            InvalidFileName,
            ServerBusy,
        ),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Store one picture without an account."""
        caller = self.authenticator.anonymous_caller(req, bucket=RateLimitGroup.ANONYMOUS_UPLOAD)
        req.context.messages = ANONYMOUS_UPLOAD_MESSAGES
        with self.bulkhead.place(caller) as place, upload_form(req, self.limits) as form:
            place.take()
            self.responder.respond(
                req,
                resp,
                caller=caller,
                use_case=lambda record: self.uploads.before_commit(record).upload_anonymously(
                    name=form.name, content=form.content
                ),
                view=lambda image: AnonymousUploadView.of(image, self.object_urls.for_request(req)),
            )


@frozen(kw_only=True)
class MixResource:
    """`/api/images/anonymous-enhance`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    bulkhead: Bulkhead
    enhancements: Enhancements
    limits: UploadLimits

    @Operation(
        "mixAnonymously",
        answer=MixView,
        access=Access.ANONYMOUS,
        bucket=RateLimitGroup.ANONYMOUS_MIX,
        body=Json(MixBody),
        errors=(*BUDGET_ERRORS, *PICTURE_ERRORS, SourceTooLarge, NotFound, Forbidden, ServerBusy),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Start blending an anonymous image with another picture, at the free tier."""
        caller = self.authenticator.anonymous_caller(req, bucket=RateLimitGroup.ANONYMOUS_MIX)
        with (
            self.bulkhead.place(caller) as place,
            json_with_picture(req, MixBody.parse, place=place, limits=self.limits) as body,
        ):
            if isinstance(body.source, InlineImage):
                place.take()
            self.responder.respond(
                req,
                resp,
                caller=caller,
                use_case=lambda record: self.enhancements.before_commit(record).blend_anonymously(
                    body.image_id,
                    source=body.source,
                    tier=body.tier,
                    options=body.options,
                    request_id=req.context.request_id,
                ),
                view=lambda mixing: MixView(job_id=mixing.job.id, tier=mixing.job.spec.tier),
            )
