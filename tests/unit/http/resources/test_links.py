"""`POST /api/images/links`, and how long the URLs in responses are valid."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_http import create_app
from spike_runtime import Settings

LIFETIME = timedelta(seconds=Settings().link_lifetime_s)


def links(caller: Caller, **ids: list[str]) -> dict[str, Any]:
    answer = caller.post("/api/images/links", ids)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def status_of(client: testing.TestClient, url: str) -> int:
    parts = urlsplit(url)
    return client.simulate_get(parts.path, query_string=parts.query).status_code


def a_result(services: MemorySpike, ada: Caller) -> tuple[str, str]:
    """Return an image's id and that of its job, which is done."""
    uploaded = ada.upload().json
    services.work()
    return uploaded["image"]["id"], uploaded["enhancement"]["jobId"]


def test_renewed_links_work_when_the_old_ones_have_expired(services: MemorySpike, ada: Caller) -> None:
    image_id, job_id = a_result(services, ada)
    shown = ada.get(f"/api/images/{image_id}").json["image"]
    old = [shown["originalUrl"], shown["jobs"][0]["enhancedUrl"]]
    services.clock.advance(2 * LIFETIME)
    assert [status_of(ada.client, url) for url in old] == [403, 403]
    renewed = links(ada, imageIds=[image_id], jobIds=[job_id])
    (image,), (job,) = renewed["images"], renewed["jobs"]
    assert (image["id"], job["id"], job["imageId"]) == (image_id, job_id, image_id)
    assert [status_of(ada.client, url) for url in (image["originalUrl"], job["enhancedUrl"])] == [200, 200]


def test_every_url_is_valid_until_the_time_that_the_response_says(services: MemorySpike, ada: Caller) -> None:
    image_id, _ = a_result(services, ada)
    for minutes in range(0, 90, 7):
        services.clock.advance(timedelta(minutes=minutes))
        shown = ada.get(f"/api/images/{image_id}").json
        left = datetime.fromisoformat(shown["urlExpiresAt"]) - services.clock.now()
        assert LIFETIME / 2 <= left <= LIFETIME
        services.clock.advance(left)
        assert status_of(ada.client, shown["image"]["originalUrl"]) == 200


def test_a_response_that_is_repeated_soon_is_the_same(services: MemorySpike, ada: Caller) -> None:
    """So browsers cache the pictures by their URLs, and the response itself by its ETag."""
    image_id, job_id = a_result(services, ada)
    bodies, tags = set(), set()
    for _ in range(10):
        services.clock.advance(LIFETIME / 2 / 10)
        shown = ada.get(f"/api/images/{image_id}")
        tags.add(shown.headers["ETag"])
        bodies.add(ada.post("/api/images/links", {"imageIds": [image_id], "jobIds": [job_id]}).text)
    assert max(len(bodies), len(tags)) <= 2


def test_links_come_in_the_order_asked_without_repetitions(services: MemorySpike, ada: Caller) -> None:
    first, second = (a_result(services, ada)[0] for _ in range(2))
    asked = [second, first, second]
    assert [image["id"] for image in links(ada, imageIds=asked)["images"]] == [second, first]


def test_what_the_caller_may_not_read_is_left_out(services: MemorySpike, ada: Caller, bob: Caller) -> None:
    image_id, job_id = a_result(services, ada)
    waiting = ada.upload().json["enhancement"]["jobId"]
    everything = {"imageIds": [image_id, "img_" + "a" * 24, "../x"], "jobIds": [job_id, waiting, "job_gen_"]}
    assert [len(links(ada, **everything)[kind]) for kind in ("images", "jobs")] == [1, 1]
    assert [len(links(bob, **everything)[kind]) for kind in ("images", "jobs")] == [0, 0]
    services.publish(image_id)
    assert [len(links(bob, **everything)[kind]) for kind in ("images", "jobs")] == [1, 1]
    stranger = ada.client.simulate_post("/api/images/links", json=everything).json
    assert [len(stranger[kind]) for kind in ("images", "jobs")] == [1, 1]
    assert ada.get(f"/api/images/{image_id}").json["image"]["viewCount"] == 0


def test_a_generations_result_has_a_link_for_its_owner_alone(services: MemorySpike, ada: Caller, bob: Caller) -> None:
    job_id = ada.post("/api/mcp/generate", {"prompt": "a lighthouse", "tier": "TIER_1K"}).json["jobId"]
    services.work()
    (job,) = links(ada, jobIds=[job_id])["jobs"]
    assert job["imageId"] is None
    assert status_of(ada.client, job["enhancedUrl"]) == 200
    assert links(bob, jobIds=[job_id])["jobs"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"imageIds": None},
        {"imageIds": "img_x"},
        {"imageIds": [1]},
        {"imageIds": ["img_x"] * 101},
        {"imageIds": [], "jobIds": ["x"] * 101},
    ],
)
def test_a_body_without_lists_of_at_most_a_hundred_ids_is_refused(ada: Caller, body: Any) -> None:
    assert ada.post("/api/images/links", body).status_code == 400


def test_nothing_expires_where_a_cdn_serves_the_objects() -> None:
    served = MemorySpike.build(Settings(cdn_url="https://cdn.example.org"))
    caller = Caller(testing.TestClient(create_app(served.spike)), served.register())
    image_id = caller.upload().json["image"]["id"]
    answer = links(caller, imageIds=[image_id])
    assert answer["urlExpiresAt"] is None
    assert answer["images"] == [
        {
            "id": image_id,
            "originalUrl": f"https://cdn.example.org/images/{image_id}.jpg",
            "thumbnailUrl": None,
            "previewUrl": None,
            "thumbhash": None,
        }
    ]
