"""What goes wrong with workers and with the queue; no job is lost, and none is done twice.

Each test ends with the audit, and with every job completed.
"""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eventually import eventually
from fleet import IMPATIENT, a_fleet, an_image, attempts, check_audit, ended, enhance
from running import Server, serving
from servers.valkey import Valkey
from spike_core.domain.identifiers import JobId
from spike_core.domain.lanes import Lane
from spike_dramatiq.redis_plugin import open_redis_broker

TIERS = ("FREE", "TIER_1K", "TIER_2K")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def settings(valkey: Valkey) -> dict[str, str]:
    return {**IMPATIENT, "SPIKE_BROKER_URL": valkey.url, "SPIKE_RATE_LIMIT_URL": valkey.url}


@pytest.fixture
def server(folder: Path, settings: dict[str, str]) -> Iterator[Server]:
    """Serve; at the end nothing may be amiss."""
    with serving(folder, **settings) as server:
        yield server
        assert server.stop() == 0
    check_audit(folder)


def all_completed(server: Server, image_id: str) -> bool:
    return set(ended(server, image_id).values()) == {"COMPLETED"}


def test_a_process_killed_in_the_middle_of_its_work_is_replaced_and_its_job_done(
    folder: Path, server: Server, settings: dict[str, str]
) -> None:
    with a_fleet(folder, "--processes", "2", **settings) as fleet:
        image_id = an_image(server)
        ended(server, image_id)
        job_id = enhance(server, image_id, "TIER_4K")
        pid = fleet.line("job begun", job_id=job_id)["pid"]
        os.kill(pid, signal.SIGKILL)
        for tier in TIERS:
            enhance(server, image_id, tier)
        assert all_completed(server, image_id)
        assert fleet.line("worker process died", pid=pid)["exit_code"] == -signal.SIGKILL
        eventually("two at work again", lambda: len(fleet.lines("working")) == 3 and len(fleet.pids) == 2)
        assert fleet.stop() == 0
    assert attempts(folder)[job_id] == (2, 1), "one death, one success"


def test_on_postgresql_too_a_killed_process_and_a_forgetful_queue_lose_no_job(
    folder: Path, settings: dict[str, str], valkey: Valkey, empty_postgres_url: str
) -> None:
    """The two servers that larger installations have, and nothing in the data folder but the objects."""
    settings = {**settings, "SPIKE_DATABASE_URL": empty_postgres_url}
    with serving(folder, **settings) as server, a_fleet(folder, "--processes", "2", **settings) as fleet:
        image_id = an_image(server)
        job_id = enhance(server, image_id, "TIER_4K")
        os.kill(fleet.line("job begun", job_id=job_id)["pid"], signal.SIGKILL)
        for tier in TIERS * 3:
            enhance(server, image_id, tier)
        with valkey.client() as client:
            client.flushall()
        assert all_completed(server, image_id)
        assert fleet.line("job begun", job_id=job_id, attempt=2)
        assert (fleet.stop(), server.stop()) == (0, 0)
    check_audit(folder, **settings)


def test_a_worker_that_was_paused_beyond_its_lease_changes_nothing(
    folder: Path, server: Server, settings: dict[str, str]
) -> None:
    with a_fleet(folder, "--processes", "2", **settings) as fleet:
        image_id = an_image(server)
        ended(server, image_id)
        job_id = enhance(server, image_id, "TIER_4K")
        pid = fleet.line("job begun", job_id=job_id)["pid"]
        os.kill(pid, signal.SIGSTOP)
        assert all_completed(server, image_id)
        before = attempts(folder)
        os.kill(pid, signal.SIGCONT)
        fleet.line("job ended", job_id=job_id, attempt=1)
        assert attempts(folder) == before
        assert before[job_id] == (2, 1)
        assert fleet.stop() == 0


def test_a_job_that_takes_every_worker_along_is_refunded(folder: Path, settings: dict[str, str]) -> None:
    settings = {**settings, "SPIKE_DEATHS_MAX": "2"}
    with serving(folder, **settings) as server, a_fleet(folder, **settings) as fleet:
        image_id = an_image(server)
        ended(server, image_id)
        job_id = enhance(server, image_id, "TIER_4K")
        for attempt in (1, 2):
            os.kill(fleet.line("job begun", job_id=job_id, attempt=attempt)["pid"], signal.SIGKILL)
        assert ended(server, image_id)[job_id] == "REFUNDED"
    assert attempts(folder)[job_id] == (2, 2)
    check_audit(folder)


def test_a_queue_that_forgets_everything_loses_no_job(
    folder: Path, server: Server, settings: dict[str, str], valkey: Valkey
) -> None:
    image_id = an_image(server)
    for tier in TIERS:
        enhance(server, image_id, tier)
    with valkey.client() as client:
        assert client.dbsize() > 0
        client.flushall()
    with a_fleet(folder, "--processes", "2", **settings):
        assert all_completed(server, image_id)


def test_requests_succeed_while_the_queue_is_down_and_their_jobs_start_when_it_is_back(
    folder: Path, server: Server, settings: dict[str, str], valkey: Valkey
) -> None:
    with a_fleet(folder, "--processes", "2", **settings) as fleet:
        image_id = an_image(server)
        ended(server, image_id)
        valkey.stop()

        def order(number: int) -> float:
            began_s = time.monotonic()
            enhance(server, image_id, TIERS[number % len(TIERS)])
            return time.monotonic() - began_s

        with ThreadPoolExecutor(8) as pool:
            took_s = list(pool.map(order, range(50)))
        assert max(took_s) < 10, "a refusal comes at once"
        jobs = server.ask("GET", f"/api/images/{image_id}", token=server.token).json["image"]["jobs"]
        assert [job["status"] for job in jobs].count("PENDING") == 50
        valkey.start()
        assert all_completed(server, image_id)
        assert fleet.stop() == 0


def test_a_queue_that_restarts_while_work_goes_on_is_no_event(
    folder: Path, server: Server, settings: dict[str, str], valkey: Valkey
) -> None:
    with a_fleet(folder, "--processes", "2", **settings) as fleet:
        image_id = an_image(server)
        ended(server, image_id)
        for tier in (*TIERS, "TIER_4K"):
            enhance(server, image_id, tier)
        fleet.line("job begun", tier="TIER_4K")
        valkey.stop()
        valkey.start()
        for tier in TIERS:
            enhance(server, image_id, tier)
        assert all_completed(server, image_id)
        assert fleet.stop() == 0


def test_messages_that_come_ten_times_are_done_once(
    folder: Path, server: Server, settings: dict[str, str], valkey: Valkey
) -> None:
    image_id = an_image(server)
    jobs = [enhance(server, image_id, tier) for tier in TIERS]
    queue = open_redis_broker(valkey.url).queue
    for job_id in jobs:
        for _ in range(9):
            for lane in Lane:
                queue.send(JobId.parse(job_id), lane=lane)
    with a_fleet(folder, "--processes", "2", **settings) as fleet:
        assert all_completed(server, image_id)
        with valkey.client() as client:
            eventually("every message is taken", lambda: not client.keys("spike:jobs.*"))
        assert len(fleet.lines("job begun")) == len(jobs) + 1
        assert fleet.stop() == 0
    assert set(attempts(folder).values()) == {(1, 0)}


def test_a_server_killed_between_commit_and_queue_leaves_its_jobs_to_the_relay(
    folder: Path, settings: dict[str, str], valkey: Valkey
) -> None:
    """What a request wrote and couldn't tell the queue any more is told by whoever keeps house, such as a worker."""
    with serving(folder, **settings) as server:
        token = server.token
        image_id = an_image(server)
        valkey.stop()
        job_id = enhance(server, image_id, "TIER_1K")
        server.kill()
    valkey.start()
    with a_fleet(folder, **settings), serving(folder, **settings) as server:
        assert server.wait_for_job(image_id, job_id, token=token)["status"] == "COMPLETED"
    check_audit(folder)
