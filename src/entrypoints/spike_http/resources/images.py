"""`/api/images`: list, read, change and delete; links to their files."""

import falcon
from attrs import frozen

from spike_core.domain.errors import (
    ContainsLocation,
    Forbidden,
    InvalidFileName,
)
from spike_core.domain.identifiers import ImageId
from spike_core.domain.limits import IMAGE_DESCRIPTION_CHARS_MAX
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.services.deletion import Deletion
from spike_core.services.image_updates import ImagePatch, ImageUpdates
from spike_core.services.object_access import ObjectAccess
from spike_core.services.queries import ImagesPage, Queries
from spike_core.services.rendition_making import RenditionMaking
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_http.context import Request
from spike_http.long_poll import LongPoll
from spike_http.openapi.operations import Access, Json, Operation
from spike_http.requests.errors import InvalidImageIds
from spike_http.requests.images import DeleteBody, LinksBody, image_labels
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
from spike_http.responses.images import DeletedImagesView, DeletedImageView, ImagesView, LayoutView, ShownImageView
from spike_http.responses.jobs import ImageJobsView
from spike_http.responses.links import LinksView
from spike_http.responses.serialization import as_json, set_conditional_json
from spike_http.responses.urls import ObjectUrls


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
    objects: ObjectAccess
    rendition_making: RenditionMaking
    object_urls: ObjectUrls

    @Operation("renewLinks", answer=LinksView, access=Access.OPTIONAL_USER, body=Json(LinksBody))
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Return the current URLs of images and results, for a page that shows them for longer than URLs are valid."""
        viewer = self.authenticator.optional_user(req)
        body = LinksBody.parse(json_object(req))
        linked = self.objects.linked(image_ids=body.image_ids, job_ids=body.job_ids, viewer=viewer)
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
