"""`/share`: pages that need no account, with a preview card for the sites that link to them."""

import hashlib
from typing import Final
from urllib.parse import quote

import falcon
from attrs import evolve, frozen

from spike_core.domain.albums import Privacy
from spike_core.domain.errors import Forbidden, InvalidIdentifier, NotFound, ObjectNotFound, Unauthenticated
from spike_core.domain.identifiers import AlbumId, ImageId, JobId
from spike_core.domain.images import Image
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.renditions import CARD_SIZE
from spike_core.domain.secrets import Secret
from spike_core.services.albums import Albums
from spike_core.services.preview_cards import PreviewCards
from spike_core.services.queries import Queries
from spike_http.bulkhead import Bulkhead
from spike_http.context import Request
from spike_http.rate_limits import RequestLimiter
from spike_http.resources.studio import StudioPageResource
from spike_http.responses.serialization import matches_etag
from spike_http.responses.urls import UrlBuilder
from spike_http.studio_files import CardPicture, PreviewCard

_HIDDEN: Final = (NotFound, Forbidden, Unauthenticated, InvalidIdentifier)  # the page says which; its card doesn't
_CARD_AGE_S: Final = 300


@frozen(kw_only=True)
class SharedAlbumResource:
    """`/share/albums/{album_id}`: an album that is public, or unlisted with its `shareToken`."""

    page: StudioPageResource
    albums: Albums

    def on_get(self, req: Request, resp: falcon.Response, album_id: str) -> None:
        """Show the page, with the album's card if everyone with this link may see it."""
        urls = self.page.object_urls.for_request(req)
        try:
            card: PreviewCard | None = self._card(req, AlbumId.parse(album_id), urls)
        except _HIDDEN:
            card = None
        self.page.send_shared(req, resp, card)

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
            pictures=[] if image is None else [_picture(image, urls)],
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
            card: PreviewCard | None = self._card(req, ImageId.parse(image_id), urls)
        except _HIDDEN:
            card = None
        self.page.send_shared(req, resp, card)

    def _card(self, req: Request, image_id: ImageId, urls: UrlBuilder) -> PreviewCard:
        shown = self.queries.glance(image_id, viewer=None)
        image, wanted = shown.image, req.get_param("job")
        results = [job for job in shown.jobs if isinstance(job, CompletedJob)]
        named = [job for job in results if job.id.text == wanted]
        picture, url = _picture(image, urls), f"{urls.base_url}/share/pictures/{image_id}"
        size = f"{image.dimensions.width_px} by {image.dimensions.height_px} pixels"
        if not results:
            return PreviewCard(
                title=image.name.text, description=_sentences(image.description, size), url=url, pictures=[picture]
            )
        result = (named or results)[-1]
        after = result.result.dimensions
        sizes = f"Before: {size}. After: {after.width_px} by {after.height_px} pixels"
        pictures = [_result(result, image, urls), evolve(picture, description=f"{image.name}, before")]
        if image.renditions is not None and result.result.renditions is not None:
            both = f"{image.name}, before on the left and after on the right"
            card_url = f"{urls.base_url}{_card_path(image_id, result.id)}"
            pictures = [CardPicture(url=card_url, description=both, size=CARD_SIZE)]
        return PreviewCard(
            title=f"{image.name}, before and after",
            description=_sentences(image.description, sizes),
            url=f"{url}?job={wanted}" if named else url,
            pictures=pictures,
        )


@frozen(kw_only=True)
class SharedCardResource:
    """`/share/pictures/{image_id}/card/{job_id}.jpg`: a public image beside a result, which is made when asked for."""

    cards: PreviewCards
    bulkhead: Bulkhead
    limiter: RequestLimiter

    def on_get(self, req: Request, resp: falcon.Response, image_id: str, job_id: str) -> None:
        """Send the card. To a stranger, a private image is one that doesn't exist."""
        try:
            parsed = ImageId.parse(image_id), JobId.parse(job_id)
            card = self.cards.find(*parsed)
            if card is None:
                self.limiter.count_client(req, RateLimitGroup.GET_IMAGE)  # each is an object that stays
                with self.bulkhead.place(self.limiter.client(req)) as place:
                    place.take()
                    card = self.cards.make(*parsed)
            content = self.cards.read(card, job_id=parsed[1])
        except _HIDDEN as error:
            raise ObjectNotFound from error
        resp.cache_control = ["public", f"max-age={_CARD_AGE_S}"]  # short, as of public files
        resp.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        etag = hashlib.sha256(content).hexdigest()
        resp.etag = etag
        if matches_etag(req, etag):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        resp.content_type = card.key.format.media_type
        resp.data = content


def _card_path(image_id: ImageId, job_id: JobId) -> str:
    return f"/share/pictures/{image_id}/card/{job_id}.jpg"


def _sentences(*texts: str | None) -> str:
    return ". ".join(text.rstrip(".") for text in texts if text)


def _picture(image: Image, urls: UrlBuilder) -> CardPicture:
    url = urls.of_preview(image.renditions, image) or urls.of_original(image, viewer=None)
    return CardPicture(url=url, description=image.name.text)


def _result(job: CompletedJob, image: Image, urls: UrlBuilder) -> CardPicture:
    url = urls.of_preview(job.result.renditions, image) or urls.of(job.result.key, image)
    return CardPicture(url=url, description=f"{image.name}, after")


def share_pages(
    page: StudioPageResource,
    *,
    queries: Queries,
    albums: Albums,
    cards: PreviewCards,
    bulkhead: Bulkhead,
    limiter: RequestLimiter,
) -> dict[str, SharedAlbumResource | SharedPictureResource | SharedCardResource]:
    """Return the resources, by path. They aren't part of the API."""
    return {
        "/share/albums/{album_id}": SharedAlbumResource(page=page, albums=albums),
        "/share/pictures/{image_id}": SharedPictureResource(page=page, queries=queries),
        "/share/pictures/{image_id}/card/{job_id}.jpg": SharedCardResource(
            cards=cards, bulkhead=bulkhead, limiter=limiter
        ),
    }
