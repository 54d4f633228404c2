"""`SPIKE_ACCEL_REDIRECT`: Spike checks the link to a file, and nginx sends the file."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from falcon import testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike
from spike_core.domain.objects import ObjectKey
from spike_runtime import Settings

NGINX = "10.0.0.1"


@pytest.fixture
def services() -> MemorySpike:
    return MemorySpike.build(Settings(accel_redirect="/objects/", trusted_proxies=NGINX))


@pytest.fixture
def url(ada: Caller) -> str:
    link = urlsplit(ada.upload().json["image"]["url"])
    return f"{link.path}?{link.query}"


def through(client: testing.TestClient, url: str, *, proxy: str = NGINX, **headers: str) -> testing.Result:
    path, _, query = url.partition("?")
    return client.simulate_get(path, query_string=query, remote_addr=proxy, headers=headers)


def test_a_proxy_is_told_which_file_to_send(client: testing.TestClient, url: str) -> None:
    answer = through(client, url)
    assert (answer.status_code, answer.content) == (200, b"")
    name = urlsplit(url).path.removeprefix("/files/")
    assert answer.headers["X-Accel-Redirect"] == f"/objects/{name}"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "private" in answer.headers["Cache-Control"]
    assert through(client, url, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_others_get_the_file_itself(client: testing.TestClient, url: str) -> None:
    answer = through(client, url, proxy="127.0.0.1")
    assert answer.content == PICTURE
    assert "X-Accel-Redirect" not in answer.headers


def test_what_may_not_be_seen_and_what_is_gone_is_not_redirected_to(
    client: testing.TestClient, services: MemorySpike, url: str
) -> None:
    assert through(client, urlsplit(url).path).status_code == 404
    services.blobs.delete([ObjectKey.parse(urlsplit(url).path.removeprefix("/files/"))])
    assert (through(client, url).status_code, through(client, url).json["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"accel_redirect": "objects"}, "must be a path such as /objects"),
        ({"accel_redirect": "/a/../b"}, "must be a path such as /objects"),
        ({"accel_redirect": "/"}, "must be a path such as /objects"),
        ({"accel_redirect": "/files/x"}, "can't begin with /files"),
        ({"accel_redirect": "/objects", "storage_url": "s3://bucket"}, "SPIKE_STORAGE_URL isn't a folder"),
        ({"accel_redirect": "/objects", "trusted_proxies": ""}, "needs SPIKE_TRUSTED_PROXIES"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**{"trusted_proxies": NGINX, **settings})
