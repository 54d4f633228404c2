"""`/api/images/upload` and `/api/images/batch-upload`."""

import falcon
from attrs import frozen

from spike_core.domain.errors import (
    AlbumFull,
    FileTooLarge,
    InvalidFileName,
    NotEnoughTokens,
    NotFound,
)
from spike_core.domain.limits import UploadLimits
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.batch_uploads import BatchUploads
from spike_core.services.uploads import Uploads
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.errors import (
    BATCH_UPLOAD_MESSAGES,
    BUDGET_ERRORS,
    UPLOAD_MESSAGES,
)
from spike_http.idempotency import IdempotentResponder
from spike_http.openapi.operations import Operation
from spike_http.requests.errors import BatchTooLarge, NoFile, RepeatedField, TooManyFiles
from spike_http.requests.inline_images import PICTURE_ERRORS
from spike_http.requests.upload_forms import BATCH_UPLOAD_FORM, UPLOAD_FORM, batch_upload_form, upload_form
from spike_http.responses.uploads import BatchUploadView, UploadView
from spike_http.responses.urls import ObjectUrls


@frozen(kw_only=True)
class UploadResource:
    """`/api/images/upload`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    bulkhead: Bulkhead
    uploads: Uploads
    limits: UploadLimits
    object_urls: ObjectUrls

    @Operation(
        "uploadImage",
        answer=UploadView,
        bucket=RateLimitGroup.UPLOAD,
        body=UPLOAD_FORM,
        errors=(
            *BUDGET_ERRORS,
            *PICTURE_ERRORS,
            NoFile,
            RepeatedField,
            FileTooLarge,
            InvalidFileName,
            NotEnoughTokens,
            NotFound,
            AlbumFull,
            ServerBusy,
        ),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Store one picture and start its enhancement."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.UPLOAD)
        req.context.messages = UPLOAD_MESSAGES
        with self.bulkhead.place(user_id.text) as place, upload_form(req, self.limits) as form:
            place.take()
            self.responder.respond(
                req,
                resp,
                caller=user_id.text,
                use_case=lambda record: self.uploads.before_commit(record).upload(
                    user_id,
                    name=form.name,
                    content=form.content,
                    tier=form.tier,
                    options=form.options,
                    album_id=form.album_id,
                    request_id=req.context.request_id,
                ),
                view=lambda uploaded: UploadView.of(uploaded, self.object_urls.for_request(req)),
            )


@frozen(kw_only=True)
class BatchUploadResource:
    """`/api/images/batch-upload`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    bulkhead: Bulkhead
    batch_uploads: BatchUploads
    limits: UploadLimits
    object_urls: ObjectUrls

    @Operation(
        "uploadImages",
        answer=BatchUploadView,
        bucket=RateLimitGroup.BATCH_UPLOAD,
        body=BATCH_UPLOAD_FORM,
        errors=(
            *BUDGET_ERRORS,
            NoFile,
            RepeatedField,
            TooManyFiles,
            BatchTooLarge,
            NotEnoughTokens,
            NotFound,
            AlbumFull,
            ServerBusy,
        ),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Store several pictures and start their enhancement."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.BATCH_UPLOAD)
        req.context.messages = BATCH_UPLOAD_MESSAGES
        with self.bulkhead.place(user_id.text) as place, batch_upload_form(req, self.limits) as form:
            place.take()
            self.responder.respond(
                req,
                resp,
                caller=user_id.text,
                use_case=lambda record: self.batch_uploads.before_commit(record).upload(
                    user_id,
                    files=form.files,
                    tier=form.tier,
                    options=form.options,
                    album_id=form.album_id,
                    request_id=req.context.request_id,
                ),
                view=lambda batch: BatchUploadView.of(batch, self.object_urls.for_request(req)),
            )
