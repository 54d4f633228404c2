"""Pictures that crash the engine, with `spike serve` and `spike worker` as operators run them."""

import contextlib
import os
import select
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psutil
import pytest

from effort import staggered
from eventually import eventually
from fleet import IMPATIENT, a_fleet, an_image, attempts, check_audit, ended
from hostile_engine import a_hostile_engine, with_engine
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from preloaded import CHILDREN_ANEW
from running import PATIENCE_S, Answer, Server, serving

STOPPED: Final = "it stopped the engine"
pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="waits for others' children, as Linux alone can")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def settings(tmp_path: Path) -> Mapping[str, str]:
    return {
        **IMPATIENT,
        **with_engine("hostile_pillow", tmp_path),
        "SPIKE_LEASE_S": "60",  # so that a busy machine doesn't make a worker look dead
        "SPIKE_SANDBOX": "on",
        "SPIKE_SANDBOX_PROBES": "1",  # each child takes half a second of processor time to start
        "SPIKE_WORKER_THREADS": "1",
        "SPIKE_QUICK_THREADS": "0",
        "SPIKE_SANDBOX_MEMORY_MB": "512",
        "SPIKE_SANDBOX_CPU_S": "2",
        "SPIKE_SANDBOX_TIME_S": "60",
        "SPIKE_SANDBOX_PROBE_S": "20",  # a busy machine makes a look take seconds
    }


def upload(server: Server, deed: str) -> Answer:
    """Upload a photograph that makes the engine do this."""
    picture = encoded(photograph(), comment=a_hostile_engine(deed))
    return server.ask(
        "POST", "/api/images/upload", token=server.token, body=an_upload(picture), content_type=CONTENT_TYPE
    )


def children_of(pid: int) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if "spike_sandbox.child" in child.cmdline():
                found.append(child)
    return found


def wait_for_end(pidfd: int) -> None:
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    assert poll.poll(PATIENCE_S * 1000), "it lives on"
    os.close(pidfd)


def balance(server: Server) -> int:
    answer: int = server.ask("GET", "/api/tokens/balance", token=server.token).json["balance"]
    return answer


@pytest.mark.parametrize(
    ("deed", "reason"),
    staggered(
        [
            ("segfault", STOPPED),
            ("eat", "it exceeded the memory limit"),
            ("spin in C", "it exceeded the limit on processor time"),
            ("execute", "it made the engine attempt what the sandbox forbids"),
        ],
        step=5,  # tests/integration/sandbox tries each way to die
    ),
)
def test_a_picture_that_kills_three_times_is_refunded_and_others_are_served(
    folder: Path, settings: Mapping[str, str], deed: str, reason: str
) -> None:
    with serving(folder, **settings) as server:
        before = balance(server)
        hostile = upload(server, f"work: {deed}").json
        good = [an_image(server) for _ in range(3)]
        for image_id in good:
            assert list(ended(server, image_id).values()) == ["COMPLETED"]
        job_id = hostile["enhancement"]["jobId"]
        job = server.wait_for_job(hostile["image"]["id"], job_id, token=server.token)
        assert job["status"] == "REFUNDED"
        message = server.ask("GET", f"/api/jobs/{job_id}", token=server.token).json["job"]["errorMessage"]
        assert message == f"The work on the picture was cut short: {reason}"
        assert balance(server) == before - 3 * 2, "the three others cost two tokens each"
        assert server.stop() == 0
    assert attempts(folder)[job_id] == (3, 0)
    check_audit(folder)


@pytest.mark.parametrize(("deed", "status"), staggered([("segfault", 400), ("sleep", 500), ("kill", 500)], step=3))
def test_an_upload_that_kills_who_looks_at_it_is_answered_and_free(
    folder: Path, settings: Mapping[str, str], deed: str, status: int
) -> None:
    with serving(folder, **settings) as server:
        before = balance(server)
        answer = upload(server, f"look: {deed}")
        assert answer.status == status, answer.content
        assert b"Traceback" not in answer.content
        assert balance(server) == before
        assert list(ended(server, an_image(server)).values()) == ["COMPLETED"]
        assert server.stop() == 0
    check_audit(folder)


def test_a_worker_whose_child_is_killed_tries_again(
    folder: Path, settings: Mapping[str, str], redis_url: str, tmp_path: Path
) -> None:
    """`kill -9` of the child, not of the worker: the attempt fails, and the next one succeeds."""
    settings = {**settings, "SPIKE_BROKER_URL": redis_url, "SPIKE_SANDBOX": "limits"}  # so that it may use the gate
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with serving(folder, **settings) as server, a_fleet(folder, **settings) as fleet:
        image_id = upload(server, f"work: nothing at {gate}").json["image"]["id"]
        with gate.open() as pipe:
            os.kill(int(pipe.read()), signal.SIGKILL)
        gate.read_text()  # the next attempt passes, too
        [(job_id, status)] = ended(server, image_id).items()
        assert status == "COMPLETED"
        assert fleet.line("job ended", outcome="retried", job_id=job_id)
        assert fleet.stop() == 0
    check_audit(folder)


def test_no_child_outlives_a_killed_server(folder: Path, settings: Mapping[str, str]) -> None:
    with serving(folder, **settings, **CHILDREN_ANEW) as server:
        upload(server, "work: sleep")
        children = eventually("all children", lambda: _if_many(server.process.pid, 2))
        watched = [os.pidfd_open(child.pid) for child in children]
        server.kill()
        for child in watched:
            wait_for_end(child)


def test_no_child_outlives_a_killed_worker(folder: Path, settings: Mapping[str, str], redis_url: str) -> None:
    with a_fleet(folder, **settings, **CHILDREN_ANEW, SPIKE_BROKER_URL=redis_url) as fleet:
        children = eventually("all children", lambda: _if_many(fleet.process.pid, 1))
        watched = [os.pidfd_open(child.pid) for child in children]
        [worker] = fleet.pids
        os.kill(worker, signal.SIGKILL)
        for child in watched:
            wait_for_end(child)


@pytest.mark.parametrize("number", staggered([signal.SIGTERM, signal.SIGINT], step=2))
def test_a_server_that_is_told_to_stop_leaves_no_child(
    folder: Path, settings: Mapping[str, str], number: signal.Signals
) -> None:
    with serving(folder, **settings, **CHILDREN_ANEW) as server:
        children = eventually("all children", lambda: _if_many(server.process.pid, 2))
        watched = [os.pidfd_open(child.pid) for child in children]
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE_S) == 0
        for child in watched:
            wait_for_end(child)


def _if_many(pid: int, count: int) -> list[psutil.Process]:
    children = children_of(pid)
    return children if len(children) >= count else []
