"""Web processes that are killed at the worst moment, or receive more orders than the balance covers."""

import contextlib
import http.client
import json
import socket
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from buckets import keys_in, without_renditions
from effort import long
from eventually import eventually
from fault_scenario import FaultScenario
from fleet import a_fleet
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from recovery_times import FaultKind
from running import PATIENCE_S, Server, run_spike, serving
from servers.valkey import Valkey
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import PendingJob

SPENDERS: Final = 100
AFFORDABLE: Final = 7
PRICE: Final = 2
COLLECT: Final = {"SPIKE_COLLECT_INTERVAL_S": "0.5", "SPIKE_ORPHANS_INTERVAL_S": "0.5", "SPIKE_ORPHAN_AGE_S": "4"}


@contextmanager
def unanswered(call: Any) -> Iterator[None]:
    """Send a request that isn't answered, in a thread, and wait for its end."""

    def make() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            call()

    thread = threading.Thread(target=make)
    thread.start()
    yield
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_a_server_killed_between_commit_and_queue_leaves_its_job_to_the_relay(
    scenario: FaultScenario, valkey: Valkey
) -> None:
    with serving(scenario.folder, **scenario.settings) as server:
        image_id = scenario.upload(server)
        before = scenario.jobs().keys()

        def new() -> Collection[JobId]:
            return scenario.jobs().keys() - before

        with scenario.injecting("kill -9 of the web process between commit and queue", FaultKind.UNSENT):
            valkey.pause()  # so that the request hangs right there
            with unanswered(lambda: scenario.enhance(server, image_id, "TIER_2K")):
                eventually("committed", new)
                server.kill()
        [job_id] = new()
        assert isinstance(scenario.jobs()[job_id], PendingJob)
        valkey.go_on()
    with a_fleet(scenario.folder, **scenario.settings) as fleet:
        scenario.recover()
        assert fleet.stop() == 0
    assert len(scenario.prices) == 1, "no response named the second job"


def test_a_server_killed_in_an_upload_charges_nothing_and_leaves_nothing(scenario: FaultScenario) -> None:
    """It is killed with the object stored and no row written, while it waits for a wallet's lock."""
    with serving(scenario.folder, **scenario.settings) as server:
        scenario.upload(server)
        before = pictures(scenario)
        with (
            psycopg.connect(scenario.settings["SPIKE_DATABASE_URL"]) as holder,
            scenario.injecting("kill -9 of the web process between object and row", FaultKind.NO_WAIT),
        ):
            holder.execute("SELECT 1 FROM wallets FOR UPDATE")
            with unanswered(lambda: scenario.upload(server)):
                eventually("stored", lambda: pictures(scenario) > before)
                server.kill()
    assert len(scenario.jobs()) == 1
    with a_fleet(scenario.folder, **scenario.settings, **COLLECT) as fleet:
        scenario.recover()
        eventually("the object is collected", lambda: keys_in(scenario.settings) == scenario.named())
        assert len(scenario.images()) == 1
        assert fleet.stop() == 0


@long(
    kept_by="tests/integration/faults/test_web.py::test_a_server_killed_in_an_upload_charges_nothing_and_leaves_nothing"
)
def test_a_server_killed_while_a_body_comes_in_keeps_nothing(scenario: FaultScenario) -> None:
    body = an_upload(encoded(photograph(size=(320, 40))))
    with serving(scenario.folder, **scenario.settings) as server:
        scenario.upload(server)
        before = pictures(scenario)
        with (
            socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as client,
            scenario.injecting("kill -9 of the web process while a body comes in", FaultKind.NO_WAIT),
        ):
            head = f"POST /api/images/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {scenario.token}\r\n"
            head += f"Content-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body[: len(body) // 2])
            server.kill()
    assert pictures(scenario) == before
    with a_fleet(scenario.folder, **scenario.settings) as fleet:
        scenario.recover()
        assert fleet.stop() == 0
    assert len(scenario.jobs()) == 1


def test_of_a_hundred_spenders_at_two_servers_as_many_are_accepted_as_the_balance_pays_for(
    scenario: FaultScenario,
) -> None:
    """Invariant I6, from outside."""
    scenario.granted = (AFFORDABLE + 1) * PRICE + 1
    made = run_spike(
        *("users", "create", "ada@example.org", f"--tokens={scenario.granted}", "--json"),
        folder=scenario.folder,
        **scenario.settings,
    )
    scenario.token = json.loads(made.stdout)["sessionToken"]
    other_folder = scenario.folder.with_name("other")
    with serving(scenario.folder, **scenario.settings) as one, serving(other_folder, **scenario.settings) as other:
        image_id = scenario.upload(one)
        body = json.dumps({"imageId": image_id, "tier": "TIER_1K"}).encode()

        def spend(number: int) -> int:
            server: Server = (one, other)[number % 2]
            answer = server.ask(
                "POST", "/api/images/enhance", token=scenario.token, body=body, content_type="application/json"
            )
            if answer.status == 200:
                scenario.note(answer.json["jobId"], answer.json["tokenCost"])
            return answer.status

        what = f"{SPENDERS} requests at once at two servers, for a balance of {AFFORDABLE} jobs"
        with scenario.injecting(what, FaultKind.NO_WAIT), ThreadPoolExecutor(SPENDERS) as pool:
            statuses = Counter(pool.map(spend, range(SPENDERS)))
        assert statuses == {200: AFFORDABLE, 402: SPENDERS - AFFORDABLE}
        with a_fleet(scenario.folder, **scenario.settings) as fleet:
            scenario.recover()
            assert fleet.stop() == 0
        balances = [server.ask("GET", "/api/mcp/balance", token=scenario.token).json for server in (one, other)]
        assert [balance["balance"] for balance in balances] == [1, 1]
        assert (one.stop(), other.stop()) == (0, 0)


def pictures(scenario: FaultScenario) -> frozenset[str]:
    """Return the keys of the stored originals and results."""
    return without_renditions(keys_in(scenario.settings))
