"""`/mcp`: the Model Context Protocol over HTTP (streamable HTTP, without sessions and streams).

A tool is a request of the REST API: it is sent to this application itself, with the headers of the message's request.
So scopes, rate limits, budgets and errors are those of the API.
"""

import io
import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import falcon
from attrs import field, frozen

from spike_core.domain.api_keys import Scope
from spike_core.domain.errors import (
    FileTooLarge,
    Forbidden,
    InvalidInput,
    InvalidValue,
    SourceTooLarge,
    SpikeError,
    Unauthenticated,
)
from spike_core.domain.identifiers import ImageId, JobId, OwnerId
from spike_core.domain.limits import UploadLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.renditions import Renditions
from spike_core.ports.blobs import BlobStore
from spike_core.ports.downloader import Downloader
from spike_core.services.queries import Queries
from spike_http.authentication import RequestAuthentication
from spike_http.bulkhead import Bulkhead, Place
from spike_http.context import Request
from spike_http.cors import Origins
from spike_http.error_handlers import error_text
from spike_http.errors import TABLE, UPLOAD_MESSAGES
from spike_http.idempotency import REPLAYED
from spike_http.requests.errors import MalformedBody, MissingFields
from spike_http.requests.inline_images import MEDIA_TYPES, json_value, parse_inline_image
from spike_http.requests.json_bodies import string_field
from spike_http.serving.base_urls import BaseUrls
from spike_http.serving.bodies import RPC_PATH
from spike_mcp import ApiResponse, McpServer, Picture, Reply
from spike_mcp.api import PICTURE_BYTES_MAX
from spike_mcp.protocol import PARSE_ERROR, ProtocolError, failure
from spike_runtime.logs import get_logger

METADATA_PATH: Final = "/.well-known/oauth-protected-resource"
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_BOUNDARY: Final = "spike-mcp-form"
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
_NOT_FORWARDED: Final = ("HTTP_IDEMPOTENCY_KEY", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_IF_NONE_MATCH")


@frozen(kw_only=True)
class McpResource:
    """`/mcp`."""

    server: Callable[[], McpServer]  # which is built at the first request
    app: Callable[[], WsgiApp]
    authenticator: RequestAuthentication
    bulkhead: Bulkhead
    base_urls: BaseUrls
    trusted_origins: Origins
    queries: Queries
    blobs: BlobStore
    downloader: Downloader
    limits: UploadLimits

    def on_post(self, req: Request, resp: falcon.Response) -> None:
        """Answer one message."""
        origin = req.get_header("Origin")
        if origin is not None and not self.trusted_origins.trusts(req) and not self.base_urls.is_own(req, origin):
            raise Forbidden
        try:
            owner_id = self.authenticator.owner(req)
        except Unauthenticated:
            url = self.base_urls.base_url(req) + METADATA_PATH
            is_invalid = 'error="invalid_token", ' if req.auth else ""
            resp.set_header("WWW-Authenticate", f'Bearer {is_invalid}resource_metadata="{url}"')
            raise
        server = self.server()
        with self.bulkhead.place(owner_id.text) as place:
            try:
                message = json_value(req, place=place, limits=self.limits)
            except MalformedBody:
                error = ProtocolError(PARSE_ERROR, "The body isn't JSON")
                return _send(resp, failure(None, error, is_stateless=True))
            if not server.calls_api(message):
                self.authenticator.count(req, RateLimitGroup.GENERAL, caller=owner_id)
            headers = {name.lower(): value for name, value in req.headers.items()}
            api = _InProcessApi(resource=self, req=req, resp=resp, owner_id=owner_id, place=place)
            return _send(resp, server.handle(message, headers, api))


@frozen(kw_only=True)
class MetadataResource:
    """`/.well-known/oauth-protected-resource`: how `/mcp` is protected (RFC 9728)."""

    base_urls: BaseUrls

    def on_get(self, req: Request, resp: falcon.Response) -> None:
        """Send the metadata. No authorization server issues tokens: users create API keys in their account."""
        base = self.base_urls.base_url(req)
        resp.media = {
            "resource": base + RPC_PATH,
            "resource_name": "Spike",
            "bearer_methods_supported": ["header"],
            "scopes_supported": [scope.value for scope in Scope],
            "resource_documentation": f"{base}/docs",
        }


@frozen(kw_only=True)
class _InProcessApi:
    """Requests to this application, with the headers of the request that the message came in."""

    resource: McpResource
    req: Request = field(repr=False)
    resp: falcon.Response = field(repr=False)
    owner_id: OwnerId
    place: Place

    def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        query: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> ApiResponse:
        """Send JSON. A null byte or a lone surrogate can't be in a URL, and is replaced."""
        content = b"" if body is None else json.dumps(body).encode()
        pairs = {name: value for name, value in (query or {}).items() if value is not None}
        text = urlencode({name: str(value) for name, value in pairs.items()}, errors="replace")
        return self._send(method, path, content, content_type=falcon.MEDIA_JSON, query=text, key=key)

    def upload(self, source: Mapping[str, object], *, fields: Mapping[str, str], name: str, key: str) -> ApiResponse:
        """Send a form with the picture. A picture at a URL is fetched first, and counts as an upload of its own."""
        try:
            with ExitStack() as files:
                content, media_type = self._content(source, files)
                name = name or f"image.{_EXTENSIONS.get(media_type, media_type.partition('/')[2] or 'jpg')}"
                form = _form(content, name=name, fields=fields)
        except SpikeError as error:
            get_logger(__name__).debug("picture refused", exc_info=error)
            text = error_text(error, messages=UPLOAD_MESSAGES, request_id=self.req.context.request_id.text)
            return ApiResponse(status=int(TABLE[type(error)].status), body=text)
        content_type = f"{falcon.MEDIA_MULTIPART}; boundary={_BOUNDARY}"
        return self._send("POST", "/api/images/upload", form, content_type=content_type, key=key)

    def picture(self, id_text: str) -> Picture | None:
        """Read it from the store. A result is complete without its picture, so a failure of the store isn't raised."""
        for key in self._keys(id_text):
            with suppress(SpikeError), self.resource.blobs.open(key) as stream:
                content = stream.read(PICTURE_BYTES_MAX + 1)
                if len(content) <= PICTURE_BYTES_MAX:
                    return Picture(content=content, media_type=key.format.media_type)
        return None

    def _keys(self, id_text: str) -> list[ObjectKey]:
        """Return the objects that show a picture, the best first."""
        images = [ImageId.parse(id_text)] if id_text.startswith(ImageId.prefix) else []
        jobs = [] if images else [JobId.parse(id_text)]
        linked = self.resource.queries.linked(image_ids=images, job_ids=jobs, viewer=self.owner_id)
        keys: list[ObjectKey] = []
        for image in linked.images:
            keys += [image.shown, *_preview(image.renditions)]
        for job, _image in linked.results:
            keys += [job.result.key, *_preview(job.result.renditions)]
        return keys

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
        self.resource.authenticator.count(self.req, RateLimitGroup.UPLOAD, caller=self.owner_id)
        try:
            with self.resource.downloader.download(string_field("imageUrl", url)) as stream:
                return stream.read(), ""
        except FileTooLarge as error:
            raise SourceTooLarge(size_bytes_max=error.size_bytes_max) from error

    def _send(
        self, method: str, path: str, content: bytes, *, content_type: str, query: str = "", key: str | None = None
    ) -> ApiResponse:
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
            environ["HTTP_IDEMPOTENCY_KEY"] = key
        started: list[tuple[str, dict[str, str]]] = []

        def start(status: str, headers: list[tuple[str, str]], _info: object = None) -> None:
            started.append((status, {name.lower(): value for name, value in headers}))

        answer = b"".join(self.resource.app()(environ, start))
        [(status, headers)] = started
        for name in _PASSED_ON & headers.keys():
            self.resp.set_header(name, headers[name])
        body = json.loads(answer) if answer else {}
        is_replayed = REPLAYED.lower() in headers
        return ApiResponse(status=int(status.split(" ", 1)[0]), body=body, is_replayed=is_replayed)


def _preview(renditions: Renditions | None) -> list[ObjectKey]:
    return [] if renditions is None else [renditions.preview.key, renditions.thumbnail.key]


def _form(content: bytes, *, name: str, fields: Mapping[str, str]) -> bytes:
    """Return a multipart form. A picture can't contain the boundary by chance; a text that does is refused.

    Raises:
        InvalidInput: a field isn't one line.
    """
    delimiter = f"--{_BOUNDARY}".encode()
    if delimiter in content or any(re.search(r'[\r\n"]', text) for text in (name, *fields.values(), *fields)):
        raise InvalidInput
    parts = [
        (f'form-data; name="{field_name}"', text.encode("utf-8", "replace")) for field_name, text in fields.items()
    ]
    parts.append((f'form-data; name="file"; filename="{name}"', content))
    form = b""
    for disposition, part in parts:
        head = f"Content-Disposition: {disposition}\r\n\r\n".encode("utf-8", "replace")
        form += delimiter + b"\r\n" + head + part + b"\r\n"
    return form + delimiter + b"--\r\n"


def _send(resp: falcon.Response, reply: Reply) -> None:
    resp.status = int(reply.status)
    if reply.status != HTTPStatus.ACCEPTED:
        resp.media = reply.body
