"""Orders by tools: what is repeated has one effect, and what isn't never gets the answer of something else."""

from datetime import timedelta
from typing import Any, Final

import pytest

from mcp_messages import RawClient
from memory_spike import MemorySpike

ORDER: Final[dict[str, Any]] = {"prompt": "sea", "tier": "TIER_1K"}
NO_TASKS: Final[dict[str, Any]] = {}


def job_of(raw: RawClient, *, id_: int, key: str | None = None, **arguments: Any) -> str:
    """Order, in a conversation with this key, and return the job's id."""
    params = {"name": "generate_image", "arguments": {**ORDER, **arguments}}
    headers = {} if key is None else {"Idempotency-Key": key}
    job_id: str = raw.request("tools/call", params, id_=id_, headers=headers).json["result"]["taskId"]
    return job_id


def test_a_request_that_is_sent_again_orders_once_and_says_so(raw: RawClient) -> None:
    first, again = (raw.call("generate_image", id_=7, capabilities=NO_TASKS, **ORDER) for _ in range(2))
    assert [each["structuredContent"]["replayed"] for each in (first, again)] == [False, True]
    assert first["structuredContent"]["jobId"] == again["structuredContent"]["jobId"]
    assert "nothing new was ordered" in again["content"][0]["text"]
    task = raw.call("generate_image", id_=7, **ORDER)
    assert task["taskId"] == first["structuredContent"]["jobId"]
    assert task["statusMessage"].startswith("This call was made before, so nothing new was ordered")
    assert raw.call("get_balance")["structuredContent"]["balance"] == 98


def test_a_conversation_that_numbers_its_requests_anew_gets_its_own_orders(
    services: MemorySpike, raw: RawClient
) -> None:
    """Another call with the same id is another order at once; the same call is a repetition for some minutes alone."""
    first = job_of(raw, id_=1)
    others = {job_of(raw, id_=1, prompt="lake"), job_of(raw, id_=1, tier="TIER_2K"), job_of(raw, id_=2)}
    assert len({first, *others}) == 4
    services.clock.advance(timedelta(minutes=10))
    assert job_of(raw, id_=1) == first
    services.clock.advance(timedelta(minutes=10, seconds=1))
    later = job_of(raw, id_=1)
    assert later not in {first, *others}
    assert job_of(raw, id_=1) == later


def test_conversations_with_a_key_have_nothing_in_common(services: MemorySpike, raw: RawClient) -> None:
    first = job_of(raw, id_=1, key="a")
    assert job_of(raw, id_=1, key="b") != first
    services.clock.advance(timedelta(hours=23))
    assert job_of(raw, id_=1, key="a") == first


def test_a_model_that_calls_again_with_the_same_request_key_orders_once(services: MemorySpike, raw: RawClient) -> None:
    """Its client gives each call an id of its own, and may have begun anew."""
    first = job_of(raw, id_=1, key="a", requestKey="5f8e")
    services.clock.advance(timedelta(hours=23))
    assert job_of(raw, id_=9, key="b", requestKey="5f8e") == first
    others = {
        job_of(raw, id_=1, key="a", requestKey="5f8f"),
        job_of(raw, id_=1, key="a", requestKey="5f8e", prompt="lake"),
        job_of(raw, id_=1, key="a"),
    }
    assert len({first, *others}) == 4


@pytest.mark.parametrize("key", ["", "x" * 201, 1, {}, ["a"], False])
def test_a_request_key_that_is_none_is_refused(raw: RawClient, key: object) -> None:
    refused = raw.call("generate_image", requestKey=key, **ORDER)
    assert (refused["isError"], refused["structuredContent"]["code"]) == (True, "INVALID_INPUT")
    assert raw.call("get_balance")["structuredContent"]["balance"] == 100
