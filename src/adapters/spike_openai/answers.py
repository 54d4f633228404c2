"""Parsing of responses: the picture, or its URL."""

import base64
import binascii
import json

import httpx2
from attrs import frozen

from spike_core.domain.errors import UnusableResult
from spike_openai.errors import ImageServerError
from spike_openai.server import ImageServer


@frozen
class RemoteFile:
    """A picture that is a file on the same server."""

    url: httpx2.URL


def picture_of(body: bytes, *, server: ImageServer) -> bytes | RemoteFile:
    """Return the first picture, or its URL.

    Raises:
        ImageServerError: the response has no readable picture.
        UnusableResult: the picture is at another origin. The server is configured so: a retry would cost money in vain.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ImageServerError(f"{server} answered with something other than JSON") from None
    match document:
        case {"data": [{"b64_json": str(text)}, *_]} if text:
            return _decoded(text, server)
        case {"data": [{"url": str(text)}, *_]} if text:
            return RemoteFile(_same_origin(text, server))
        case _:
            raise ImageServerError(f"{server} answered without a picture")


def _decoded(text: str, server: ImageServer) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ImageServerError(f"{server} sent a picture that isn't base64") from None


def _same_origin(text: str, server: ImageServer) -> httpx2.URL:
    try:
        url = server.base.join(text)
    except httpx2.InvalidURL:
        raise UnusableResult("the server returned an invalid URL for it") from None
    if not server.owns(url):
        raise UnusableResult("the server returned a URL of another server for it")
    return url
