"""HEAD is answered wherever GET is: the same status and headers, and no body."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

import pytest
from falcon import inspect, testing

from caller import PICTURE, Caller
from memory_spike import MemorySpike, with_limits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.rate_limits import RateLimitGroup
from spike_http import create_app
from spike_http.openapi.viewer import Viewer
from spike_http.studio_files import StudioFiles
from spike_memory import ManualClock, MemoryBlobStore

OWN_TO_EACH_REQUEST = {"x-request-id", "x-ratelimit-remaining", "ratelimit"}
PLAIN = [
    "/",
    "/docs",
    f"/docs/{Viewer.read().version}/docs.css",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/api/images",
    "/api/albums",
    "/api/tokens/balance",
    "/api/tokens/history",
    "/api/settings/api-keys",
    "/api/session",
    "/api/mcp/history",
    "/api/mcp/balance",
    f"/studio/{StudioFiles.read().version}/js/main.js",
    "/api/nowhere",
    "/api/images?limit=0",
    "/api/images/enhance",
]


def headers_of(answer: testing.Result) -> Mapping[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OWN_TO_EACH_REQUEST}


def assert_head_is_get(caller: Caller, path: str, *, headers: Mapping[str, str] | None = None) -> None:
    sent = caller.headers if headers is None else dict(headers)
    get = caller.client.simulate_get(path, headers=sent)
    head = caller.client.simulate_head(path, headers=sent)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert headers_of(head) == headers_of(get)


@pytest.mark.parametrize("path", PLAIN)
def test_head_has_the_status_and_the_headers_of_get(ada: Caller, path: str) -> None:
    assert_head_is_get(ada, path)


def test_head_of_a_job_a_batch_an_image_and_an_album_is_that_of_get(ada: Caller) -> None:
    uploaded = ada.upload().json
    image_id, job_id = uploaded["image"]["id"], uploaded["enhancement"]["jobId"]
    batch_id = ada.post("/api/images/batch-enhance", {"imageIds": [image_id], "tier": "FREE"}).json["batchId"]
    album_id = ada.post("/api/albums", {"name": "Summer"}).json["album"]["id"]
    creation_id = ada.post("/api/mcp/generate", {"prompt": "sea", "tier": "TIER_1K"}).json["jobId"]
    for path in (
        f"/api/jobs/{job_id}?wait=1",
        f"/api/batches/{batch_id}",
        f"/api/albums/{album_id}",
        f"/api/mcp/jobs/{creation_id}",
    ):
        assert_head_is_get(ada, path)
    head = ada.client.simulate_head(f"/api/images/{image_id}", headers=ada.headers)
    get = ada.get(f"/api/images/{image_id}")
    assert (head.headers["etag"], head.headers["content-length"]) == (get.headers["etag"], str(len(get.content)))


def test_head_without_credentials_is_refused_as_get_is(ada: Caller) -> None:
    image_id = ada.upload().json["image"]["id"]
    for path in ("/api/images", f"/api/images/{image_id}", "/api/jobs/job_none"):
        assert_head_is_get(ada, path, headers={})


def test_head_of_a_file_tells_its_size(ada: Caller) -> None:
    url = ada.upload().json["image"]["url"].removeprefix("http://falconframework.org")
    assert_head_is_get(ada, url, headers={})
    head = ada.client.simulate_head(url)
    assert head.headers["content-length"] == str(len(PICTURE))
    known = ada.client.simulate_head(url, headers={"If-None-Match": head.headers["etag"]})
    assert known.status_code == 304
    assert ada.client.simulate_head(url.partition("?")[0]).status_code == 404


class WatchedBlobStore(MemoryBlobStore):
    """Records the streams that it has opened."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.opened: list[BinaryIO] = []

    @contextmanager
    def open(self, key: ObjectKey) -> Iterator[BinaryIO]:
        with super().open(key) as stream:
            self.opened.append(stream)
            yield stream
            stream.close()


def test_head_of_a_file_leaves_no_stream_open() -> None:
    services = MemorySpike.build(blobs=WatchedBlobStore)
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    url = ada.upload().json["image"]["url"].removeprefix("http://falconframework.org")
    ada.client.simulate_head(url)
    assert isinstance(services.blobs, WatchedBlobStore)
    assert [stream.closed for stream in services.blobs.opened] == [True]


def test_head_is_no_view(ada: Caller, services: MemorySpike) -> None:
    image_id = ada.upload().json["image"]["id"]
    services.publish(image_id)
    for _ in range(3):
        assert ada.client.simulate_head(f"/api/images/{image_id}").status_code == 200
    assert ada.get(f"/api/images/{image_id}").json["image"]["viewCount"] == 0


def test_head_counts_against_the_limit_of_get() -> None:
    services = MemorySpike.build(with_limits({RateLimitGroup.GET_IMAGE: 2}))
    ada = Caller(testing.TestClient(create_app(services.spike)), services.register())
    image_id = ada.upload().json["image"]["id"]
    answers = [ada.client.simulate_head(f"/api/images/{image_id}", headers=ada.headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert ada.get(f"/api/images/{image_id}").status_code == 429


def test_head_is_answered_and_allowed_where_get_is_and_nowhere_else(client: testing.TestClient) -> None:
    """All routes are tested."""
    for route in inspect.inspect_routes(client.app):
        has_get = "GET" in {method.method for method in route.methods if not method.internal}
        path = route.path.replace("{", "").replace("}", "")
        assert (client.simulate_head(path).status_code == 405) is not has_get, route.path
        for answer in (client.simulate_put(path), client.simulate_options(path)):
            allowed = answer.headers["allow"].split(", ")
            assert ("GET" in allowed, "HEAD" in allowed) == (has_get, has_get), route.path
            assert allowed == list(dict.fromkeys(allowed)), route.path


def test_a_resource_without_get_refuses_head(client: testing.TestClient) -> None:
    answer = client.simulate_head("/api/images/enhance")
    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST, OPTIONS", b"")
