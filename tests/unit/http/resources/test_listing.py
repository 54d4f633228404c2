"""`GET /api/images`, and reading an image only if it has changed."""

from datetime import timedelta

import pytest

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.builders import NOON, a_job
from spike_core.domain.identifiers import ImageId


def test_images_are_listed_newest_first_in_pages(ada: Caller, bob: Caller) -> None:
    ids = [ada.upload(filename=f"{number}.jpg").json["image"]["id"] for number in range(5)]
    bob.upload()
    listed: list[str] = []
    query = {"limit": "2"}
    while True:
        answer = ada.get("/api/images", **query).json
        assert answer.keys() == {"success", "images", "nextCursor", "hasMore", "urlExpiresAt"}
        listed += [image["id"] for image in answer["images"]]
        assert answer["hasMore"] is (answer["nextCursor"] is not None)
        if not answer["hasMore"]:
            break
        query["cursor"] = answer["nextCursor"]
    assert listed == list(reversed(ids))


def test_a_listed_image_has_the_facts_of_a_shown_one(ada: Caller) -> None:
    image_id = ada.upload().json["image"]["id"]
    (listed,) = ada.get("/api/images").json["images"]
    shown = ada.get(f"/api/images/{image_id}").json["image"]
    assert {**listed, "jobs": shown["jobs"], "jobsTotal": 1} == shown


def test_a_list_needs_credentials(ada: Caller) -> None:
    assert ada.client.simulate_get("/api/images").status_code == 401


@pytest.mark.parametrize("cursor", ["", "1", "1.img_x", "x.img_" + "a" * 24, "1.img_" + "a" * 24 + "x", "9" * 18])
def test_a_cursor_of_somebody_elses_making_is_refused(ada: Caller, cursor: str) -> None:
    assert ada.get("/api/images", cursor=cursor).status_code == 400


def test_the_newest_hundred_jobs_are_shown_and_all_are_listed(ada: Caller, services: MemorySpike) -> None:
    """Oldest first with their image, newest first in the list, which has pages."""
    image_id = ada.upload().json["image"]["id"]
    path = f"/api/images/{image_id}"
    with services.spike.database.transactions.begin() as tx:
        image = tx.images.get(ImageId(image_id))
        tx.jobs.add([a_job(image=image, now=NOON + number * timedelta(days=1)) for number in range(101)])
    shown = ada.get(path).json["image"]
    assert (len(shown["jobs"]), shown["jobsTotal"]) == (100, 102)
    listed: list[str] = []
    query = {"limit": "100"}
    while True:
        answer = ada.get(f"{path}/jobs", **query).json
        listed += [job["id"] for job in answer["jobs"]]
        assert answer["hasMore"] is (answer["nextCursor"] is not None)
        if not answer["hasMore"]:
            break
        query["cursor"] = answer["nextCursor"]
    assert len(set(listed)) == len(listed) == 102
    assert [job["id"] for job in shown["jobs"]] == listed[:100][::-1]


def test_an_images_jobs_are_as_private_as_the_image(ada: Caller, bob: Caller, services: MemorySpike) -> None:
    image_id = ada.upload().json["image"]["id"]
    path = f"/api/images/{image_id}/jobs"
    assert (bob.get(path).status_code, bob.client.simulate_get(path).status_code) == (403, 401)
    services.publish(image_id)
    assert (bob.get(path).status_code, bob.client.simulate_get(path).status_code) == (200, 200)
    assert ada.get(path, cursor="x").status_code == ada.get(path, limit="101").status_code == 400


def test_an_image_that_has_not_changed_is_not_sent_again(ada: Caller, services: MemorySpike) -> None:
    path = f"/api/images/{ada.upload().json['image']['id']}"
    first = ada.get(path)
    headers = {**ada.headers, "If-None-Match": first.headers["etag"]}
    again = ada.client.simulate_get(path, headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    services.work()
    changed = ada.client.simulate_get(path, headers=headers)
    assert changed.status_code == 200
    assert changed.json["image"]["jobs"][0]["status"] == "COMPLETED"


def test_an_etag_opens_nothing(ada: Caller, bob: Caller) -> None:
    path = f"/api/images/{ada.upload().json['image']['id']}"
    etag = ada.get(path).headers["etag"]
    for value in (etag, "*"):
        answer = bob.client.simulate_get(path, headers={**bob.headers, "If-None-Match": value})
        assert answer.status_code == 403
