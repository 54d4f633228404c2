"""Broken, overloaded and hostile servers: which requests are retried, which errors are final, and what is rejected."""

import io
import json
import logging
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler

import pytest
from attrs import evolve

from effort import each_value_once
from images_api import KEY, ImagesApi, Script, answering, refusing, with_picture
from pictures import HTML, SVG, a_gif_that_announces, a_png_that_announces, encoded, photograph, truncated
from spike_core.domain.errors import GeneratorUnavailable, PromptRefused, UnusableResult
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.limits import SOURCE_BYTES_MAX
from spike_core.ports.upscaler import RenderedImage
from spike_openai import ImageServer, OpenAIGenerator, RetryPolicy
from spike_openai.client import ANSWER_BYTES_MAX
from spike_pillow.canvas_fitter import PillowCanvasFitter

pytestmark = each_value_once

SIZE = AspectRatio.SQUARE.size(128)
FAST = RetryPolicy(answer_s_max=0.4, total_s_max=20.0)


@pytest.fixture
def api() -> Iterator[ImagesApi]:
    with ImagesApi() as opened:
        yield opened


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def generator(api: ImagesApi, pauses: list[float]) -> OpenAIGenerator:
    """As in production, except that its pauses are recorded instead of waited for."""
    server = ImageServer.parse(api.url, api_key=KEY, model="a-model")
    return OpenAIGenerator(server=server, canvas_fitter=PillowCanvasFitter(), retries=RetryPolicy(sleep=pauses.append))


def made(generator: OpenAIGenerator) -> RenderedImage:
    return generator.generate(Prompt("a cat"), negative=None, size=SIZE)


def trouble(generator: OpenAIGenerator) -> str:
    """Return why there is no picture, as the log reports it."""
    with pytest.raises(GeneratorUnavailable) as refused:
        made(generator)
    assert str(refused.value) == "The picture generator is unavailable."  # what a client reads
    cause = refused.value.__cause__
    assert cause is not None
    return str(cause)


def with_address(url: str) -> Script:
    return answering(json.dumps({"data": [{"url": url}]}).encode())


# statuses


@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize("code", ["moderation_blocked", "content_policy_violation", "content_filter"])
def test_moderation_refuses_the_prompt(api: ImagesApi, generator: OpenAIGenerator, status: int, code: str) -> None:
    api.scripts.append(refusing(status, code))
    with pytest.raises(PromptRefused):
        made(generator)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (refusing(401, "invalid_api_key"), "SPIKE_GENERATOR_API_KEY"),
        (refusing(402), "SPIKE_GENERATOR_API_KEY: its account has no credit left"),
        (refusing(403), "SPIKE_GENERATOR_MODEL"),
        (refusing(404, "model_not_found"), "SPIKE_GENERATOR_URL or SPIKE_GENERATOR_MODEL"),
        (refusing(429, "credit_balance_exhausted", kind="insufficient_quota"), "its account has no credit left"),
        (refusing(400, "billing_hard_limit_reached"), "its account has no credit left"),
        (refusing(400, "invalid_value", param="size"), "400 (invalid_value, size)"),
        (answering(b"", ("Location", "https://example.org/"), status=308), "SPIKE_GENERATOR_URL"),
        (answering(HTML, status=400), "answered 400"),
        (answering(b"[" * 100_000, status=400), "answered 400"),
        (answering(b'{"error": "prose"}', status=418), "answered 418"),
    ],
)
def test_what_wont_pass_isnt_asked_again_and_is_explained(
    api: ImagesApi, generator: OpenAIGenerator, pauses: Sequence[float], script: Script, message: str
) -> None:
    api.scripts.append(script)
    assert message in trouble(generator)
    assert (len(api.asked), pauses) == (1, [])


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 529])
def test_what_passes_is_asked_again(
    api: ImagesApi, generator: OpenAIGenerator, pauses: Sequence[float], status: int
) -> None:
    api.scripts += [refusing(status), answering(HTML, status=status)]
    assert made(generator).dimensions == SIZE
    assert (len(api.asked), pauses) == (3, [1.0, 2.0])


def test_three_tries_are_enough(api: ImagesApi, generator: OpenAIGenerator, pauses: Sequence[float]) -> None:
    api.scripts += [refusing(503)] * 5
    assert "answered 503" in trouble(generator)
    assert (len(api.asked), pauses) == (3, [1.0, 2.0])


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ([("Retry-After", "7")], 7.0),
        ([("Retry-After", "1.5")], 1.5),
        ([("Retry-After", "0")], 1.0),
        ([("Retry-After", "-3")], 1.0),
        ([("Retry-After", "soon")], 1.0),
        ([("Retry-After", "nan")], 1.0),
        ([("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT")], 1.0),
    ],
)
def test_the_server_is_left_alone_as_long_as_it_wants(
    api: ImagesApi,
    generator: OpenAIGenerator,
    pauses: Sequence[float],
    headers: Sequence[tuple[str, str]],
    pause_s: float,
) -> None:
    api.scripts.append(refusing(429, "rate_limit_exceeded", *headers))
    made(generator)
    assert pauses == [pause_s]


def test_a_date_to_come_back_at_counts_by_the_servers_clock(
    api: ImagesApi, generator: OpenAIGenerator, pauses: Sequence[float]
) -> None:
    """Its clock is years behind, which makes no difference."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(429)
        handler.send_header("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
        handler.send_header("Retry-After", "Sun, 06 Nov 1994 08:49:49 GMT")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    api.scripts.append(answer)
    made(generator)
    assert pauses == [12.0]


@pytest.mark.parametrize("seconds", ["31", "86400", "999999999"])
def test_a_server_that_wants_a_long_pause_is_given_up(
    api: ImagesApi, generator: OpenAIGenerator, pauses: Sequence[float], seconds: str
) -> None:
    api.scripts.append(refusing(429, "", ("Retry-After", seconds)))
    assert "answered 429" in trouble(generator)
    assert (len(api.asked), pauses) == (1, [])


def test_no_pause_goes_beyond_the_end(api: ImagesApi, generator: OpenAIGenerator, pauses: list[float]) -> None:
    now = iter(range(0, 1000, 3))  # each look at the clock takes three seconds
    patience = RetryPolicy(total_s_max=12.0, sleep=pauses.append, monotonic=lambda: float(next(now)))
    api.scripts += [refusing(429, "", ("Retry-After", "10"))] * 3
    with pytest.raises(GeneratorUnavailable):
        made(evolve(generator, retries=patience))
    assert pauses == []


# bodies


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (HTML, "other than JSON"),
        (b"", "other than JSON"),
        (b"\xff\xfe\x00", "other than JSON"),
        (b"[" * 200_000, "other than JSON"),
        (b"[]", "without a picture"),
        (b"{}", "without a picture"),
        (b'{"data": []}', "without a picture"),
        (b'{"data": {"b64_json": "AA=="}}', "without a picture"),
        (b'{"data": [{"b64_json": null}]}', "without a picture"),
        (b'{"data": [{"b64_json": ""}]}', "without a picture"),
        (b'{"data": [{"b64_json": 7}]}', "without a picture"),
        (b'{"data": [{"b64_json": "no base64!"}]}', "isn't base64"),
        (b'{"data": [{"b64_json": "AAAAA"}]}', "isn't base64"),
        ('{"data": [{"b64_json": "é"}]}'.encode(), "isn't base64"),
    ],
)
def test_an_answer_without_a_picture_is_no_picture(
    api: ImagesApi, generator: OpenAIGenerator, body: bytes, message: str
) -> None:
    api.scripts.append(answering(body))
    assert message in trouble(generator)
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    "content",
    [
        lambda: HTML,
        lambda: SVG,
        lambda: b"\x89PNG\r\n\x1a\n",
        lambda: truncated(encoded(photograph(size=(256, 256)))),
        lambda: truncated(encoded(photograph(size=(256, 256)), "PNG")),
        lambda: a_png_that_announces(40_000, 40_000),
        lambda: a_png_that_announces(9000, 9000),
        lambda: a_gif_that_announces(64, 48),
        lambda: encoded(photograph(size=(64, 64)), "BMP"),
    ],
)
def test_what_isnt_a_whole_picture_is_no_picture(
    api: ImagesApi, generator: OpenAIGenerator, content: Callable[[], bytes]
) -> None:
    api.scripts.append(with_picture(content()))
    assert "sent a picture that can't be used" in trouble(generator)


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(64, 64), (1024, 1024), (300, 2000)])
def test_a_picture_of_any_size_is_fitted(
    api: ImagesApi, generator: OpenAIGenerator, format_: str, size: tuple[int, int]
) -> None:
    api.scripts.append(with_picture(encoded(photograph(size=size), format_)))
    assert made(generator).dimensions == SIZE


def test_an_endless_answer_is_cut_off(api: ImagesApi, generator: OpenAIGenerator) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not api.closing.is_set():
            handler.wfile.write(bytes(65536))

    api.scripts.append(answer)
    assert f"more than {ANSWER_BYTES_MAX} bytes" in trouble(generator)
    assert len(api.asked) == 1


def test_a_length_that_promises_too_much_is_no_answer(api: ImagesApi, generator: OpenAIGenerator) -> None:
    api.scripts += [answering(b'{"data":', ("Connection", "close"), length=5000)] * 3
    assert "no complete response" in trouble(generator)


def test_a_length_that_promises_too_little_gets_no_more(api: ImagesApi, generator: OpenAIGenerator) -> None:
    api.scripts.append(answering(b'{"data": []}', length=4))
    assert "other than JSON" in trouble(generator)


@pytest.mark.parametrize("encoding", ["gzip", "br", "x-unknown"])
def test_a_compressed_answer_is_refused(api: ImagesApi, generator: OpenAIGenerator, encoding: str) -> None:
    """It could be a decompression bomb, and compression wasn't requested."""
    api.scripts.append(answering(b"{}", ("Content-Encoding", encoding)))
    assert "compressed" in trouble(generator)


# time


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_what_drips_ends_at_the_deadline(
    api: ImagesApi, generator: OpenAIGenerator, pauses: list[float], head: bytes
) -> None:
    """Each read returns a byte in time; the deadline limits all of them together."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        while not api.closing.wait(0.02):
            handler.wfile.write(b"x")

    api.scripts += [answer] * 3
    began = time.monotonic()
    hasty = evolve(generator, retries=evolve(FAST, sleep=pauses.append))
    assert "didn't respond in time" in trouble(hasty)
    assert time.monotonic() - began < 30
    assert (len(api.asked), len(pauses)) == (3, 2)


def test_a_server_that_is_silent_once_is_asked_again(
    api: ImagesApi, generator: OpenAIGenerator, pauses: list[float]
) -> None:
    patient = RetryPolicy(answer_s_max=5.0, sleep=pauses.append)
    hasty = evolve(patient, answer_s_max=0.3)

    def answer(_handler: BaseHTTPRequestHandler) -> None:
        api.closing.wait(5)

    api.scripts += [answer] * 3
    assert "didn't respond in time" in trouble(evolve(generator, retries=hasty))
    assert len(pauses) == 2
    assert made(evolve(generator, retries=patient)).dimensions == SIZE


def test_a_server_that_reads_nothing_ends_at_the_deadline(pauses: list[float]) -> None:
    """The request is large; it fills the network buffers and is never read."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = ImageServer.parse(f"http://127.0.0.1:{silent.getsockname()[1]}", api_key=KEY, model="")
        generator = OpenAIGenerator(
            server=server, canvas_fitter=PillowCanvasFitter(), retries=evolve(FAST, sleep=pauses.append)
        )
        noise = io.BytesIO(encoded(photograph(size=(1024, 1024)), "PNG"))
        with pytest.raises(GeneratorUnavailable):
            generator.modify(noise, Prompt("a cat"), negative=None, size=SIZE)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_port_where_nobody_listens_is_tried_again(scheme: str, pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    server = ImageServer.parse(f"{scheme}://127.0.0.1:{port}", api_key=KEY, model="")
    generator = OpenAIGenerator(
        server=server, canvas_fitter=PillowCanvasFitter(), retries=RetryPolicy(sleep=pauses.append)
    )
    assert f"{scheme}://127.0.0.1:{port} can't be reached: " in trouble(generator)
    assert len(pauses) == 2


def test_a_server_that_doesnt_speak_tls_gets_nothing_by_https(api: ImagesApi, pauses: list[float]) -> None:
    server = ImageServer.parse(api.url.replace("http:", "https:"), api_key=KEY, model="")
    trouble(
        OpenAIGenerator(server=server, canvas_fitter=PillowCanvasFitter(), retries=RetryPolicy(sleep=pauses.append))
    )
    assert api.asked == []


# addresses


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.png",
        "https://127.0.0.1:{port}/a.png",
        "http://localhost:{port}/a.png",
        "http://127.0.0.1/a.png",
        "http://127.0.0.1:{other}/a.png",
        "//127.0.0.1:{other}/a.png",
        "http://user@127.0.0.1:{port}/a.png",
        "http://127.0.0.1:{port}@example.org/a.png",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "data:image/png;base64,AA==",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "a\x00b",
    ],
)
def test_a_picture_elsewhere_is_not_fetched(api: ImagesApi, generator: OpenAIGenerator, url: str) -> None:
    """Neither the key nor the network position may be used for hosts that the server names."""
    with ImagesApi() as other:
        port, other_port = api.server.server_address[1], other.server.server_address[1]
        api.scripts.append(with_address(url.replace("{port}", str(port)).replace("{other}", str(other_port))))
        with pytest.raises(UnusableResult):
            made(generator)
        assert (len(api.asked), other.asked) == (1, [])


@pytest.mark.parametrize("url", ["/files/a.png", "../files/a.png", "//127.0.0.1:{port}/files/a.png"])
def test_a_relative_address_is_the_servers_own(api: ImagesApi, generator: OpenAIGenerator, url: str) -> None:
    api.files["/files/a.png"] = api.files["/v1/../files/a.png"] = encoded(photograph(size=(64, 64)))
    api.scripts.append(with_address(url.replace("{port}", str(api.server.server_address[1]))))
    assert made(generator).dimensions == SIZE


def test_a_redirect_from_the_picture_isnt_followed(api: ImagesApi, generator: OpenAIGenerator) -> None:
    with ImagesApi() as other:
        api.scripts += [with_address("/a.png"), answering(b"", ("Location", other.origin), status=302)]
        assert "answered 302 for its own picture" in trouble(generator)
        assert other.asked == []


def test_too_large_a_picture_isnt_fetched_whole(api: ImagesApi, generator: OpenAIGenerator) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not api.closing.is_set():
            handler.wfile.write(bytes(65536))

    api.scripts += [with_address("/a.png"), endless]
    assert f"more than {SOURCE_BYTES_MAX} bytes" in trouble(generator)


def test_a_picture_that_is_late_is_fetched_again_and_not_made_again(
    api: ImagesApi, generator: OpenAIGenerator, pauses: Sequence[float]
) -> None:
    """Generating again would cost money."""
    api.files["/a.png"] = encoded(photograph(size=(64, 64)))
    api.scripts += [with_address("/a.png"), refusing(503)]
    made(generator)
    assert [asked.method for asked in api.asked] == ["POST", "GET", "GET"]
    assert pauses == [1.0]


# the key


@pytest.mark.parametrize(
    "script",
    [
        refusing(401, KEY, kind=KEY, param=f"x{KEY}x"),
        refusing(429, KEY),
        answering(KEY.encode()),
        answering(json.dumps({"data": [{"b64_json": KEY}]}).encode()),
        answering(b"{}", (KEY, KEY)),
        answering(b"", ("Connection", "close"), length=50),
        with_picture(HTML),
    ],
)
def test_the_key_is_in_no_log_no_error_and_no_traceback(
    api: ImagesApi, generator: OpenAIGenerator, caplog: pytest.LogCaptureFixture, script: Script
) -> None:
    """Not even in the frames' local variables, which some log renderers print."""
    caplog.set_level(logging.INFO)
    api.scripts += [script] * 3
    with pytest.raises(GeneratorUnavailable) as refused:
        made(generator)
    shown = "".join(traceback.TracebackException.from_exception(refused.value, capture_locals=True).format())
    assert "ImageServerError" in shown or "TransientServerError" in shown
    assert KEY not in shown
    assert KEY not in caplog.text
    assert KEY not in repr(generator)
    assert KEY not in str(generator.server)


def test_a_dead_network_shows_no_key_either(pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = ImageServer.parse(f"http://127.0.0.1:{listening.getsockname()[1]}", api_key=KEY, model="")

        def hang_up() -> None:
            for _ in range(3):
                listening.accept()[0].close()

        hangs_up = threading.Thread(target=hang_up)
        hangs_up.start()
        generator = OpenAIGenerator(
            server=server, canvas_fitter=PillowCanvasFitter(), retries=RetryPolicy(sleep=pauses.append)
        )
        with pytest.raises(GeneratorUnavailable) as refused:
            made(generator)
        hangs_up.join()
    assert KEY not in "".join(traceback.TracebackException.from_exception(refused.value, capture_locals=True).format())
