"""Problem details (RFC 9457) on request, and the rate limit as structured fields."""

from datetime import timedelta

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_http.problems import PROBLEM_JSON, TYPE_BASE


@pytest.mark.parametrize(
    ("accept", "is_problem"),
    [
        (PROBLEM_JSON, True),
        ("application/json, application/problem+json", True),
        ("application/problem+json;q=0.9, */*;q=0.1", True),
        ("APPLICATION/PROBLEM+JSON", True),
        ("application/json, application/problem+json;q=0.5", False),
        ("application/problem+json;q=0", False),
        ("*/*", False),
        ("application/*", False),
        ("text/html", False),
        ("", False),
        ("application/problem+json;q=x", False),
        ("application/problem+json, \x00/;;q", True),
    ],
)
def test_a_client_gets_the_shape_it_asks_for(client: testing.TestClient, accept: str, *, is_problem: bool) -> None:
    answer = client.simulate_get("/api/tokens/balance", headers={"Accept": accept})
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].split(";")[0] == (PROBLEM_JSON if is_problem else "application/json")
    assert "Accept" in answer.headers["Vary"]
    assert answer.json["code"] == "UNAUTHORIZED"
    assert ("instance" in answer.json) == is_problem


def test_a_problem_has_the_members_of_the_error_beside_its_own(poor: Caller) -> None:
    image_id = poor.upload().json["image"]["id"]
    path, body = "/api/images/enhance", {"imageId": image_id, "tier": "TIER_4K"}
    error = poor.client.simulate_post(path, headers=poor.headers, json=body).json
    problem = poor.client.simulate_post(path, headers={**poor.headers, "Accept": PROBLEM_JSON}, json=body).json
    added = {"type", "status", "detail", "instance"}
    assert {key: problem[key] for key in problem.keys() - added - {"requestId"}} == {
        key: error[key] for key in error if key != "requestId"
    }
    assert problem["type"] == f"{TYPE_BASE}INSUFFICIENT_TOKENS"
    assert (problem["status"], problem["detail"]) == (402, error["error"])
    assert problem["instance"] == f"{path}#{problem['requestId']}"


@pytest.mark.parametrize("path", ["/api/nowhere", "/api/images/é b", "/%00"])
def test_unknown_paths_are_problems_too(client: testing.TestClient, path: str) -> None:
    problem = client.simulate_get(path, headers={"Accept": PROBLEM_JSON})
    assert problem.headers["Content-Type"] == PROBLEM_JSON
    assert problem.json["instance"].isascii()
    assert " " not in problem.json["instance"]


def test_rate_limits_are_told_as_structured_fields(ada: Caller, services: MemorySpike) -> None:
    first = ada.upload()
    assert first.headers["RateLimit-Policy"] == '"upload";q=30;w=900'
    assert first.headers["RateLimit"] == '"upload";r=29;t=900'
    services.clock.advance(timedelta(seconds=60))
    assert ada.upload().headers["RateLimit"] == '"upload";r=28;t=840'
    assert "RateLimit" not in ada.get("/api/albums").headers
