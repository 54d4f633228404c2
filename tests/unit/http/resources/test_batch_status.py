"""Reading several jobs at once."""

from typing import Any

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_contracts.builders import a_job_id

PATH = "/api/jobs/batch-status"


@pytest.fixture
def job_ids(ada: Caller) -> list[str]:
    """Four jobs of two images, in the order of their creation."""
    ids = []
    for _ in range(2):
        uploaded = ada.upload().json
        free = ada.post("/api/images/enhance", {"imageId": uploaded["image"]["id"], "tier": "FREE"})
        ids += [uploaded["enhancement"]["jobId"], free.json["jobId"]]
    return ids


def test_jobs_come_in_the_order_asked_as_each_comes_alone(ada: Caller, job_ids: list[str]) -> None:
    ada.post(f"/api/jobs/{job_ids[2]}/cancel")
    asked = job_ids[::-1]
    expected = [ada.get(f"/api/jobs/{job_id}").json["job"] for job_id in asked]
    answer = ada.post(PATH, {"jobIds": asked})
    assert (answer.status_code, answer.json["jobs"], answer.json["notFound"]) == (200, expected, [])
    assert [job["queuePosition"] for job in expected] == [3, None, 2, 1]


def test_jobs_that_have_ended_come_with_their_results(ada: Caller, services: MemorySpike, job_ids: list[str]) -> None:
    services.work()
    jobs = ada.post(PATH, {"jobIds": job_ids}).json["jobs"]
    assert [(job["id"], job["status"]) for job in jobs] == [(job_id, "COMPLETED") for job_id in job_ids]
    assert jobs == [ada.get(f"/api/jobs/{job_id}").json["job"] for job_id in job_ids]
    assert all(job["enhancedUrl"] for job in jobs)


def test_an_id_asked_twice_is_answered_once_where_it_came_first(ada: Caller, job_ids: list[str]) -> None:
    first, second, *_ = job_ids
    answer = ada.post(PATH, {"jobIds": [second, "x", first, second, "x", first]}).json
    assert [job["id"] for job in answer["jobs"]] == [second, first]
    assert answer["notFound"] == ["x"]


def test_unknown_malformed_and_foreign_ids_are_not_found_alike(ada: Caller, bob: Caller, job_ids: list[str]) -> None:
    bobs = bob.upload().json["enhancement"]["jobId"]
    missing = ["", str(a_job_id()), bobs, "job_123", "é", "\x00", job_ids[0].upper()]
    answer = ada.post(PATH, {"jobIds": [*missing[:3], job_ids[0], *missing[3:]]})
    assert answer.status_code == 200
    assert [job["id"] for job in answer.json["jobs"]] == job_ids[:1]
    assert answer.json["notFound"] == missing


def test_fifty_ids_are_answered_and_one_more_is_refused(ada: Caller) -> None:
    ids = [str(a_job_id()) for _ in range(51)]
    answer = ada.post(PATH, {"jobIds": ids[:50]}).json
    assert (answer["jobs"], answer["notFound"]) == ([], ids[:50])
    refused = ada.post(PATH, {"jobIds": ids})
    assert (refused.status_code, refused.json["code"]) == (400, "INVALID_INPUT")
    assert refused.json["suggestion"] == "Please check your request: jobIds must be a list of 1 to 50 ids"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"jobIds": None},
        {"jobIds": []},
        {"jobIds": "job_1"},
        {"jobIds": {"job_1": 1}},
        {"jobIds": [7]},
        {"jobIds": [None]},
        {"jobIds": [["job_1"]]},
        {"jobIds": ["x" * 65_536]},
        [],
    ],
)
def test_a_bad_list_is_refused(ada: Caller, body: Any) -> None:
    assert ada.post(PATH, body).status_code == 400


def test_half_a_surrogate_pair_is_refused_since_no_answer_could_repeat_it(ada: Caller) -> None:
    headers = {**ada.headers, "Content-Type": "application/json"}
    answer = ada.client.simulate_post(PATH, headers=headers, body=r'{"jobIds": ["\ud800"]}')
    assert (answer.status_code, answer.json["code"]) == (400, "INVALID_INPUT")


def test_a_visitor_is_told_nothing(client: testing.TestClient, job_ids: list[str]) -> None:
    assert client.simulate_post(PATH, json={"jobIds": job_ids}).status_code == 401
