"""`/api/images`: upload, enhance, read, change and delete."""

import falcon
from attrs import frozen

from spike_core.domain.errors import (
    AlbumFull,
    ContainsLocation,
    FileTooLarge,
    Forbidden,
    InvalidFileName,
    NotEnoughTokens,
    NotFound,
    SourceTooLarge,
)
from spike_core.domain.identifiers import ImageId
from spike_core.domain.limits import IMAGE_DESCRIPTION_CHARS_MAX, UploadLimits
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.batch_uploads import BatchUploads
from spike_core.services.deletion import Deletion
from spike_core.services.enhancements import Enhancements
from spike_core.services.image_updates import ImagePatch, ImageUpdates
from spike_core.services.ingest import InlineImage
from spike_core.services.queries import ImagesPage, Queries
from spike_core.services.rendition_making import RenditionMaking
from spike_core.services.uploads import Uploads
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.errors import (
    BATCH_UPLOAD_MESSAGES,
    BUDGET_ERRORS,
    ENHANCE_MESSAGES,
    JOB_BUDGET_ERRORS,
    UPLOAD_MESSAGES,
)
from spike_http.idempotency import IdempotentResponder
from spike_http.long_poll import LongPoll
from spike_http.openapi.operations import Access, Json, Operation
from spike_http.requests.enhancements import BatchEnhanceBody, EnhanceBody, ParallelEnhanceBody
from spike_http.requests.errors import BatchTooLarge, InvalidImageIds, NoFile, RepeatedField, TooManyFiles
from spike_http.requests.images import DeleteBody, LinksBody, image_labels
from spike_http.requests.inline_images import PICTURE_ERRORS, json_with_picture
from spike_http.requests.json_bodies import json_object
from spike_http.requests.query import (
    COMPLETED_TIER,
    CURSOR,
    IDS,
    LAYOUT_LIMIT,
    LIMIT,
    ORDER,
    SEARCH,
    STATE,
    image_cursor,
    image_filter,
    image_ids,
    image_order,
    job_cursor,
    layout_limit,
    page_limit,
)
from spike_http.requests.upload_forms import BATCH_UPLOAD_FORM, UPLOAD_FORM, batch_upload_form, upload_form
from spike_http.responses.images import (
    BatchUploadView,
    DeletedImagesView,
    DeletedImageView,
    ImagesView,
    LayoutView,
    LinksView,
    ShownImageView,
    UploadView,
)
from spike_http.responses.jobs import BatchEnhanceView, EnhanceView, ImageJobsView, ParallelEnhanceView
from spike_http.responses.serialization import as_json, set_conditional_json
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


@frozen(kw_only=True)
class ImagesResource:
    """`/api/images`."""

    authenticator: RequestAuthentication
    queries: Queries
    rendition_making: RenditionMaking
    object_urls: ObjectUrls

    @Operation("listImages", answer=ImagesView, query=(LIMIT, CURSOR, ORDER, SEARCH, STATE, COMPLETED_TIER, IDS))
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """List the user's images, or those with some ids."""
        user_id = self.authenticator.user(req)
        ids, order = image_ids(req), image_order(req)
        if ids is None:
            page = self.queries.images(
                user_id,
                before=image_cursor(req, order),
                limit=page_limit(req),
                order=order,
                matching=image_filter(req),
            )
        else:
            page = ImagesPage(images=self.queries.images_among(ids, viewer=user_id), next=None)
        self.rendition_making.request_missing(page.images, caller=user_id)
        resp.media = as_json(ImagesView.of(page, self.object_urls.for_request(req)))


@frozen(kw_only=True)
class ImageLayoutResource:
    """`/api/images/layout`."""

    authenticator: RequestAuthentication
    queries: Queries

    @Operation("layOutImages", answer=LayoutView, query=(LAYOUT_LIMIT, CURSOR, ORDER, SEARCH, STATE, COMPLETED_TIER))
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """List the sizes and dates of the user's images, many at once."""
        user_id, order = self.authenticator.user(req), image_order(req)
        page = self.queries.layout(
            user_id, after=image_cursor(req, order), limit=layout_limit(req), order=order, matching=image_filter(req)
        )
        resp.media = as_json(LayoutView.of(page, order=order))


@frozen(kw_only=True)
class LinksResource:
    """`/api/images/links`."""

    authenticator: RequestAuthentication
    queries: Queries
    rendition_making: RenditionMaking
    object_urls: ObjectUrls

    @Operation("renewLinks", answer=LinksView, access=Access.OPTIONAL_USER, body=Json(LinksBody))
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Return the current URLs of images and results, for a page that shows them for longer than URLs are valid."""
        viewer = self.authenticator.optional_user(req)
        body = LinksBody.parse(json_object(req))
        linked = self.queries.linked(image_ids=body.image_ids, job_ids=body.job_ids, viewer=viewer)
        self.rendition_making.request_missing(linked.pictures, caller=viewer)
        if body.is_lost:
            self.rendition_making.remake_lost([each.id for each in linked.pictures], caller=viewer)
        view_of = LinksView.of_attachments if body.is_download else LinksView.of
        resp.media = as_json(view_of(linked, self.object_urls.for_request(req), viewer=viewer))


@frozen(kw_only=True)
class DeleteResource:
    """`/api/images/delete`."""

    authenticator: RequestAuthentication
    deletion: Deletion
    bulkhead: Bulkhead

    @Operation(
        "deleteImages",
        answer=DeletedImagesView,
        body=Json(DeleteBody),
        errors=(InvalidImageIds, Forbidden, ServerBusy),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Delete several images, their jobs and all their files; unsettled jobs are refunded."""
        user_id = self.authenticator.user(req)
        body = DeleteBody.parse(json_object(req))
        with self.bulkhead.place(user_id.text) as place:
            place.take()
            removed = self.deletion.remove_all(user_id, body.image_ids)
        resp.media = as_json(DeletedImagesView.of(removed))


@frozen(kw_only=True)
class ImageResource:
    """`/api/images/{image_id}`."""

    authenticator: RequestAuthentication
    queries: Queries
    image_updates: ImageUpdates
    deletion: Deletion
    bulkhead: Bulkhead
    long_poll: LongPoll
    object_urls: ObjectUrls

    @Operation(
        "changeImage",
        answer=ShownImageView,
        body=Json(ImagePatch, fields={"description": {"maxLength": IMAGE_DESCRIPTION_CHARS_MAX}}),
        errors=(ContainsLocation, InvalidFileName, ServerBusy),
    )
    def on_patch(self, req: Request, resp: falcon.Response, image_id: str) -> None:
        """Change an image's name, description or visibility."""
        user_id = self.authenticator.user(req)
        labels = image_labels(json_object(req))
        with self.bulkhead.place(user_id.text) as place:
            if labels.is_public is True:
                place.take()
            image = self.image_updates.change(user_id, ImageId.parse(image_id), labels)
        shown = self.queries.image(image.id, viewer=user_id)
        view = ShownImageView.of(shown, self.object_urls.for_request(req), viewer=user_id)
        resp.media = as_json(view)

    @Operation("deleteImage", answer=DeletedImageView)
    def on_delete(self, req: Request, resp: falcon.Response, image_id: str) -> None:
        """Delete an image, its jobs and all their files; unsettled jobs are refunded."""
        user_id = self.authenticator.user(req)
        self.deletion.remove(user_id, ImageId.parse(image_id))
        resp.media = as_json(DeletedImageView())

    @Operation(
        "getImage", answer=ShownImageView, access=Access.OPTIONAL_USER, bucket=RateLimitGroup.GET_IMAGE, has_etag=True
    )
    def on_get(self, req: Request, resp: falcon.Response, image_id: str) -> None:
        """Show an image with its newest jobs."""
        viewer = self.authenticator.optional_user(req, bucket=RateLimitGroup.GET_IMAGE)
        parsed = ImageId.parse(image_id)
        look = self.queries.glance if req.context.is_head else self.queries.image  # HEAD counts no view
        shown = self.long_poll.wait(
            req,
            resp,
            first=look(parsed, viewer=viewer),
            is_done=lambda seen: seen.is_at_rest,
            is_over=lambda: self.queries.is_image_at_rest(parsed),
            again=lambda: self.queries.glance(parsed, viewer=viewer),
        )
        view = ShownImageView.of(shown, self.object_urls.for_request(req), viewer=viewer)
        set_conditional_json(req, resp, as_json(view))


@frozen(kw_only=True)
class ImageJobsResource:
    """`/api/images/{image_id}/jobs`."""

    authenticator: RequestAuthentication
    queries: Queries
    object_urls: ObjectUrls

    @Operation(
        "listImageJobs",
        answer=ImageJobsView,
        access=Access.OPTIONAL_USER,
        bucket=RateLimitGroup.GET_IMAGE,
        query=(LIMIT, CURSOR),
    )
    def on_get(self, req: Request, resp: falcon.Response, image_id: str) -> None:
        """List an image's jobs, newest first."""
        viewer = self.authenticator.optional_user(req, bucket=RateLimitGroup.GET_IMAGE)
        page = self.queries.jobs_of_image(
            ImageId.parse(image_id), viewer=viewer, before=job_cursor(req), limit=page_limit(req)
        )
        resp.media = as_json(ImageJobsView.of(page, self.object_urls.for_request(req)))
