"""`/` and `/studio`: the page, its files, its policy, and its facts about the server."""

import gzip
import json
import re
from html.parser import HTMLParser

import pytest
from falcon import testing

from memory_spike import MemorySpike
from spike_http import create_app
from spike_http.studio_files import StudioFiles
from spike_runtime import Settings

TIER = re.compile(r"id: '(\w+)', name: '\w+', price: (\d+), side: (\d+)")
OFFER = re.compile(r"\b[1248]K\b|\b\d+ (?:tokens?|pixels)\b")  # what a tier is, in words
COMMENT = re.compile(r"^\s*//.*$| // .*$", re.MULTILINE)


@pytest.fixture(scope="module")
def files() -> StudioFiles:
    return StudioFiles.read()


class Inline(HTMLParser):
    """Finds inline code that a strict policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith("on")]
        self.addresses += [
            value for name in ("src", "href") if (value := names.get(name)) and not value.startswith("#")
        ]


def test_the_page_has_a_strict_policy_and_keeps_it(client: testing.TestClient, files: StudioFiles) -> None:
    answer = client.simulate_get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    inline = Inline()
    inline.feed(answer.text)
    assert inline.found == []
    assert [address for address in inline.addresses if not address.startswith(f"/studio/{files.version}/")] == []
    for address in inline.addresses:
        assert client.simulate_get(address).status_code == 200, address


def test_pictures_may_come_from_where_the_store_has_them() -> None:
    services = MemorySpike.build(Settings(cdn_url="https://cdn.example.org/spike"))
    policy = testing.TestClient(create_app(services.spike)).simulate_get("/").headers["content-security-policy"]
    assert "img-src 'self' blob: https://cdn.example.org;" in policy


def test_the_page_is_asked_for_anew_and_its_files_are_kept(client: testing.TestClient, files: StudioFiles) -> None:
    page = client.simulate_get("/")
    assert page.headers["cache-control"] == "no-cache"
    again = client.simulate_get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    path = f"/studio/{files.version}/js/main.js"
    script = client.simulate_get(path)
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert client.simulate_get(path, headers={"If-None-Match": script.headers["etag"]}).status_code == 304


def test_files_are_packed_for_those_who_can_unpack_them(client: testing.TestClient, files: StudioFiles) -> None:
    path = f"/studio/{files.version}/js/main.js"
    assert client.simulate_get(path, headers={"Accept-Encoding": "GZIP"}).headers["content-encoding"] == "gzip"
    packed = client.simulate_get(path, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.content) == client.simulate_get(path).content


@pytest.mark.parametrize("path", ["js/none.js", "index.html", "../app.py", "js/../../app.py", "js", ""])
def test_nothing_else_is_served(client: testing.TestClient, files: StudioFiles, path: str) -> None:
    assert client.simulate_get(f"/studio/{files.version}/{path}").status_code == 404


def test_another_version_is_gone(client: testing.TestClient) -> None:
    assert client.simulate_get("/studio/0000000000000000/js/main.js").status_code == 404


def test_the_studio_names_no_tier_but_the_free_one(files: StudioFiles) -> None:
    """It asks the server, whose catalog may have others."""
    for path, content in files.files.items():
        if path.endswith((".js", ".html")):
            code = COMMENT.sub("", content.decode())
            assert TIER.findall(code) + OFFER.findall(code) == [], path


def test_scripts_and_style_sheets_name_no_other_host(files: StudioFiles) -> None:
    namespace = "http://www.w3.org/2000/svg"
    for path, content in files.files.items():
        if path.endswith((".js", ".css", ".svg")):
            text = COMMENT.sub("", content.decode().replace(namespace, ""))
            assert "//" not in text, path


def test_every_module_is_a_small_file(files: StudioFiles) -> None:
    sizes = {path: len(content.decode().splitlines()) for path, content in files.files.items() if path.endswith(".js")}
    assert [path for path, lines in sizes.items() if lines > 300] == [], json.dumps(sizes)


def test_what_the_first_module_imports_is_preloaded_and_what_is_opened_seldom_is_not(files: StudioFiles) -> None:
    modules = {path for path in files.files if path.endswith(".js")}
    preloaded = {path for path in modules if f'/{path}"'.encode() in files.page.partition(b"<body")[0]}
    assert modules - preloaded == {"js/account.js", "js/create.js", "js/tokens.js", "js/webhooks.js"}
