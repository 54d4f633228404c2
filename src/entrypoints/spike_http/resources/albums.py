"""`/api/albums`, and moving images between them."""

from http import HTTPStatus

import falcon
from attrs import frozen

from spike_core.domain.albums import AlbumPatch
from spike_core.domain.errors import AlbumFull, NotFound, TooManyAlbums
from spike_core.domain.identifiers import AlbumId
from spike_core.domain.limits import ALBUM_PAGE_SIZE
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.secrets import Secret
from spike_core.services.album_contents import AlbumContents
from spike_core.services.albums import Albums, NewAlbum
from spike_core.services.rendition_making import RenditionMaking
from spike_http.authentication import RequestAuthentication
from spike_http.context import Request
from spike_http.idempotency import IdempotentResponder
from spike_http.openapi.operations import Access, Json, Operation
from spike_http.openapi.tiers import PAID_TIER
from spike_http.requests.albums import (
    ORDER_BYTES_MAX,
    ImageIdsBody,
    MoveBody,
    OrderBody,
    album_changes,
    new_album,
)
from spike_http.requests.errors import InvalidImageIds
from spike_http.requests.json_bodies import json_object
from spike_http.requests.query import (
    ALBUM_LIMIT,
    CURSOR,
    LAYOUT_LIMIT,
    SHARE_TOKEN,
    album_cursor,
    layout_limit,
    page_limit,
)
from spike_http.responses.albums import (
    AlbumListView,
    AlbumView,
    KeptAlbumView,
    ListedAlbumView,
    MovedView,
    OrderView,
    RemovedAlbumView,
    RemovedImagesView,
    ShownAlbumView,
)
from spike_http.responses.images import LayoutView
from spike_http.responses.serialization import as_json
from spike_http.responses.urls import ObjectUrls


@frozen(kw_only=True)
class AlbumsResource:
    """`/api/albums`."""

    authenticator: RequestAuthentication
    responder: IdempotentResponder
    albums: Albums
    object_urls: ObjectUrls

    @Operation("listAlbums", answer=AlbumListView)
    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """List the caller's albums."""
        user_id = self.authenticator.user(req)
        urls = self.object_urls.for_request(req)
        listed = self.albums.summaries(user_id)
        resp.media = as_json(
            AlbumListView(
                albums=[ListedAlbumView.listed(each, viewer=user_id, urls=urls) for each in listed],
                url_expires_at=urls.expires_at,
            )
        )

    @Operation(
        "createAlbum",
        answer=KeptAlbumView,
        status=HTTPStatus.CREATED,
        body=Json(NewAlbum, fields={"defaultTier": PAID_TIER}),
        errors=(TooManyAlbums,),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Create an album."""
        user_id = self.authenticator.user(req)
        wanted = new_album(json_object(req))
        self.responder.respond(
            req,
            resp,
            caller=user_id.text,
            use_case=lambda record: self.albums.before_commit(record).create(user_id, wanted),
            view=lambda album: KeptAlbumView(album=AlbumView.of(album, viewer=user_id)),
            status=HTTPStatus.CREATED,
        )


@frozen(kw_only=True)
class AlbumResource:
    """`/api/albums/{album_id}`."""

    authenticator: RequestAuthentication
    albums: Albums
    rendition_making: RenditionMaking
    object_urls: ObjectUrls

    @Operation("getAlbum", answer=ShownAlbumView, access=Access.OPTIONAL_USER, query=(SHARE_TOKEN, ALBUM_LIMIT, CURSOR))
    def on_get(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Show an album with a page of its images."""
        viewer = self.authenticator.optional_user(req)
        token = req.get_param("shareToken")
        shown = self.albums.show(
            AlbumId.parse(album_id),
            viewer=viewer,
            share_token=None if token is None else Secret(token),
            after=album_cursor(req),
            limit=page_limit(req, default=ALBUM_PAGE_SIZE),
        )
        self.rendition_making.request_missing([image for _place, image in shown.images], caller=viewer)
        resp.media = as_json(ShownAlbumView.of(shown, viewer=viewer, urls=self.object_urls.for_request(req)))

    @Operation(
        "changeAlbum",
        answer=KeptAlbumView,
        body=Json(AlbumPatch, fields={"defaultTier": PAID_TIER}),
    )
    def on_patch(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Change an album's attributes."""
        user_id = self.authenticator.user(req)
        changes = album_changes(json_object(req))
        album = self.albums.change(user_id, AlbumId.parse(album_id), changes)
        resp.media = as_json(KeptAlbumView(album=AlbumView.of(album, viewer=user_id)))

    @Operation("deleteAlbum", answer=RemovedAlbumView)
    def on_delete(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Delete an album; its images are kept."""
        user_id = self.authenticator.user(req)
        self.albums.remove(user_id, AlbumId.parse(album_id))
        resp.media = as_json(RemovedAlbumView())


@frozen(kw_only=True)
class AlbumLayoutResource:
    """`/api/albums/{album_id}/layout`."""

    authenticator: RequestAuthentication
    albums: Albums

    @Operation("layOutAlbum", answer=LayoutView, access=Access.OPTIONAL_USER, query=(SHARE_TOKEN, LAYOUT_LIMIT, CURSOR))
    def on_get(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """List the sizes and dates of an album's images, many at once."""
        viewer = self.authenticator.optional_user(req)
        token = req.get_param("shareToken")
        shown = self.albums.layout(
            AlbumId.parse(album_id),
            viewer=viewer,
            share_token=None if token is None else Secret(token),
            after=album_cursor(req),
            limit=layout_limit(req),
        )
        resp.media = as_json(LayoutView.of_album(shown))


@frozen(kw_only=True)
class AlbumImagesResource:
    """`/api/albums/{album_id}/images`."""

    authenticator: RequestAuthentication
    album_contents: AlbumContents

    @Operation(
        "addImagesToAlbum",
        answer=MovedView,
        body=Json(ImageIdsBody),
        errors=(InvalidImageIds, AlbumFull),
    )
    def on_post(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Append images to an album."""
        user_id = self.authenticator.user(req)
        body = ImageIdsBody.parse(json_object(req))
        moved = self.album_contents.move(user_id, body.image_ids, target=AlbumId.parse(album_id))
        resp.media = as_json(MovedView.of(moved))

    @Operation(
        "takeImagesOutOfAlbum",
        answer=RemovedImagesView,
        body=Json(ImageIdsBody),
        errors=(InvalidImageIds,),
    )
    def on_delete(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Remove images from an album."""
        user_id = self.authenticator.user(req)
        body = ImageIdsBody.parse(json_object(req))
        removed = self.album_contents.remove(user_id, body.image_ids, album_id=AlbumId.parse(album_id))
        resp.media = as_json(RemovedImagesView(removed=removed))

    @Operation(
        "rearrangeAlbum",
        answer=OrderView,
        body=Json(OrderBody),
        errors=(InvalidImageIds,),
    )
    def on_patch(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Reorder an album's images."""
        user_id = self.authenticator.user(req)
        body = OrderBody.parse(json_object(req, bytes_max=ORDER_BYTES_MAX))
        places = self.album_contents.rearrange(user_id, body.image_order, album_id=AlbumId.parse(album_id))
        resp.media = as_json(OrderView(image_order=[place.image_id for place in places]))


@frozen(kw_only=True)
class MoveResource:
    """`/api/images/move-to-album`."""

    authenticator: RequestAuthentication
    album_contents: AlbumContents

    @Operation(
        "moveImagesToAlbum",
        answer=MovedView,
        bucket=RateLimitGroup.MOVE,
        body=Json(MoveBody),
        errors=(InvalidImageIds, NotFound, AlbumFull),
    )
    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Move images to an album, and out of another if the request names one."""
        user_id = self.authenticator.user(req, bucket=RateLimitGroup.MOVE)
        body = MoveBody.parse(json_object(req))
        moved = self.album_contents.move(user_id, body.image_ids, target=body.target, source=body.source)
        resp.media = as_json(MovedView.of(moved))
