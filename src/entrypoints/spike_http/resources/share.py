"""`/share`: pages that need no account, with a preview card for the sites that link to them."""

from typing import Final
from urllib.parse import quote

import falcon
from attrs import frozen

from spike_core.domain.albums import Privacy
from spike_core.domain.errors import Forbidden, InvalidIdentifier, NotFound, Unauthenticated
from spike_core.domain.identifiers import AlbumId, ImageId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.secrets import Secret
from spike_core.services.albums import Albums
from spike_core.services.queries import Queries
from spike_http.context import Request
from spike_http.resources.studio import StudioPageResource
from spike_http.responses.urls import UrlBuilder
from spike_http.studio_files import PreviewCard

_HIDDEN: Final = (NotFound, Forbidden, Unauthenticated, InvalidIdentifier)  # the page says which; its card doesn't


@frozen(kw_only=True)
class SharedAlbumResource:
    """`/share/albums/{album_id}`: an album that is public, or unlisted with its `shareToken`."""

    page: StudioPageResource
    albums: Albums

    def on_get(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Show the page, with the album's card if everyone with this link may see it."""
        urls = self.page.object_urls.for_request(req)
        try:
            card = self._card(req, AlbumId.parse(album_id), urls)
        except _HIDDEN:
            card = None
        self.page.send(req, resp, card=card)

    def _card(self, req: Request, album_id: AlbumId, urls: UrlBuilder) -> PreviewCard:
        token = req.get_param("shareToken")
        secret = None if token is None else Secret(token)
        shown = self.albums.show(album_id, viewer=None, share_token=secret, limit=1)
        album, count = shown.album, shown.image_count
        image = shown.images[0][1] if shown.images else None
        return PreviewCard(
            title=str(album.name),
            description=str(album.description or f"{count} picture{'' if count == 1 else 's'}"),
            url=f"{urls.base_url}/share/albums/{album_id}{f'?shareToken={quote(token)}' if token else ''}",
            image_url=None if image is None else _picture(image, urls),
            image_description="" if image is None else image.name.text,
            is_listed=album.privacy is Privacy.PUBLIC,
        )


@frozen(kw_only=True)
class SharedPictureResource:
    """`/share/pictures/{image_id}`: a public image, before and after."""

    page: StudioPageResource
    queries: Queries

    def on_get(self, req: Request, resp: falcon.Response, image_id: str) -> None:
        """Show the page, with the image's card if the image is public."""
        urls = self.page.object_urls.for_request(req)
        try:
            card = self._card(req, ImageId.parse(image_id), urls)
        except _HIDDEN:
            card = None
        self.page.send(req, resp, card=card)

    def _card(self, req: Request, image_id: ImageId, urls: UrlBuilder) -> PreviewCard:
        shown = self.queries.glance(image_id, viewer=None)
        image, wanted = shown.image, req.get_param("job")
        results = [job for job in shown.jobs if isinstance(job, CompletedJob)]
        chosen = next((job for job in results if job.id.text == wanted), results[-1] if results else None)
        before = image.dimensions
        description = f"{before.width_px} by {before.height_px} pixels"
        if chosen is not None:
            after = chosen.result.dimensions
            description = f"Before and after: {description}, enhanced to {after.width_px} by {after.height_px}"
        return PreviewCard(
            title=image.name.text,
            description=image.description or description,
            url=f"{urls.base_url}/share/pictures/{image_id}",
            image_url=_picture(image, urls) if chosen is None else _result(chosen, image, urls),
            image_description=image.name.text,
        )


def _picture(image: Image, urls: UrlBuilder) -> str:
    return urls.of_preview(image.renditions, image) or urls.of_original(image, viewer=None)


def _result(job: CompletedJob, image: Image, urls: UrlBuilder) -> str:
    return urls.of_preview(job.result.renditions, image) or urls.of(job.result.key, image)


def share_pages(
    page: StudioPageResource, *, queries: Queries, albums: Albums
) -> dict[str, SharedAlbumResource | SharedPictureResource]:
    """Return the resources, by path. They aren't part of the API."""
    return {
        "/share/albums/{album_id}": SharedAlbumResource(page=page, albums=albums),
        "/share/pictures/{image_id}": SharedPictureResource(page=page, queries=queries),
    }
