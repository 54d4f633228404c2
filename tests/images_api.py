"""A local server that implements OpenAI's images API: it validates requests strictly and draws pictures.

By default it responds as OpenAI's GPT image models do; a test may queue other responses.
"""

import base64
import functools
import io
import json
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

from attrs import define, field, frozen
from PIL import Image, ImageOps
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from pictures import encoded, photograph
from spike_core.domain.objects import PictureFormat

KEY: Final = "sk-test-3f9a7c51d2e84b60"
FORBIDDEN: Final = "forbidden"  # a prompt with this word is refused
SIZES: Final = ("1024x1024", "1536x1024", "1024x1536")


class QuietServer(ThreadingHTTPServer):
    """Ignores clients that disconnect, since tests do that deliberately."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


Script = Callable[[BaseHTTPRequestHandler], None]


@frozen
class Refusal(Exception):
    """An error, in the format of the API."""

    status: int
    code: str
    param: str | None = None
    type: str = "invalid_request_error"

    @property
    def document(self) -> Mapping[str, Any]:
        prose = f"prose that repeats the key {KEY}"
        return {"error": {"message": prose, "type": self.type, "param": self.param, "code": self.code}}


@frozen(kw_only=True)
class Asked:
    """A parsed request."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)  # with the key
    fields: Mapping[str, Any]
    image: bytes = b""


@define(kw_only=True)
class ImagesApi:
    """The server, and the requests that it received."""

    takes_response_format: bool = True
    delivers_addresses: bool = False
    asked: list[Asked] = field(factory=list)
    scripts: deque[Script] = field(factory=deque)  # the next responses
    files: dict[str, bytes] = field(factory=dict)
    closing: threading.Event = field(factory=threading.Event)
    server: QuietServer = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __enter__(self) -> Self:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # http.server's
                api.serve(self)

            def do_GET(self) -> None:  # http.server's
                api.serve(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = QuietServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1"

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        try:
            asked = self._read(handler)
            self.asked.append(asked)
            if self.scripts:
                self.scripts.popleft()(handler)
            elif asked.path == "/v1/models":
                _check_key(asked)
                send_json(handler, 200, {"object": "list", "data": [{"id": "gpt-image-1", "object": "model"}]})
            elif asked.method == "GET":
                send(handler, 200, self.files[asked.path], content_type="image/png")
            else:
                send_json(handler, 200, self._made(asked))
        except Refusal as refusal:
            send_json(handler, refusal.status, refusal.document)
        except OSError:  # the client has disconnected
            return

    def _read(self, handler: BaseHTTPRequestHandler) -> Asked:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        kind, options = parse_options_header(headers.get("content-type"))
        fields: Mapping[str, Any] = {}
        image = b""
        match handler.command, kind:
            case "GET", _:
                pass
            case "POST", "application/json":
                fields = json.loads(body)
            case "POST", "multipart/form-data":
                parser = FormDataParser(silent=False)
                _, form, files = parser.parse(io.BytesIO(body), kind, len(body), options)
                fields = form.to_dict()
                with files["image"].stream as file:
                    image = file.read()
                assert (files["image"].filename, files["image"].mimetype) == ("image.png", "image/png")
            case _:
                raise Refusal(415, "unsupported_content_type")
        return Asked(method=handler.command, path=handler.path, headers=headers, fields=fields, image=image)

    def _made(self, asked: Asked) -> Mapping[str, Any]:
        _check_key(asked)
        if "response_format" in asked.fields and not self.takes_response_format:
            raise Refusal(400, "unknown_parameter", "response_format")
        if asked.fields["size"] not in SIZES:
            raise Refusal(400, "invalid_value", "size")
        if FORBIDDEN in asked.fields["prompt"]:
            raise Refusal(400, "moderation_blocked", type="image_generation_user_error")
        assert int(asked.fields["n"]) == 1
        content = self._picture(asked)
        if self.delivers_addresses:
            path = f"/files/{len(self.files)}.png"
            self.files[path] = content
            return {"created": 1, "data": [{"url": self.origin + path}]}
        return {"created": 1, "data": [{"b64_json": base64.b64encode(content).decode()}]}

    def _picture(self, asked: Asked) -> bytes:
        width, height = map(int, asked.fields["size"].split("x"))
        match asked.path:
            case "/v1/images/generations":
                return drawn(width, height)
            case "/v1/images/edits":
                with Image.open(io.BytesIO(asked.image)) as original:
                    assert original.size == (width, height)
                    return quickly_encoded(ImageOps.mirror(original.convert("RGB")))
            case _:
                raise Refusal(404, "not_found")


def _check_key(asked: Asked) -> None:
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        raise Refusal(401, "invalid_api_key")


@functools.cache
def drawn(width: int, height: int) -> bytes:
    """Return the picture that the server draws."""
    return quickly_encoded(photograph(size=(width, height)))


def quickly_encoded(picture: Image.Image) -> bytes:
    return encoded(picture, PictureFormat.PNG, compress_level=1)


def send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    *headers: tuple[str, str],
    content_type: str = "application/json",
    length: int | None = None,
) -> None:
    """Send a response; `length` replaces the correct Content-Length."""
    handler.send_response(status)
    for name, value in (
        ("Content-Type", content_type),
        ("Content-Length", str(len(body) if length is None else length)),
        *headers,
    ):
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def send_json(
    handler: BaseHTTPRequestHandler, status: int, document: Mapping[str, Any], *headers: tuple[str, str]
) -> None:
    send(handler, status, json.dumps(document).encode(), *headers)


def refusing(status: int, code: str = "", *headers: tuple[str, str], kind: str = "", param: str = "") -> Script:
    """Return an error response."""
    return lambda handler: send_json(handler, status, Refusal(status, code, param, kind).document, *headers)


def answering(body: bytes, *headers: tuple[str, str], status: int = 200, length: int | None = None) -> Script:
    """Return a response with these bytes."""
    return lambda handler: send(handler, status, body, *headers, length=length)


def with_picture(content: bytes) -> Script:
    """Return a response that contains this picture."""
    return answering(json.dumps({"data": [{"b64_json": base64.b64encode(content).decode()}]}).encode())
