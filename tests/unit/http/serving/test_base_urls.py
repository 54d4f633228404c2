"""The base URL: links, cookie and origin check follow the setting, then trusted proxies."""

import re
from collections.abc import Mapping

import pytest
from falcon import inspect, testing
from hypothesis import given
from hypothesis import strategies as st

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from spike_http import create_app
from spike_http.openapi.viewer import Viewer
from spike_http.resources.studio import csp_source
from spike_http.serving.base_urls import BaseUrls
from spike_http.serving.proxies import Proxies
from spike_http.studio_files import StudioFiles
from spike_runtime import Settings
from spike_runtime.settings import OWN_FIRST_SEGMENTS

PROXY, STRANGER = "10.0.0.1", "1.2.3.4"
OWN = "http://192.168.1.7:3000"
BEHIND_PROXY = Settings(trusted_proxies="10.0.0.0/8")
BELOW_PATH = Settings(public_url="https://example.org/spike/")
PAGE = testing.TestClient(create_app(MemorySpike.build(BEHIND_PROXY).spike))
POLICY_DIRECTIVES = [
    "default-src",
    "script-src",
    "style-src",
    "font-src",
    "img-src",
    "connect-src",
    "base-uri",
    "form-action",
    "frame-ancestors",
]
WELL_FORMED = re.compile(r"https?://([a-z0-9.-]+|\[::1\])(:\d+)?")


def a_caller(settings: Settings) -> Caller:
    services = MemorySpike.build(settings)
    return Caller(testing.TestClient(create_app(services.spike)), services.register())


def base_url(peer: str, headers: Mapping[str, str], *, public_url: str = "", **environ: str) -> str:
    req = testing.create_req(headers=dict(headers), remote_addr=peer)
    req.env.update({"SERVER_NAME": "192.168.1.7", "SERVER_PORT": "3000", **environ})
    urls = BaseUrls(public_url=public_url, proxies=Proxies.parse("10.0.0.0/8"), own_names={"box.lan"})
    return urls.base_url(req)


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        (STRANGER, {"Host": "localhost"}, "http://localhost"),
        (STRANGER, {"Host": "LocalHost:8080"}, "http://LocalHost:8080"),
        (STRANGER, {"Host": "spike.localhost"}, "http://spike.localhost"),
        (STRANGER, {"Host": "127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        (STRANGER, {"Host": "127.1.2.3"}, "http://127.1.2.3"),
        (STRANGER, {"Host": "[::1]:3000"}, "http://[::1]:3000"),
        (STRANGER, {"Host": "192.168.1.7:8080"}, "http://192.168.1.7:8080"),  # the server's own
        (STRANGER, {"Host": "box.lan"}, "http://box.lan"),  # it listens on
        (STRANGER, {"Host": "BOX.lan.:8080"}, "http://BOX.lan.:8080"),
        (STRANGER, {"Host": "a.example"}, OWN),
        (STRANGER, {"Host": "a.example:3000"}, OWN),
        (STRANGER, {"Host": "localhost.evil.example"}, OWN),
        (STRANGER, {"Host": "evillocalhost"}, OWN),
        (STRANGER, {"Host": "127.0.0.1.evil.example"}, OWN),
        (STRANGER, {"Host": "192.168.1.8"}, OWN),
        (STRANGER, {"Host": "10.0.0.1"}, OWN),
        (STRANGER, {"Host": "[2001:db8::1]"}, OWN),
        (STRANGER, {"Host": "[::ffff:7f00:1%25x]"}, OWN),
        (STRANGER, {"Host": "0x7f.1"}, OWN),
        (STRANGER, {"Host": "localhost:99999"}, OWN),
        (STRANGER, {"Host": "[:::]"}, OWN),
        (STRANGER, {"Host": "localhost", "X-Forwarded-Proto": "https"}, "http://localhost"),
        (STRANGER, {"Host": "localhost", "X-Forwarded-Host": "evil.example"}, "http://localhost"),
        (PROXY, {"Host": "a.example"}, OWN),
        (PROXY, {"Host": "localhost", "X-Forwarded-Proto": "https"}, "https://localhost"),
        (PROXY, {"Host": "localhost", "X-Forwarded-Proto": "HTTPS"}, "https://localhost"),
        (PROXY, {"Host": "app:3000", "X-Forwarded-Host": "a.example"}, "http://a.example"),
        (
            PROXY,
            {"Host": "x", "X-Forwarded-Host": "a.example:8443", "X-Forwarded-Proto": "https"},
            "https://a.example:8443",
        ),
        # what a client has made up stands before what the proxy appends
        (PROXY, {"Host": "x", "X-Forwarded-Host": "evil.example, a.example"}, "http://a.example"),
        (PROXY, {"Host": "x", "X-Forwarded-Proto": "http, https"}, "https://192.168.1.7:3000"),
        (PROXY, {"Host": "localhost", "X-Forwarded-Proto": "javascript"}, "http://localhost"),
        (PROXY, {"Host": "localhost", "X-Forwarded-Proto": ""}, "http://localhost"),
        (PROXY, {"Host": "localhost", "X-Forwarded-Host": "evil.example/path"}, "http://localhost"),
        (PROXY, {"Host": "localhost", "X-Forwarded-Host": "user@evil.example"}, "http://localhost"),
        (PROXY, {"Host": "localhost", "X-Forwarded-Host": "evil.example; script-src *"}, "http://localhost"),
        (PROXY, {"Host": "localhost", "X-Forwarded-Host": "a.example,"}, "http://localhost"),
        (PROXY, {"Host": "localhost", "X-Forwarded-Host": "e" * 256}, "http://localhost"),
    ],
)
def test_only_trusted_proxies_say_how_the_service_is_reached(peer: str, headers: dict[str, str], expected: str) -> None:
    assert base_url(peer, headers) == expected


@pytest.mark.parametrize(
    ("own", "host"),
    [("::ffff:192.168.1.7", "192.168.1.7"), ("[2001:db8::7]", "[2001:DB8::7]"), ("box.lan", "BOX.lan")],
)
def test_the_servers_own_address_is_known_however_it_is_written(own: str, host: str) -> None:
    assert base_url(STRANGER, {"Host": f"{host}:8080"}, SERVER_NAME=own) == f"http://{host}:8080"


@pytest.mark.parametrize("peer", [PROXY, STRANGER])
def test_the_public_url_counts_before_all(peer: str) -> None:
    headers = {"Host": "x", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
    assert base_url(peer, headers, public_url="https://example.org/spike/") == "https://example.org/spike"


@pytest.mark.parametrize(
    "host", ["", " ", "a b", 'a"b', "a/b", "evil.example; script-src *", "a,b", "http://a", "é", "a\\b"]
)
def test_a_host_that_is_none_gives_way_to_the_servers_own(host: str) -> None:
    own = {"SERVER_NAME": "127.0.0.2", "SERVER_PORT": "3000"}
    assert base_url(STRANGER, {"Host": host}, **own) == "http://127.0.0.2:3000"


def test_without_a_host_the_servers_address_is_given() -> None:
    for name, port, expected in (
        ("127.0.0.2", "3000", "http://127.0.0.2:3000"),
        ("127.0.0.2", "80", "http://127.0.0.2"),
        ("::1", "3000", "http://[::1]:3000"),
        ("[::1]", "3000", "http://[::1]:3000"),
    ):
        req = testing.create_req(remote_addr=STRANGER)
        req.env.update({"SERVER_NAME": name, "SERVER_PORT": port})
        del req.env["HTTP_HOST"]
        assert BaseUrls(public_url="", proxies=Proxies.parse("")).base_url(req) == expected


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=10))
def test_whatever_is_sent_the_base_url_is_well_formed(host: str, forwarded: str, scheme: str) -> None:
    req = testing.create_req(remote_addr=PROXY)
    req.env.update({"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": forwarded, "HTTP_X_FORWARDED_PROTO": scheme})
    found = BaseUrls(public_url="", proxies=Proxies.parse("10.0.0.0/8")).base_url(req)
    assert re.fullmatch(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?", found)


def signed_in(caller: Caller, headers: Mapping[str, str], peer: str) -> testing.Result:
    return caller.client.simulate_post("/api/session", headers={**caller.headers, **headers}, remote_addr=peer)


def test_links_and_the_cookie_follow_a_trusted_proxy_and_nobody_else() -> None:
    ada = a_caller(BEHIND_PROXY)
    image_id = ada.upload().json["image"]["id"]
    headers = {"Host": "localhost", "X-Forwarded-Host": "spike.example", "X-Forwarded-Proto": "https"}
    for peer, prefix, cookie in (
        (PROXY, "https://spike.example/", "__Host-next-auth.session-token"),
        (STRANGER, "http://localhost/", "next-auth.session-token"),
    ):
        shown = ada.client.simulate_get(
            f"/api/images/{image_id}", headers={**ada.headers, **headers}, remote_addr=peer
        ).json["image"]
        assert shown["originalUrl"].startswith(f"{prefix}files/")
        assert list(signed_in(ada, headers, peer).cookies) == [cookie]


@pytest.mark.parametrize(
    ("peer", "origin", "status"),
    [
        (PROXY, "https://spike.example", 404),
        (PROXY, "https://spike.example:443", 404),
        (PROXY, "https://SPIKE.example", 404),
        (PROXY, "http://spike.example", 403),
        (PROXY, "http://localhost", 403),
        (PROXY, "https://evil.example", 403),
        (STRANGER, "https://spike.example", 403),
        (STRANGER, "http://localhost", 404),
        (STRANGER, "http://[", 403),
        (STRANGER, "http://localhost:99999999", 403),
        (STRANGER, "null", 403),
        (STRANGER, "", 403),
    ],
)
def test_the_check_of_origins_follows_a_trusted_proxy_and_nobody_else(peer: str, origin: str, status: int) -> None:
    ada = a_caller(BEHIND_PROXY)
    headers = {
        "Host": "localhost",
        "X-Forwarded-Host": "spike.example",
        "X-Forwarded-Proto": "https",
        "Origin": origin,
        "Cookie": f"next-auth.session-token={ada.registered.session_token.text}",
    }
    answer = ada.client.simulate_post("/api/jobs/none/cancel", headers=headers, remote_addr=peer)
    assert answer.status_code == status


def test_a_page_of_an_unknown_host_learns_what_to_set() -> None:
    """Whether it is an operator's own name or an attacker's that resolves to this machine (DNS rebinding)."""
    ada = a_caller(Settings())
    headers = {"Cookie": f"next-auth.session-token={ada.registered.session_token.text}", "Host": "box.lan:3000"}
    for origin, code in (("http://box.lan:3000", "UNTRUSTED_HOST"), ("http://evil.example", "FORBIDDEN")):
        answer = ada.client.simulate_post("/api/jobs/none/cancel", headers={**headers, "Origin": origin})
        assert (answer.status_code, answer.json["code"]) == (403, code)
    assert ada.client.simulate_get("/api/images", headers=headers).status_code == 200
    app = create_app(MemorySpike.build(Settings(public_url="http://box.lan:3000")).spike)
    answer = testing.TestClient(app).simulate_post(
        "/api/jobs/none/cancel", headers={**headers, "Origin": "http://box.lan:3000"}
    )
    assert answer.status_code == 401, "the host is known now, the session isn't"


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_adds_to_the_content_security_policy(host: str, forwarded: str) -> None:
    answer = PAGE.simulate_get("/", extras={"HTTP_HOST": host, "HTTP_X_FORWARDED_HOST": forwarded})
    policy = answer.headers["content-security-policy"]
    assert [directive.split()[0] for directive in policy.split("; ")] == POLICY_DIRECTIVES
    sources = re.search("img-src 'self' blob: (.*?);", policy)
    assert sources is not None
    assert re.fullmatch(r"https?://[A-Za-z0-9.:_\[\]-]+", sources[1])


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://cdn.example:8443/images/x?y", "https://cdn.example:8443"),
        ("http://[::1]:3000/files", "http://[::1]:3000"),
        ("https://user:secret@cdn.example/x", "https://cdn.example"),
        ("https://a;script-src *", "https://a%3Bscript-src%20%2A"),
        ("https://a, b", "https://a%2C%20b"),
        ("https://a'none'", "https://a%27none%27"),
        ("data:text/html,x", ""),
        ("javascript:x", ""),
        ("//host", ""),
    ],
)
def test_a_source_of_the_policy_cant_end_its_directive(url: str, source: str) -> None:
    assert csp_source(url) == source


@pytest.mark.parametrize("prefix", ["", "/spike"], ids=["taken off by the proxy", "left on"])
class TestBelowPath:
    """`SPIKE_PUBLIC_URL=https://example.org/spike/`, whether the proxy removes `/spike` or not."""

    def test_every_link_begins_with_it_and_leads_back(self, prefix: str) -> None:
        ada = a_caller(BELOW_PATH)
        image_id = ada.upload().json["image"]["id"]
        image = ada.get(f"{prefix}/api/images/{image_id}").json["image"]
        assert image["originalUrl"].startswith("https://example.org/spike/files/images/")
        behind = image["originalUrl"].removeprefix("https://example.org/spike")
        assert ada.client.simulate_get(prefix + behind).content == PICTURE
        public = ada.patch(f"{prefix}/api/images/{image_id}", {"isPublic": True}).json["image"]["originalUrl"]
        assert public == f"https://example.org/spike/files/images/{image_id}.jpg"
        assert ada.client.simulate_get(prefix + public.removeprefix("https://example.org/spike")).status_code == 200

    def test_the_pages_and_all_that_they_name_are_below_it(self, prefix: str) -> None:
        client = a_caller(BELOW_PATH).client
        for page in ("/", "", "/docs", "/docs/"):
            if not prefix + page:
                continue
            answer = client.simulate_get(prefix + page)
            assert answer.status_code == 200
            named = [each for each in re.findall(r'(?:href|src)="([^"]+)"', answer.text) if not each.startswith("#")]
            assert named
            for address in named:
                assert address.startswith("/spike/"), address
                assert client.simulate_get(prefix + address.removeprefix("/spike")).status_code == 200, address

    def test_the_document_says_where_its_paths_are(self, prefix: str) -> None:
        document = a_caller(BELOW_PATH).client.simulate_get(f"{prefix}/openapi.json").json
        assert document["servers"] == [{"url": "https://example.org/spike"}]

    def test_the_cookie_is_for_it_alone_and_is_taken_away_there(self, prefix: str) -> None:
        ada = a_caller(BELOW_PATH)
        signed = ada.post(f"{prefix}/api/session").cookies["__Secure-next-auth.session-token"]
        assert (signed.path, signed.secure) == ("/spike", True)
        out = ada.client.simulate_delete(f"{prefix}/api/session", cookies={signed.name: signed.value})
        gone = out.cookies[signed.name]
        assert (gone.value, gone.path) == ("", "/spike")


@pytest.mark.parametrize("path", ["/spikes", "/spike2/api/images", "/spike/spike/", "/nowhere/spike/"])
def test_a_path_that_only_looks_like_it_leads_nowhere(path: str) -> None:
    assert a_caller(BELOW_PATH).client.simulate_get(path).status_code == 404


def test_no_public_path_can_be_one_of_ours() -> None:
    routes = inspect.inspect_routes(a_caller(Settings()).client.app)
    assert {route.path.split("/")[1] for route in routes} - {""} == OWN_FIRST_SEGMENTS


def test_where_a_program_embeds_the_application_its_place_is_in_every_link() -> None:
    """A WSGI server passes the application's path prefix in SCRIPT_NAME (PEP 3333)."""
    ada = a_caller(Settings())
    url = ada.client.simulate_post("/api/session", headers=ada.headers, root_path="/spike").cookies
    assert url["next-auth.session-token"].path == "/spike"
    image_id = ada.upload().json["image"]["id"]
    shown = ada.client.simulate_get(f"/api/images/{image_id}", headers=ada.headers, root_path="/spike").json["image"]
    assert shown["originalUrl"].startswith("http://falconframework.org/spike/files/")
    style = f"/docs/{Viewer.read().version}/docs.css"
    assert f'href="/spike{style}"' in ada.client.simulate_get("/docs", root_path="/spike").text
    document = ada.client.simulate_get("/openapi.json", root_path="/spike").json
    assert document["servers"] == [{"url": "/spike"}]
    assert f'href="{style}"' in ada.client.simulate_get("/docs").text


def test_scripts_name_no_path_of_the_api_but_by_the_place_of_the_service() -> None:
    """`fetch('/api/…')` would omit the path of `SPIKE_PUBLIC_URL`."""
    files = {path: text.decode() for path, text in StudioFiles.read().files.items() if path.endswith((".js", ".css"))}
    sent = {path: re.findall(r"(?:fetch|\.open)\((.*)", text) for path, text in files.items()}
    for path, calls in sent.items():
        for call in calls:
            assert "'/" not in call, path
            assert "`/" not in call, path
    assert "fetch(absoluteUrl(path)" in files["js/api.js"]
    assert "request.open('POST', absoluteUrl(path))" in files["js/uploads.js"]
    assert not [path for path, text in files.items() if "location.origin}" in text or "url(/" in text]
