"""`/openapi.json`, and its viewer at `/docs`."""

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any, Final

import falcon
from attrs import frozen

from spike_core.domain.errors import ObjectNotFound
from spike_http.context import Request
from spike_http.openapi.viewer import Viewer, media_type
from spike_http.responses.serialization import matches_etag
from spike_http.responses.versioned_files import send_versioned
from spike_http.serving.base_urls import BaseUrls

DOCUMENT_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
# scripts and styles only from our own files; images from style sheets (data:) and from requests that users try (blob:)
VIEWER_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_BASE_PATHS_MAX: Final = 8  # usually one, or one for each path at which an embedding program mounts the service


@frozen(kw_only=True)
class TextResource:
    """A public text that doesn't change while the service runs. It is built at the first request."""

    text: Callable[[str], str]  # for a base path
    content_type: str
    policy: str  # Content-Security-Policy
    base_urls: BaseUrls

    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Send the text, or 304 if the client has it already."""
        text = self.text(self.base_urls.base_path(req))
        etag = hashlib.sha256(text.encode()).hexdigest()[:32]
        resp.etag = etag
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", self.policy)
        if matches_etag(req, etag):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        resp.content_type = self.content_type
        resp.text = text


@frozen(kw_only=True)
class ViewerFileResource:
    """`/docs/{version}/{name}`: a script or style sheet of the viewer. A version's files never change."""

    viewer: Viewer

    def on_get(self, req: Request, resp: falcon.Response, version: str, name: str) -> None:
        """Send a file of this version."""
        content = self.viewer.files.get(name)
        if content is None or version != self.viewer.version:
            raise ObjectNotFound
        send_versioned(
            req,
            resp,
            version=version,
            media_type=media_type(name),
            plain=lambda: gzip.decompress(content),
            packed=content,
        )


def document_pages(
    describe: Callable[[str], Mapping[str, Any]], *, base_urls: BaseUrls
) -> Mapping[str, TextResource | ViewerFileResource]:
    """Return the resources that publish the OpenAPI document which `describe` makes for a base path, by path."""
    viewer = _viewer()

    def document(base_path: str) -> str:
        return json.dumps(describe(base_path), ensure_ascii=False)

    return {
        "/openapi.json": TextResource(
            text=lru_cache(_BASE_PATHS_MAX)(document),
            content_type=falcon.MEDIA_JSON,
            policy=DOCUMENT_POLICY,
            base_urls=base_urls,
        ),
        "/docs": TextResource(
            text=viewer.page_below, content_type=falcon.MEDIA_HTML, policy=VIEWER_POLICY, base_urls=base_urls
        ),
        "/docs/{version}/{name}": ViewerFileResource(viewer=viewer),
    }


@cache
def _viewer() -> Viewer:
    return Viewer.read()
