"""Downloads from real local servers, some of them hostile."""

import gzip
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpcore2
import pytest

from spike_contracts.downloader import DownloaderContract, Publish
from spike_core.domain.errors import DownloadFailed, FileTooLarge, SpikeError, UnsafeAddress
from spike_core.ports.downloader import Downloader
from spike_fetch import WebDownloader
from spike_fetch.network import resolved
from spike_fetch.ssrf_filter import Address, is_public
from spike_network import Lookups, LookupTimeout

Answer = Callable[[BaseHTTPRequestHandler], None]
LOOPBACK = ipaddress.ip_address("127.0.0.1")
PUBLIC = ipaddress.ip_address("93.184.215.14")


class Site:
    """A local server whose pages are functions."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[dict[str, str]] = []
        self.closing = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's
                site.asked.append(dict(self.headers))
                page = site.pages.get(self.path)
                if page is None:
                    self.send_error(404)
                else:
                    page(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def url(self, path: str, *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    opened = Site()
    yield opened
    opened.close()


@pytest.fixture
def downloader(site: Site) -> WebDownloader:
    """As in production, except that this server is considered public."""
    return WebDownloader(validate=lambda address, port: is_public(address) or (address, port) == (LOOPBACK, site.port))


def a_page(content: bytes, *headers: tuple[str, str], status: int = 200, length: int | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def a_redirect(target: str, status: int = 302) -> Answer:
    return a_page(b"", ("Location", target), status=status)


def fetched(downloader: Downloader, url: str) -> bytes:
    with downloader.download(url) as content:
        return content.read()


class TestWebDownloader(DownloaderContract):
    @pytest.fixture
    def publish(self, site: Site) -> Publish:
        def publish(content: bytes) -> str:
            path = f"/{len(site.pages)}"
            site.pages[path] = a_page(content)
            return site.url(path)

        return publish


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "10.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
    ],
)
@pytest.mark.parametrize("port", ["", ":80", ":443"])
def test_no_spelling_of_an_inner_address_is_connected_to(host: str, port: str) -> None:
    with pytest.raises(UnsafeAddress):
        fetched(WebDownloader(), f"http://{host}{port}/")


def test_our_own_servers_are_never_asked(site: Site) -> None:
    site.pages["/"] = a_page(b"secret")
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(UnsafeAddress):
            fetched(WebDownloader(), site.url("/", host=host))
    assert site.asked == []


@pytest.mark.parametrize("port", [22, 25, 6379, 8080])
def test_only_the_webs_ports_are_asked(port: int) -> None:
    with pytest.raises(UnsafeAddress):
        fetched(WebDownloader(resolve=lambda _host, _port: [PUBLIC]), f"http://example.org:{port}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://user@example.org/",
        "http://user:password@example.org/",
        "http://example.org:0/",
        "http://example.org:99999/",
        "http://example.org:x/",
        "http:///path",
        "http://[::1",
        "http://example.org/a b",
        "http://example.org/\n",
        "http://example.org/é",
        f"http://example.org/{'a' * 2048}",
        "javascript:alert(1)",
        "data:image/png;base64,AA==",
    ],
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(UnsafeAddress):
        fetched(WebDownloader(resolve=lambda _host, _port: [PUBLIC]), url)


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1/", "http://localhost/", "http://169.254.169.254/latest/", "http://[::1]/", "file:///etc/passwd"],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_inside_is_not_followed(site: Site, downloader: Downloader, target: str, status: int) -> None:
    site.pages["/"] = a_redirect(target, status)
    with pytest.raises(UnsafeAddress):
        fetched(downloader, site.url("/"))
    assert len(site.asked) == 1


def test_a_few_redirects_are_followed(site: Site, downloader: Downloader) -> None:
    site.pages |= {"/": a_redirect("/1"), "/1": a_redirect(site.url("/2")), "/2": a_redirect("3"), "/3": a_page(b"end")}
    assert fetched(downloader, site.url("/")) == b"end"
    site.pages["/0"] = a_redirect("/")
    with pytest.raises(DownloadFailed):
        fetched(downloader, site.url("/0"))


def test_a_circle_of_redirects_ends(site: Site, downloader: Downloader) -> None:
    site.pages["/"] = a_redirect("/")
    with pytest.raises(DownloadFailed):
        fetched(downloader, site.url("/"))
    assert len(site.asked) == 4


def test_a_name_that_leads_inside_is_refused(site: Site) -> None:
    site.pages["/"] = a_page(b"secret")
    downloader = WebDownloader(resolve=lambda _host, _port: [LOOPBACK])
    with pytest.raises(UnsafeAddress):
        fetched(downloader, site.url("/", host="innocent.example.org"))
    assert site.asked == []


@pytest.mark.parametrize("addresses", [[PUBLIC, LOOPBACK], [LOOPBACK, PUBLIC]])
def test_one_inner_address_among_public_ones_is_enough(addresses: list[Address]) -> None:
    with pytest.raises(UnsafeAddress):
        fetched(WebDownloader(resolve=lambda _host, _port: addresses), "http://example.org/")


def test_a_name_is_looked_up_once(site: Site) -> None:
    """A second lookup at a rebinding server would return another address."""
    site.pages["/"] = a_page(b"first")
    asked: list[str] = []

    def resolve(host: str, _port: int) -> Sequence[Address]:
        asked.append(host)
        return [LOOPBACK]

    downloader = WebDownloader(resolve=resolve, validate=lambda _address, _port: len(asked) == 1)
    assert fetched(downloader, site.url("/", host="rebinding.example.org")) == b"first"
    assert asked == ["rebinding.example.org"]
    assert site.asked[0]["Host"] == f"rebinding.example.org:{site.port}"


def test_a_redirect_is_looked_up_and_judged_anew(site: Site) -> None:
    site.pages["/"] = a_redirect("/next")
    validated: list[bool] = []

    def validate(_address: Address, _port: int) -> bool:
        validated.append(True)
        return len(validated) == 1

    with pytest.raises(UnsafeAddress):
        fetched(WebDownloader(validate=validate), site.url("/"))


def test_a_name_without_an_address_cant_be_fetched() -> None:
    with pytest.raises(DownloadFailed):
        resolved("no-such-host.invalid", 80)
    with pytest.raises(DownloadFailed):
        fetched(WebDownloader(resolve=lambda _host, _port: []), "http://example.org/")


@pytest.mark.parametrize("status", [204, 206, 304, 400, 401, 404, 500, 503])
def test_another_status_is_no_file(site: Site, downloader: Downloader, status: int) -> None:
    site.pages["/"] = a_page(b"", status=status)
    with pytest.raises(DownloadFailed):
        fetched(downloader, site.url("/"))


def test_a_type_that_lies_is_left_to_the_probe(site: Site, downloader: Downloader) -> None:
    site.pages["/"] = a_page(b"<html>", ("Content-Type", "image/jpeg"))
    assert fetched(downloader, site.url("/")) == b"<html>"


def test_a_length_that_promises_too_much_is_no_file(site: Site, downloader: Downloader) -> None:
    site.pages["/"] = a_page(b"short", ("Connection", "close"), length=5000)
    with pytest.raises(DownloadFailed):
        fetched(downloader, site.url("/"))


def test_a_length_that_promises_too_little_gets_no_more(site: Site, downloader: Downloader) -> None:
    """By HTTP the body ends there, whatever follows."""
    site.pages["/"] = a_page(b"0123456789", length=4)
    assert fetched(downloader, site.url("/")) == b"0123"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x-unknown"])
def test_a_compressed_body_is_refused(site: Site, downloader: Downloader, encoding: str) -> None:
    """It could be a decompression bomb, and compression wasn't requested."""
    site.pages["/"] = a_page(gzip.compress(bytes(10_000_000)), ("Content-Encoding", encoding))
    with pytest.raises(DownloadFailed):
        fetched(downloader, site.url("/"))
    assert site.asked[0]["Accept-Encoding"] == "identity"


def test_an_endless_body_is_cut_off(site: Site, downloader: WebDownloader) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not site.closing.is_set():
                handler.wfile.write(bytes(65536))
        except OSError:  # the other side has had enough
            return

    site.pages["/"] = answer
    with pytest.raises(FileTooLarge):
        fetched(downloader, site.url("/"))


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_what_drips_ends_at_the_deadline(site: Site, downloader: WebDownloader, head: bytes) -> None:
    """Each read returns a byte in time; the deadline limits all of them together."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        try:
            handler.wfile.write(head)
            while not site.closing.wait(0.02):
                handler.wfile.write(b"x")
        except OSError:
            return

    site.pages["/"] = answer
    hasty = WebDownloader(validate=downloader.validate, deadline_s=0.3)
    with pytest.raises(DownloadFailed):
        fetched(hasty, site.url("/"))


def test_a_server_that_says_nothing_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        hasty = WebDownloader(validate=lambda _address, _port: True, deadline_s=0.2)
        with pytest.raises(DownloadFailed):
            fetched(hasty, f"http://127.0.0.1:{port}/")


@pytest.fixture
def silent_resolver() -> Iterator[Callable[[str, int], Sequence[Address]]]:
    """A resolver that doesn't answer until the test ends."""
    released = threading.Event()

    def resolve(_host: str, _port: int) -> Sequence[Address]:
        released.wait()
        return [LOOPBACK]

    yield resolve
    released.set()


def test_a_resolver_that_says_nothing_ends_at_the_deadline(
    silent_resolver: Callable[[str, int], Sequence[Address]],
) -> None:
    hasty = WebDownloader(resolve=silent_resolver, deadline_s=0.2)
    began_s = time.monotonic()
    with pytest.raises(DownloadFailed):
        fetched(hasty, "http://slow.example.org/")
    assert time.monotonic() - began_s < 20


def test_a_redirect_is_looked_up_within_the_same_deadline(
    site: Site, silent_resolver: Callable[[str, int], Sequence[Address]]
) -> None:
    def resolve(host: str, port: int) -> Sequence[Address]:
        return [LOOPBACK] if host == "127.0.0.1" else silent_resolver(host, port)

    site.pages["/"] = a_redirect(f"http://slow.example.org:{site.port}/")
    hasty = WebDownloader(resolve=resolve, validate=lambda _address, _port: True, deadline_s=0.3)
    with pytest.raises(DownloadFailed):
        fetched(hasty, site.url("/"))


def test_lookups_that_hang_are_limited_and_others_wait_for_them_no_longer_than_the_deadline() -> None:
    """Those whose callers have given up count, too; a place is free when one ends."""
    lookups, may_end = Lookups(2), threading.Event()
    for _ in range(2):
        with pytest.raises(LookupTimeout):
            lookups.run(may_end.wait, timeout_s=0.01)
    before = threading.active_count()
    with pytest.raises(LookupTimeout):
        lookups.run(may_end.wait, timeout_s=0.01)
    assert threading.active_count() == before
    may_end.set()
    assert lookups.run(lambda: "found", timeout_s=5) == "found"


def test_a_lookup_fails_as_the_resolver_does() -> None:
    def fail() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        Lookups().run(fail, timeout_s=5)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_port_where_nobody_listens_cant_be_fetched(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    downloader = WebDownloader(validate=lambda _address, _port: True)
    with pytest.raises(DownloadFailed):
        fetched(downloader, f"{scheme}://127.0.0.1:{port}/")


def test_a_server_that_doesnt_speak_tls_cant_be_fetched_by_https(
    site: Site, downloader: Downloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificates are read once, for all downloads."""
    made: list[ssl.SSLContext] = []

    def counted(*, make: Callable[[], ssl.SSLContext] = httpcore2.default_ssl_context) -> ssl.SSLContext:
        made.append(make())
        return made[-1]

    monkeypatch.setattr(httpcore2, "default_ssl_context", counted)
    site.pages["/"] = a_page(b"plain")
    for _ in range(2):
        with pytest.raises(DownloadFailed):
            fetched(downloader, site.url("/").replace("http:", "https:"))
    assert len(made) == 1


def test_no_proxy_or_credential_of_the_machine_is_used(
    site: Site, downloader: Downloader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    site.pages["/"] = a_page(b"direct", ("Set-Cookie", "a=b"))
    assert fetched(downloader, site.url("/")) == b"direct"
    assert not {"Cookie", "Authorization"} & site.asked[0].keys()


def test_every_refusal_is_one_of_ours(site: Site, downloader: Downloader) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\x00\xff not http at all \r\n\r\n")

    site.pages["/"] = answer
    with pytest.raises(SpikeError):
        fetched(downloader, site.url("/"))
