"""`/docs`: the viewer of the OpenAPI document, served from the package."""

import gzip
import re

import pytest
from falcon import testing

from spike_http.openapi.viewer import Viewer

VIEWER = Viewer.read()
FILES = [f"/docs/{VIEWER.version}/{name}" for name in VIEWER.files]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", *FILES])
def test_the_document_and_its_viewer_are_sent_once(client: testing.TestClient, path: str) -> None:
    first = client.simulate_get(path)
    assert first.status_code == 200
    assert client.simulate_get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_the_page_loads_its_own_files_only_and_runs_no_inline_script(client: testing.TestClient) -> None:
    page = client.simulate_get("/docs")
    assert set(re.findall(r'(?:src|href|data-openapi)="([^"#]+)"', page.text)) <= {*FILES, "/openapi.json"}
    assert re.findall(r"<script[^>]*>(.*?)</script>", page.text, re.DOTALL) == ["", ""]
    assert "<style" not in page.text
    assert "style=" not in page.text


def test_the_policy_of_the_page_allows_no_inline_code_and_no_other_host(client: testing.TestClient) -> None:
    policy = client.simulate_get("/docs").headers["Content-Security-Policy"]
    directives = dict(directive.split(" ", 1) for directive in policy.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == "'self'"
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", FILES)
def test_a_file_is_compressed_for_clients_that_accept_it(client: testing.TestClient, path: str) -> None:
    packed = client.simulate_get(path, headers={"Accept-Encoding": "gzip"})
    plain = client.simulate_get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.content) == plain.content
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/docs/0123456789abcdef/docs.css", f"/docs/{VIEWER.version}/unknown.js"])
def test_another_version_and_an_unknown_file_are_not_found(client: testing.TestClient, path: str) -> None:
    assert client.simulate_get(path).status_code == 404


def test_the_viewer_is_of_a_reasonable_size() -> None:
    """As stored and as sent; uncompressed it has less than 2 MB."""
    assert sum(len(content) for content in VIEWER.files.values()) < 600_000
