"""JSON serialization of views, and conditional responses."""

import hashlib
import json
from typing import Any, Final

import falcon

from spike_core.codec import make_converter

_CONVERTER: Final = make_converter()


def as_json(view: object) -> Any:
    """Return a view as plain data: camelCase names, texts, numbers, lists, nulls."""
    return _CONVERTER.unstructure(view)


def set_conditional_json(req: falcon.Request, resp: falcon.Response, media: Any) -> None:
    """Answer with an ETag of the media, or 304 to a client that has it already (RFC 9110, section 13.1.2)."""
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
    """Return whether the client says that it has what this ETag stands for."""
    return any(known in {"*", etag} for known in req.if_none_match or ())
