"""The service mounted by another WSGI application: each link leads back, wherever the path is written."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from caller import PICTURE
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, an_upload
from spike_http import create_app
from spike_http.serving.base_urls import joined_paths
from spike_runtime import Settings

StartResponse = Any
PATHS = st.lists(st.sampled_from(["a", "b", "spike"]), max_size=3).map(lambda names: "".join(f"/{n}" for n in names))
# SPIKE_PUBLIC_URL, where the application is mounted, the base URL of all links
PLACES: Final = [
    ("", "/spike", "http://localhost/spike"),
    ("https://example.org", "/spike", "https://example.org/spike"),
    ("https://example.org/spike", "/spike", "https://example.org/spike"),
    ("https://example.org/spike/", "/apps/spike", "https://example.org/spike/apps/spike"),
    ("https://example.org/shop", "/spike", "https://example.org/shop/spike"),
    ("https://example.org/shop/spike", "/spike", "https://example.org/shop/spike"),
    ("https://example.org", "/café", "https://example.org/caf%C3%A9"),
]


def elsewhere(_environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Stand in for the application around it, which must never be asked."""
    start_response("418 I'm a teapot", [])
    return [b""]


class Mounted:
    """A client of a service below `mount`, which knows a signed-in user."""

    def __init__(self, public_url: str, mount: str) -> None:
        services = MemorySpike.build(Settings(public_url=public_url))
        self.mount = mount
        inner = create_app(services.spike)

        def at_mount(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            return inner(environ, start_response)

        self.client = Client(
            DispatcherMiddleware(elsewhere, {mount.encode().decode("latin-1"): at_mount}), use_cookies=False
        )
        self.headers = {"Authorization": f"Bearer {services.register().session_token.text}"}

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.open(self.mount + path, method=method, headers=headers, **more)


def loaded(answer: TestResponse) -> Any:
    return json.loads(answer.data)


@pytest.mark.parametrize(("public_url", "mount", "base"), PLACES)
def test_every_link_of_a_mounted_service_begins_with_its_path_and_leads_back(
    public_url: str, mount: str, base: str
) -> None:
    mounted, path = Mounted(public_url, mount), urlsplit(base).path
    form = {"data": an_upload(PICTURE), "headers": {"Content-Type": CONTENT_TYPE, "Idempotency-Key": "once"}}
    uploaded = mounted.ask("POST", "/api/images/upload", **form)
    assert uploaded.get_data() == mounted.ask("POST", "/api/images/upload", **form).get_data()
    image = f"/api/images/{loaded(uploaded)['image']['id']}"
    url = loaded(mounted.ask("GET", image))["image"]["originalUrl"]
    assert url.startswith(f"{base}/files/images/")
    assert mounted.ask("GET", url.removeprefix(base)).data == PICTURE
    public = loaded(mounted.ask("PATCH", image, json={"isPublic": True}))["image"]["originalUrl"]
    assert public.startswith(f"{base}/files/images/")
    assert loaded(mounted.ask("GET", "/openapi.json"))["servers"] == [{"url": base if public_url else path}]
    for page in ("/", "/docs"):
        named = re.findall(r'(?:href|src)="([^"#][^"]*)"', mounted.ask("GET", page).text)
        assert named
        for address in named:
            assert address.startswith(f"{path}/"), address
            assert mounted.ask("GET", address.removeprefix(path)).status_code == 200, address


@pytest.mark.parametrize(("public_url", "mount", "base"), PLACES)
def test_the_cookie_of_a_mounted_service_is_for_its_path(public_url: str, mount: str, base: str) -> None:
    """`__Host-` needs the path `/`; another application on the same host may not read ours."""
    mounted = Mounted(public_url, mount)
    cookie = mounted.ask("POST", "/api/session").headers["Set-Cookie"]
    assert f"; Path={urlsplit(base).path};" in cookie
    assert cookie.startswith("__Secure-" if base.startswith("https:") else "next-auth.")
    gone = mounted.ask("DELETE", "/api/session", headers={"Cookie": cookie.partition(";")[0]}).headers["Set-Cookie"]
    assert (gone.partition("=")[0], f"; Path={urlsplit(base).path};" in gone) == (cookie.partition("=")[0], True)


@pytest.mark.parametrize("origin", ["https://example.org", "https://evil.example"])
def test_only_pages_of_its_own_origin_use_the_cookie_of_a_mounted_service(origin: str) -> None:
    mounted = Mounted("https://example.org", "/spike")
    cookie = mounted.ask("POST", "/api/session").headers["Set-Cookie"].partition(";")[0]
    mounted.headers = {}
    asked = mounted.ask("POST", "/api/albums", json={"name": "A"}, headers={"Cookie": cookie, "Origin": origin})
    assert asked.status_code == (201 if origin == "https://example.org" else 403)


@given(PATHS, PATHS)
def test_paths_that_meet_are_joined_without_repeating_what_they_share(outer: str, inner: str) -> None:
    joined = joined_paths(outer, inner)
    assert joined.startswith(outer)
    assert joined.endswith(inner)
    assert len(joined) <= len(outer) + len(inner)
    assert joined_paths(joined, inner) == joined == joined_paths(outer, joined)
