"""Answers: the picture in what the server sent, or where it is."""

import base64
import binascii
import json

import httpx2
from attrs import frozen

from spike_core.domain.errors import UnusableResult
from spike_openai.errors import ServerTrouble
from spike_openai.server import ImageServer


@frozen
class RemoteFile:
    """The picture is a file of the same server."""

    url: httpx2.URL


def picture_of(body: bytes, *, server: ImageServer) -> bytes | RemoteFile:
    """Return the first picture, or where it is.

    Raises:
        ServerTrouble: there is none that can be read.
        UnusableResult: it is at another origin. That is how the server is set up: asking, and paying, again is no use.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ServerTrouble(f"{server} answered something else than JSON") from None
    match document:
        case {"data": [{"b64_json": str(text)}, *_]} if text:
            return _decoded(text, server)
        case {"data": [{"url": str(text)}, *_]} if text:
            return RemoteFile(_same_origin(text, server))
        case _:
            raise ServerTrouble(f"{server} answered without a picture")


def _decoded(text: str, server: ImageServer) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ServerTrouble(f"{server} sent a picture that isn't base64") from None


def _same_origin(text: str, server: ImageServer) -> httpx2.URL:
    try:
        url = server.base.join(text)
    except httpx2.InvalidURL:
        raise UnusableResult("the server says that it is at something that is no address") from None
    if not server.owns(url):
        raise UnusableResult("the server says that it is on another server")
    return url
