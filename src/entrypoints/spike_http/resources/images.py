"""`/api/images`: upload, enhance, look."""

import falcon
from attrs import frozen

from spike_core.domain.identifiers import ImageId
from spike_core.services.enhancements import Enhancements
from spike_core.services.gallery import Gallery
from spike_core.services.uploads import Uploads
from spike_http.authentication import Gate
from spike_http.bodies import EnhanceBody, ParallelEnhanceBody, json_object
from spike_http.errors import ENHANCE_WORDINGS, UPLOAD_WORDINGS
from spike_http.forms import upload_form
from spike_http.links import LinkPolicy
from spike_http.media import answer_if_changed, as_json
from spike_http.middleware import request_id_of
from spike_http.query import image_cursor, page_limit
from spike_http.views.images import ImagesView, ImageView, ShownImageView, UploadView
from spike_http.views.jobs import EnhanceView, ParallelEnhanceView


@frozen(kw_only=True)
class UploadResource:
    """`/api/images/upload`."""

    gate: Gate
    uploads: Uploads
    links: LinkPolicy

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Store one picture and begin its enhancement."""
        user_id = self.gate.user(req)
        req.context.wordings = UPLOAD_WORDINGS
        with upload_form(req) as form:
            uploaded = self.uploads.upload(
                user_id,
                name=form.name,
                content=form.content,
                album_id=form.album_id,
                request_id=request_id_of(req),
            )
        resp.media = as_json(UploadView.of(uploaded, self.links.addresses(req)))


@frozen(kw_only=True)
class EnhanceResource:
    """`/api/images/enhance`."""

    gate: Gate
    enhancements: Enhancements

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Begin to enhance an image at one tier."""
        user_id = self.gate.user(req)
        req.context.wordings = ENHANCE_WORDINGS
        body = EnhanceBody.parse(json_object(req))
        enhancing = self.enhancements.enhance(
            user_id, image_id=body.image_id, tier=body.tier, request_id=request_id_of(req)
        )
        order = enhancing.job.order
        resp.media = as_json(EnhanceView(job_id=order.id, token_cost=order.charged, new_balance=enhancing.balance))


@frozen(kw_only=True)
class ParallelEnhanceResource:
    """`/api/images/parallel-enhance`."""

    gate: Gate
    enhancements: Enhancements

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Begin to enhance an image at several tiers, all or none."""
        user_id = self.gate.user(req)
        body = ParallelEnhanceBody.parse(json_object(req))
        enhancing = self.enhancements.enhance_in_parallel(
            user_id, image_id=body.image_id, tiers=body.tiers, request_id=request_id_of(req)
        )
        resp.media = as_json(ParallelEnhanceView.of(enhancing))


@frozen(kw_only=True)
class ImagesResource:
    """`/api/images`."""

    gate: Gate
    gallery: Gallery
    links: LinkPolicy

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """List one's own images, newest first."""
        user_id = self.gate.user(req)
        page = self.gallery.images(user_id, before=image_cursor(req), limit=page_limit(req))
        resp.media = as_json(ImagesView.of(page, self.links.addresses(req)))


@frozen(kw_only=True)
class ImageResource:
    """`/api/images/{image_id}`."""

    gate: Gate
    gallery: Gallery
    links: LinkPolicy

    def on_get(self, req: falcon.Request, resp: falcon.Response, image_id: str) -> None:
        """Show an image with its jobs."""
        viewer = self.gate.visitor(req)
        shown = self.gallery.image(ImageId.parse(image_id), viewer=viewer)
        view = ShownImageView(image=ImageView.shown(shown, self.links.addresses(req)))
        answer_if_changed(req, resp, as_json(view))
