"""`spike worker` beside `spike serve`, over a real Valkey: work is shared, and shutdown is graceful."""

import signal
from pathlib import Path

import pytest

from effort import long, staggered
from eventually import eventually
from fleet import IMPATIENT, a_fleet, an_image, attempts, check_audit, ended, enhance, is_alive
from gates import Gate
from preloaded import ANEW
from running import PATIENCE_S, run_spike, serving


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def settings(redis_url: str) -> dict[str, str]:
    return {**IMPATIENT, "SPIKE_BROKER_URL": redis_url, "SPIKE_RATE_LIMIT_URL": redis_url}


@long(
    kept_by="tests/integration/faults/test_workers.py::test_workers_told_to_end_under_load_leave_the_rest_to_the_next"
)
def test_two_processes_share_thirty_jobs(folder: Path, settings: dict[str, str]) -> None:
    with serving(folder, **settings) as server:
        with a_fleet(folder, 2, "--threads=2", **settings) as fleet:
            image_id = an_image(server)
            enhance(server, image_id, "TIER_4K")
            for _ in range(7):
                for tier in ("FREE", "TIER_1K", "TIER_1K", "TIER_2K"):
                    enhance(server, image_id, tier)
            statuses = ended(server, image_id)
            assert len(statuses) == 30
            assert set(statuses.values()) == {"COMPLETED"}
            assert len({line["pid"] for line in fleet.lines("job begun")}) == 2, "both did some"
            assert fleet.stop() == 0
        assert server.stop() == 0
    assert set(attempts(folder).values()) == {(1, 0)}
    check_audit(folder)


def test_a_server_with_a_shared_queue_leaves_the_work_to_others(folder: Path, settings: dict[str, str]) -> None:
    with serving(folder, **settings) as server:
        image_id = an_image(server)
        ready = server.ask("GET", "/readyz")
        assert (ready.status, ready.json["status"], ready.json["checks"]["workers"]) == (200, "degraded", "absent")
        with a_fleet(folder, **settings, **ANEW) as fleet:
            [job_id] = ended(server, image_id)
            assert fleet.line("job begun")["job_id"] == job_id
            assert server.ask("GET", "/readyz").json["checks"]["workers"] == "ok"


def test_a_server_with_a_shared_queue_works_where_it_is_told_to(folder: Path, settings: dict[str, str]) -> None:
    with serving(folder, **settings, SPIKE_SERVE_WORKS="yes") as server:
        assert list(ended(server, an_image(server)).values()) == ["COMPLETED"]
        assert server.stop() == 0
    check_audit(folder)


@pytest.mark.parametrize("number", staggered([signal.SIGTERM, signal.SIGINT], step=2))
def test_a_signal_lets_jobs_in_work_end_first(folder: Path, settings: dict[str, str], number: signal.Signals) -> None:
    with serving(folder, **settings) as server:
        image_id = an_image(server)
        with a_fleet(folder, **settings) as fleet:
            ended(server, image_id)
            job_id = enhance(server, image_id, "TIER_4K")
            fleet.line("job begun", job_id=job_id)
            assert fleet.stop(number) == 0
            assert not fleet.pids
        job = server.ask("GET", f"/api/jobs/{job_id}", token=server.token).json["job"]
        assert job["status"] == "COMPLETED"
    check_audit(folder)


def test_jobs_that_cannot_end_in_time_are_handed_back_and_taken_up_at_once(
    folder: Path, settings: dict[str, str], tmp_path: Path
) -> None:
    gate = Gate.at(tmp_path / "gate")  # shut, no job ends before its worker
    # the lease is too long to be waited for
    settings = {**settings, **gate.settings, "SPIKE_LEASE_S": "600"}
    with serving(folder, **settings) as server:
        image_id = an_image(server)
        with a_fleet(folder, **settings, SPIKE_WORKER_DRAIN_S="0") as fleet:
            ended(server, image_id)
            gate.shut()
            job_id = enhance(server, image_id, "TIER_4K")
            gate.wait_for(2)
            assert fleet.stop() == 0
            fleet.line("job requeued", job_id=job_id)
        gate.open()
        with a_fleet(folder, **settings) as fleet:
            assert ended(server, image_id)[job_id] == "COMPLETED"
    assert attempts(folder)[job_id] == (2, 0), "no death is counted"
    check_audit(folder)


def test_workers_do_not_outlive_their_supervisor(folder: Path, settings: dict[str, str]) -> None:
    with a_fleet(folder, 2, **settings, **ANEW) as fleet:
        pids = list(fleet.pids)
        assert len(pids) == 2
        fleet.process.kill()
        fleet.process.wait(PATIENCE_S)
        eventually("both gone", lambda: not any(is_alive(pid) for pid in pids))


def test_a_queue_that_stays_in_one_process_is_no_queue_for_workers(folder: Path) -> None:
    answer = run_spike("worker", folder=folder)
    assert answer.returncode == 1
    assert answer.stderr.startswith("spike: SPIKE_BROKER_URL: this queue can't be shared by processes")


@pytest.mark.parametrize("arguments", [("--processes", "0"), ("--threads", "0"), ("--processes", "many")])
def test_a_number_that_makes_no_sense_is_wrong_usage(folder: Path, arguments: tuple[str, ...]) -> None:
    assert run_spike("worker", *arguments, folder=folder).returncode == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SPIKE_BROKER_URL", "redis://host:port"),
        ("SPIKE_RATE_LIMIT_URL", "redis://host:port"),
        ("SPIKE_LEASE_S", "0"),
        ("SPIKE_WORKER_THREADS", "0"),
    ],
)
def test_a_wrong_setting_is_told_once_and_not_by_every_process(folder: Path, name: str, value: str) -> None:
    answer = run_spike("worker", folder=folder, **{"SPIKE_BROKER_URL": "redis://127.0.0.1:1/0", name: value})
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert name in answer.stderr
