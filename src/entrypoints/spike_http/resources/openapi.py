"""`/openapi.json`, and the same for people at `/docs`."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import falcon
from attrs import frozen

from spike_http.context import Request
from spike_http.openapi.page import render, style
from spike_http.responses.serialization import matches_etag
from spike_http.serving.base_urls import BaseUrls

POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


_BASE_PATHS_MAX: Final = 8  # a service has one, or one for each place where an embedding program puts it


@frozen(kw_only=True)
class TextResource:
    """A text that doesn't change while the service runs, and is no secret. It is made when somebody asks first."""

    text: Callable[[str], str]  # below a base path
    content_type: str
    base_urls: BaseUrls

    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Send the text, or 304 to a client that has it already."""
        text = self.text(self.base_urls.base_path(req))
        etag = hashlib.sha256(text.encode()).hexdigest()[:32]
        resp.etag = etag
        resp.cache_control = ["no-cache"]
        resp.set_header("Content-Security-Policy", POLICY)
        if matches_etag(req, etag):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        resp.content_type = self.content_type
        resp.text = text


def pages_about(describe: Callable[[str], Mapping[str, Any]], *, base_urls: BaseUrls) -> Mapping[str, TextResource]:
    """Return the resources that tell of the OpenAPI document that `describe` makes for a base path, by path."""
    texts: Mapping[str, tuple[Callable[[str], str], str]] = {
        "/openapi.json": (lambda base_path: json.dumps(describe(base_path), ensure_ascii=False), falcon.MEDIA_JSON),
        "/docs": (lambda base_path: render(describe(base_path), base_path=base_path), falcon.MEDIA_HTML),
        "/docs.css": (lambda _base_path: style(), "text/css; charset=utf-8"),
    }
    return {
        path: TextResource(text=lru_cache(_BASE_PATHS_MAX)(make), content_type=kind, base_urls=base_urls)
        for path, (make, kind) in texts.items()
    }
