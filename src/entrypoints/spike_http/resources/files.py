"""`/files`: the objects of stores that the service itself serves."""

import os
from contextlib import ExitStack
from typing import BinaryIO, Final

import falcon
from attrs import frozen

from spike_core.domain.errors import InvalidIdentifier, InvalidLink, ObjectNotFound, StorageUnavailable
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.ports.blobs import BlobStore
from spike_core.ports.signed_urls import SignedUrls
from spike_core.services.queries import Queries
from spike_http.context import Request
from spike_http.openapi.operations import Access, Operation, Parameter, Picture
from spike_http.responses.serialization import matches_etag
from spike_http.serving.proxies import Proxies

_SIGNATURE: Final = (
    Parameter(name="expires", schema={"type": "string"}, description="When the URL expires; part of a signed URL."),
    Parameter(name="signature", schema={"type": "string"}, description="Part of a signed URL."),
)


@frozen(kw_only=True)
class FileResource:
    """`/files/{folder}/{name}`: with a signature, or without one if the image is public.

    Where there is an `accel_redirect`, a trusted proxy sends the object itself: nginx, at this internal location.
    """

    blobs: BlobStore
    signed_urls: SignedUrls
    queries: Queries
    proxies: Proxies
    accel_redirect: str  # such as `/objects`; empty if Spike sends its objects

    @Operation(
        "getFile",
        answer=Picture(media_types=tuple(format_.media_type for format_ in PictureFormat)),
        access=Access.PUBLIC,
        query=_SIGNATURE,
        has_etag=True,
        errors=(InvalidLink, ObjectNotFound, StorageUnavailable),
    )
    def on_get(self, req: Request, resp: falcon.Response, folder: str, name: str) -> None:
        """Stream an object."""
        key = _parse(folder, name)
        signature = req.get_param("signature")
        if signature is None:
            self.queries.check_public(key)
        else:
            self.signed_urls.check(key, expires=req.get_param("expires") or "", signature=signature)
        # the object of a key never changes, so the key identifies the version
        resp.etag = name
        resp.cache_control = ["private" if signature else "public", "max-age=300", "immutable"]
        if matches_etag(req, name):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        if self.accel_redirect and self.proxies.trust(req):
            if not self.blobs.find([key]):
                raise ObjectNotFound
            _describe(resp, key)
            resp.set_header("X-Accel-Redirect", f"{self.accel_redirect.rstrip('/')}/{key.text}")
            return
        with ExitStack() as stack:
            stream = stack.enter_context(self.blobs.open(key))
            size_bytes = stream.seek(0, os.SEEK_END)
            stream.seek(0)
            _describe(resp, key)
            resp.set_stream(_Sent(stream, stack.pop_all()), size_bytes)


class _Sent:
    """A stream that closes its resources when the server has sent it."""

    def __init__(self, stream: BinaryIO, stack: ExitStack) -> None:
        self._stream, self._stack = stream, stack

    def read(self, size: int | None = -1, /) -> bytes:
        return self._stream.read(-1 if size is None else size)

    # with these the server sends the file by itself, and the thread is free for the next request
    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def close(self) -> None:
        self._stack.close()


def _describe(resp: falcon.Response, key: ObjectKey) -> None:
    resp.content_type = key.format.media_type
    resp.set_header("Content-Security-Policy", "default-src 'none'; sandbox")


def _parse(folder: str, name: str) -> ObjectKey:
    try:
        return ObjectKey.parse(f"{folder}/{name}")
    except InvalidIdentifier as error:
        raise ObjectNotFound from error
