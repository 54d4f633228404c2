"""Requests to this application itself, on behalf of the request that is being answered.

What refuses and counts a request of the API does so for these: scopes, rate limits, budgets, errors.
"""

import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack, suppress
from typing import Any, Final
from urllib.parse import urlencode

import falcon
from attrs import define, field, frozen

from spike_core.domain.errors import (
    FileTooLarge,
    InvalidInput,
    InvalidValue,
    ObjectNotFound,
    SourceTooLarge,
    SpikeError,
)
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.limits import UploadLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.renditions import Renditions
from spike_core.ports.authenticator import Identity
from spike_core.ports.blobs import BlobStore
from spike_core.ports.downloader import Downloader
from spike_core.services.object_access import LinkedObjects, ObjectAccess
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Place
from spike_http.context import Request
from spike_http.error_handlers import error_body, retry_after_s
from spike_http.errors import TABLE, UPLOAD_MESSAGES
from spike_http.idempotency import REPLAYED, WINDOW_KEY
from spike_http.requests.errors import MissingFields
from spike_http.requests.inline_images import MEDIA_TYPES, parse_inline_image
from spike_http.requests.json_bodies import string_field
from spike_http.scopes import check_scope
from spike_mcp import ApiResponse, OrderKey, Picture
from spike_mcp.api import FILE_BYTES_MAX, PICTURE_BYTES_MAX
from spike_runtime.logs import get_logger

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
ORDER_WINDOW_S: Final = 600  # in which an order whose key may be another's by chance is taken for a repetition
_UPLOAD: Final = "/api/images/upload"
_BOUNDARY: Final = "spike-mcp-form"
_UNSAFE: Final = re.compile(r'[\r\n"]')
_EXTENSIONS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
}
_PASSED_ON: Final = frozenset(
    {
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    }
)  # headers of the last request of the API
_NOT_FORWARDED: Final = frozenset(
    {
        "HTTP_ACCEPT",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_CONTENT_ENCODING",
        "HTTP_IDEMPOTENCY_KEY",
        "HTTP_IF_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_RANGE",
        "HTTP_IF_UNMODIFIED_SINCE",
        "HTTP_RANGE",
        "HTTP_TRANSFER_ENCODING",
    }
)  # what is about the message's own body and response


@frozen(kw_only=True)
class InProcess:
    """The application, and what a request of it needs beside."""

    app: Callable[[], WsgiApp]
    authenticator: RequestAuthentication
    objects: ObjectAccess
    blobs: BlobStore
    downloader: Downloader
    limits: UploadLimits


@define(kw_only=True)
class InProcessApi:
    """Requests to this application, with the headers of the request that the message came in."""

    application: InProcess
    req: Request = field(repr=False)
    resp: falcon.Response = field(repr=False)
    identity: Identity
    place: Place
    has_called: bool = False  # so that a request of the API has counted

    @property
    def scopes(self) -> Collection[str]:
        """Those of the request's credential."""
        return {scope.value for scope in self.identity.scopes}

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        key: OrderKey | None = None,
    ) -> ApiResponse:
        """Send JSON. A null byte or a lone surrogate can't be in a URL, and is replaced."""
        content = b"" if body is None else json.dumps(body).encode()
        pairs = {name: value for name, value in (query or {}).items() if value is not None}
        text = urlencode({name: str(value) for name, value in pairs.items()}, errors="replace")
        return self._send(method, path, content, content_type=falcon.MEDIA_JSON, query=text, key=key)

    def upload(
        self, source: Mapping[str, object], *, fields: Mapping[str, str], name: str, key: OrderKey
    ) -> ApiResponse:
        """Send a form with the picture. A picture at a URL is fetched first, and counts as an upload of its own."""
        try:
            check_scope(self.identity, method="POST", route=_UPLOAD)  # before anything is fetched
            with ExitStack() as files:
                content, media_type = self._content(source, files)
                name = name or f"image.{_EXTENSIONS.get(media_type, media_type.partition('/')[2] or 'jpg')}"
                form = _form(content, name=name, fields=fields)
        except SpikeError as error:
            return self._refused(error)
        content_type = f"{falcon.MEDIA_MULTIPART}; boundary={_BOUNDARY}"
        return self._send("POST", _UPLOAD, form, content_type=content_type, key=key)

    def picture(self, id_text: str) -> Picture | None:
        """Read it from the store. A result is complete without its picture, so a failure of the store isn't raised."""
        linked, keys = self._linked(id_text), list[ObjectKey]()
        for image in linked.images:
            keys += [image.shown, *_preview(image.renditions)]
        for job, _image in linked.results:
            keys += [job.result.key, *_preview(job.result.renditions)]
        for key in keys:
            with suppress(SpikeError):
                picture = self._read(key, bytes_max=PICTURE_BYTES_MAX)
                if picture is not None:
                    return picture
        return None

    def file(self, id_text: str) -> Picture | None:
        """Read it from the store, one at a time for each place.

        Raises:
            Unavailable: the store can't be reached.
            ServerBusy: there is no place.
        """
        linked, viewer = self._linked(id_text), self.identity.owner_id
        keys = [image.original if image.owner_id == viewer else image.shown for image in linked.images]
        keys += [job.result.key for job, _image in linked.results]
        self.place.take()
        with suppress(ObjectNotFound):
            return self._read(keys[0], bytes_max=FILE_BYTES_MAX) if keys else None
        return None

    def _linked(self, id_text: str) -> LinkedObjects:
        images = [ImageId.parse(id_text)] if id_text.startswith(ImageId.prefix) else []
        jobs = [] if images else [JobId.parse(id_text)]
        return self.application.objects.linked(image_ids=images, job_ids=jobs, viewer=self.identity.owner_id)

    def _read(self, key: ObjectKey, *, bytes_max: int) -> Picture | None:
        """Return an object, or `None` if it is larger."""
        with self.application.blobs.open(key) as stream:
            content = stream.read(bytes_max + 1)
        return Picture(content=content, media_type=key.format.media_type) if len(content) <= bytes_max else None

    def _refused(self, error: SpikeError) -> ApiResponse:
        """Return the response to a request that is refused before it is sent."""
        get_logger(__name__).debug("picture refused", exc_info=error)
        wait_s = retry_after_s(error)
        if wait_s is not None:
            self.resp.set_header("Retry-After", str(wait_s))
        body = error_body(error, messages=UPLOAD_MESSAGES, request_id=self.req.context.request_id.text)
        return ApiResponse(status=int(TABLE[type(error)].status), body=body)

    def _content(self, source: Mapping[str, object], files: ExitStack) -> tuple[bytes, str]:
        image, url = source.get("image"), source.get("imageUrl")
        if image is None and url is None:
            raise MissingFields("Please provide either image or imageUrl")
        if image is not None and url is not None:
            raise InvalidValue(what="image", rule="must not come with imageUrl")
        self.place.take()
        if url is None:
            media_type = source.get("mimeType")
            inline = parse_inline_image(
                image, media_type=media_type, field="image", files=files, media_types=MEDIA_TYPES
            )
            return inline.content.read(), inline.media_type or ""
        self.has_called = True
        self.application.authenticator.count(self.req, RateLimitGroup.UPLOAD, caller=self.identity.owner_id)
        try:
            with self.application.downloader.download(string_field("imageUrl", url)) as stream:
                return stream.read(), ""
        except FileTooLarge as error:
            raise SourceTooLarge(size_bytes_max=error.size_bytes_max) from error

    def _send(
        self, method: str, path: str, content: bytes, *, content_type: str, query: str = "", key: OrderKey | None = None
    ) -> ApiResponse:
        self.has_called = True
        self.place.give_back()  # the request takes one if it needs it, and a caller doesn't get all
        environ = {name: value for name, value in self.req.env.items() if name not in _NOT_FORWARDED}
        environ |= {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(content)),
            "wsgi.input": io.BytesIO(content),
        }
        if key is not None:
            environ["HTTP_IDEMPOTENCY_KEY"] = key.text
            if not key.is_unique:
                environ[WINDOW_KEY] = ORDER_WINDOW_S
        started: list[tuple[str, dict[str, str]]] = []

        def start(status: str, headers: list[tuple[str, str]], _info: object = None) -> None:
            started.append((status, {name.lower(): value for name, value in headers}))

        answer = b"".join(self.application.app()(environ, start))
        [(status, headers)] = started
        for name in _PASSED_ON & headers.keys():
            self.resp.set_header(name, headers[name])
            self.req.context.counted = None  # the request has counted later than what this one counted itself
        body = json.loads(answer) if answer else {}
        is_replayed = REPLAYED.lower() in headers
        return ApiResponse(status=int(status.split(" ", 1)[0]), body=body, is_replayed=is_replayed)


def _preview(renditions: Renditions | None) -> list[ObjectKey]:
    return [] if renditions is None else [renditions.preview.key, renditions.thumbnail.key]


def _form(content: bytes, *, name: str, fields: Mapping[str, str]) -> bytes:
    """Return a multipart form. A picture can't contain the boundary by chance.

    Raises:
        InvalidInput: it does, or there is a field that no upload has.
        InvalidValue: a text, which can't be escaped, isn't one line without quotation marks.
    """
    delimiter = f"--{_BOUNDARY}".encode()
    if delimiter in content or any(_UNSAFE.search(field_name) for field_name in fields):
        raise InvalidInput
    for field_name, text in [("name", name), *fields.items()]:
        if _UNSAFE.search(text):
            raise InvalidValue(what=field_name, rule="must be one line without quotation marks")
    parts = [
        (f'form-data; name="{field_name}"', text.encode("utf-8", "replace")) for field_name, text in fields.items()
    ]
    parts.append((f'form-data; name="file"; filename="{name}"', content))
    form = b""
    for disposition, part in parts:
        head = f"Content-Disposition: {disposition}\r\n\r\n".encode("utf-8", "replace")
        form += delimiter + b"\r\n" + head + part + b"\r\n"
    return form + delimiter + b"--\r\n"
