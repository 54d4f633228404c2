"""JSON serialization of views, and conditional responses."""

import hashlib
import json
from typing import Any, Final

import falcon

from spike_core.codec import make_converter

_CONVERTER: Final = make_converter()


def as_json(view: object) -> Any:
    """Return a view as JSON data, with camelCase names."""
    return _CONVERTER.unstructure(view)


def set_conditional_json(req: falcon.Request, resp: falcon.Response, media: Any) -> None:
    """Answer with an ETag of the media, or with 304 if the client has that version (RFC 9110, section 13.1.2)."""
    text = json.dumps(media, ensure_ascii=False)
    etag = hashlib.sha256(text.encode()).hexdigest()[:32]
    resp.etag = etag
    resp.cache_control = ["private", "no-cache"]
    if matches_etag(req, etag):
        resp.status = falcon.HTTP_NOT_MODIFIED
        return
    resp.content_type = falcon.MEDIA_JSON
    resp.text = text


def matches_etag(req: falcon.Request, etag: str) -> bool:
    """Return whether `If-None-Match` contains this ETag."""
    return any(known in {"*", etag} for known in req.if_none_match or ())
