"""`/` and `/studio`: the studio, a web interface."""

import hashlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit

import falcon
from attrs import frozen

from spike_core.domain.errors import ObjectNotFound
from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_http.context import Request
from spike_http.responses.serialization import matches_etag
from spike_http.responses.urls import ObjectUrls
from spike_http.responses.versioned_files import send_versioned
from spike_http.studio_files import PreviewCard, StudioFiles, media_type

# a key whose URL shows the object store's host; the object needn't exist
_SOME_OBJECT: Final = ObjectKey.of_original(ImageId.of("0" * 24), PictureFormat.JPEG)


@frozen(kw_only=True)
class StudioPageResource:
    """`/`: the page. Browsers revalidate it each time, and it refers to one version of the files."""

    files: StudioFiles
    object_urls: ObjectUrls

    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Show the page."""
        self._send(req, resp, self.files.page_below(self.object_urls.base_urls.base_path(req)))

    def send_shared(self, req: Request, resp: falcon.Response, card: PreviewCard | None) -> None:
        """Send the page of what is shared, with its preview card.

        Without a card, nothing is shared there: the page, which says why, has the status 404.
        """
        base_path = self.object_urls.base_urls.base_path(req)
        if card is not None:
            self._send(req, resp, self.files.page_with_card(base_path, card))
            return
        self._describe(req, resp)
        resp.status = falcon.HTTP_NOT_FOUND
        resp.content_type = falcon.MEDIA_HTML
        resp.data = self.files.page_below(base_path)

    def _send(self, req: Request, resp: falcon.Response, page: bytes) -> None:
        self._describe(req, resp)
        etag = hashlib.sha256(page).hexdigest()[:32]
        resp.etag = etag
        if matches_etag(req, etag):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        resp.content_type = falcon.MEDIA_HTML
        resp.data = page

    def _describe(self, req: Request, resp: falcon.Response) -> None:
        resp.set_header("Content-Security-Policy", self._policy(req))
        resp.set_header("Referrer-Policy", "same-origin")
        resp.cache_control = ["no-cache"]

    def _policy(self, req: Request) -> str:
        """Return the Content-Security-Policy: the page may load our own files, and pictures from the object store."""
        store = csp_source(self.object_urls.for_request(req).of(_SOME_OBJECT, None))
        return "; ".join(
            [
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                "font-src 'self'",
                f"img-src 'self' blob: {store}",
                f"connect-src 'self' {store}",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            ]
        )


def csp_source(url: str) -> str:
    """Return the source expression of a URL's host (CSP Level 3, section 2.3.1), which can't end its directive.

    Characters that no host has are percent-encoded. A URL of another scheme than http and https allows nothing.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return ""
    return f"{parts.scheme}://{quote(parts.netloc.rpartition('@')[2], safe='.-_:[]')}"


@frozen(kw_only=True)
class StudioFileResource:
    """`/studio/{version}/{path}`: the page's files. A version's files never change."""

    files: StudioFiles

    def on_get(self, req: Request, resp: falcon.Response, version: str, path: str) -> None:
        """Send a file of this version."""
        content = self.files.files.get(path)
        if content is None or version != self.files.version:
            raise ObjectNotFound
        send_versioned(
            req,
            resp,
            version=version,
            media_type=media_type(path),
            plain=lambda: content,
            packed=self.files.packed.get(path),
        )


def studio_pages(page: StudioPageResource, files: StudioFiles) -> Mapping[str, StudioPageResource | StudioFileResource]:
    """Return the studio's resources, by path. They aren't part of the API."""
    return {
        "/": page,
        "/studio/{version}/{path:path}": StudioFileResource(files=files),
    }
