"""`/files`: the objects of stores that the service itself serves."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import BinaryIO, Final

import falcon
from attrs import frozen

from spike_core.domain.errors import InvalidIdentifier, InvalidLink, ObjectNotFound
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.ports.blobs import BlobStore
from spike_core.ports.signed_urls import SignedUrls
from spike_core.services.object_access import ObjectAccess
from spike_core.services.rendition_making import RenditionMaking
from spike_http.byte_ranges import ByteRange, Section, Version
from spike_http.context import Request
from spike_http.openapi.operations import Access, Operation, Parameter, Picture
from spike_http.responses.disposition import attachment
from spike_http.serving.proxies import Proxies
from spike_http.unavailability import ServerBusy, busy_while_unavailable

_PUBLIC_AGE_S: Final = 300  # short, so that what its owner hides soon leaves caches too
_PARAMETERS: Final = (
    Parameter(name="expires", schema={"type": "string"}, description="When the URL expires; part of a signed URL."),
    Parameter(name="signature", schema={"type": "string"}, description="Part of a signed URL."),
    Parameter(
        name="download",
        schema={"type": "string"},
        description="With `1`, browsers save the file, under the image's name. It isn't part of the signature.",
    ),
)


@frozen(kw_only=True)
class FileResource:
    """`/files/{folder}/{name}`: with a signature, or without one if the image is public.

    Where there is an `accel_redirect`, a trusted proxy sends the object itself: nginx, at this internal location.
    """

    blobs: BlobStore
    signed_urls: SignedUrls
    objects: ObjectAccess
    rendition_making: RenditionMaking
    proxies: Proxies
    accel_redirect: str  # such as `/objects`; empty if Spike sends its objects
    lifetime: timedelta  # of signed URLs

    @Operation(
        "getFile",
        answer=Picture(media_types=tuple(format_.media_type for format_ in PictureFormat)),
        access=Access.PUBLIC,
        query=_PARAMETERS,
        has_etag=True,
        has_ranges=True,
        errors=(InvalidLink, ObjectNotFound, ServerBusy),
    )
    @busy_while_unavailable
    def on_get(self, req: Request, resp: falcon.Response, folder: str, name: str) -> None:
        """Stream an object."""
        key = _parse(folder, name)
        with self._remaking(key):
            self._send(req, resp, key)

    @contextmanager
    def _remaking(self, key: ObjectKey) -> Iterator[None]:
        """Have a rendition made anew that the caller may read, and the store has lost."""
        try:
            yield
        except ObjectNotFound:
            if key.is_rendition:
                self.rendition_making.remake_lost([key.owner], caller=None)
            raise

    def _send(self, req: Request, resp: falcon.Response, key: ObjectKey) -> None:
        signature = req.get_param("signature")
        if signature is None:
            self.objects.check_public(key)
        else:
            self.signed_urls.check(key, expires=req.get_param("expires") or "", signature=signature)
        described = self.objects.described(key)
        # the object of a key never changes, so the key, too, identifies the version
        etag = described.sha256.hex() if described.sha256 else key.text.rpartition("/")[2]
        version = Version(etag=etag, last_modified=described.stored_at)
        version.describe(resp)
        resp.cache_control = self._caching(is_signed=signature is not None)
        if version.is_known_to(req):
            resp.status = falcon.HTTP_NOT_MODIFIED
            return
        if req.get_param("download") == "1":
            resp.set_header("Content-Disposition", attachment(described.file_name))
        if self.accel_redirect and self.proxies.trust(req):
            if not self.blobs.find([key]):
                raise ObjectNotFound
            _describe(resp, key)
            resp.set_header("X-Accel-Redirect", f"{self.accel_redirect.rstrip('/')}/{key.text}")
            return
        with ExitStack() as stack:
            stream = stack.enter_context(self.blobs.open(key))
            size_bytes = stream.seek(0, os.SEEK_END)
            part = version.part(req, size_bytes=size_bytes)
            _describe(resp, key)
            if part is None:
                part = ByteRange(first=0, last=size_bytes - 1)
            else:
                part.describe(resp, size_bytes=size_bytes)
            resp.set_stream(_Sent(stream, part, stack.pop_all()), part.length)

    def _caching(self, *, is_signed: bool) -> list[str]:
        """Return what may be cached: a signed URL by browsers alone, as long as it may be valid."""
        if is_signed:
            return ["private", f"max-age={int(self.lifetime.total_seconds())}", "immutable"]
        return ["public", f"max-age={_PUBLIC_AGE_S}", "immutable"]


class _Sent(Section):
    """A section that closes its resources when the server has sent it."""

    def __init__(self, stream: BinaryIO, part: ByteRange, stack: ExitStack) -> None:
        super().__init__(stream, part)
        self._stack = stack

    def close(self) -> None:
        self._stack.close()


def _describe(resp: falcon.Response, key: ObjectKey) -> None:
    resp.content_type = key.format.media_type
    resp.accept_ranges = "bytes"
    resp.set_header("Content-Security-Policy", "default-src 'none'; sandbox")


def _parse(folder: str, name: str) -> ObjectKey:
    try:
        return ObjectKey.parse(f"{folder}/{name}")
    except InvalidIdentifier as error:
        raise ObjectNotFound from error
