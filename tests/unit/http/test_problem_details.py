"""Problem details (RFC 9457) on request, and the rate limit as structured fields."""

from datetime import timedelta

import pytest
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from spike_http.problem_details import PROBLEM_JSON, TYPE_BASE


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


def test_every_kind_of_refusal_is_a_problem_with_the_limit_it_counted_against(ada: Caller) -> None:
    client, signed_in = ada.client, {**ada.headers, "Accept": PROBLEM_JSON}
    text = {**signed_in, "Content-Type": "text/plain"}
    mix = "/api/images/anonymous-enhance"
    answers = {
        405: client.simulate_delete("/api/images", headers=signed_in),
        415: client.simulate_post("/mcp", headers=text, body=b"x"),
        403: client.simulate_post("/mcp", headers={**signed_in, "Origin": "https://evil.example"}, json={}),
        401: client.simulate_post("/mcp", headers={"Accept": PROBLEM_JSON}, json={}),
        404: client.simulate_get("/files/enhanced/job_aaaaaaaaaaaaaaaaaaaaaaaa.jpg", headers={"Accept": PROBLEM_JSON}),
        429: [client.simulate_post(mix, headers={"Accept": PROBLEM_JSON}, json={}) for _ in range(6)][-1],
        400: client.simulate_post("/api/images/enhance", headers=signed_in, json={"more": "!" * 2_000_000}),
    }
    for status, answer in answers.items():
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM_JSON), answer.text
        assert (answer.json["status"], answer.json["type"]) == (status, TYPE_BASE + answer.json["code"])
    assert answers[429].headers["RateLimit-Policy"] == '"anonymous-mix";q=5;w=900'
    assert answers[429].headers["RateLimit"] == '"anonymous-mix";r=0;t=900'
    assert answers[429].json["retryAfter"] == 900


def test_rate_limits_are_told_as_structured_fields(ada: Caller, services: MemorySpike) -> None:
    first = ada.upload()
    assert first.headers["RateLimit-Policy"] == '"upload";q=30;w=900'
    assert first.headers["RateLimit"] == '"upload";r=29;t=900'
    services.clock.advance(timedelta(seconds=60))
    assert ada.upload().headers["RateLimit"] == '"upload";r=28;t=840'
    assert "RateLimit" not in ada.get("/api/albums").headers
