"""The same request sent several times at once has one effect (I10), in one process and in several."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from falcon import testing

from memory_spike import MemorySpike
from spike_http import create_app
from spike_sqlalchemy import SqlAlchemyDatabase

THREADS = 8
BODY = json.dumps({"prompt": "a mountain", "tier": "TIER_1K"})


@pytest.mark.parametrize("processes", [1, THREADS])
def test_one_request_sent_many_times_at_once_is_charged_once(database: SqlAlchemyDatabase, processes: int) -> None:
    """Each process has an application of its own, which doesn't know the others' requests in progress."""
    services = MemorySpike.build(database=database)
    registered = services.register()
    apps = [create_app(services.spike) for _ in range(processes)]
    headers = {
        "Authorization": f"Bearer {registered.session_token.text}",
        "Content-Type": "application/json",
        "Idempotency-Key": "key-1",
    }

    def send(number: int) -> testing.Result:
        client = testing.TestClient(apps[number % processes])
        return client.simulate_post("/api/mcp/generate", headers=headers, body=BODY)

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        answers = list(pool.map(send, range(THREADS * 3)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert services.spike.wallets.account(registered.user.id).wallet.balance.amount == 98
    assert len(services.statuses()) == 1
    assert list(services.spike.maintenance.audit.findings()) == []
