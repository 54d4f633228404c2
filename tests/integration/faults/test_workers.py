"""Workers that are killed, stopped, disconnected or late."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from effort import long, staggered
from eventually import eventually
from fault_scenario import FaultScenario
from fleet import Fleet, a_fleet
from gates import Gate
from recovery_times import FaultKind
from running import PATIENCE_S, Server, serving
from spike_core.domain.jobs import CompletedJob, RefundedJob

TIERS = ("FREE", "TIER_1K", "TIER_2K")


@contextmanager
def an_installation(scenario: FaultScenario, processes: int = 1, /, **more: str) -> Iterator[tuple[Server, Fleet, str]]:
    """Run a server and workers, and upload a picture whose first job is done; stop all of them at the end."""
    settings = {**scenario.settings, **more}
    with (
        serving(scenario.folder, **settings) as server,
        a_fleet(scenario.folder, processes, **settings) as fleet,
    ):
        image_id = scenario.upload(server)
        eventually("the first job is done", lambda: isinstance(next(iter(scenario.jobs().values())), CompletedJob))
        yield server, fleet, image_id
        assert (fleet.stop(), server.stop()) == (0, 0)


def test_a_worker_killed_in_the_middle_of_its_work_is_replaced_and_its_job_done(
    scenario: FaultScenario, gate: Gate
) -> None:
    with an_installation(scenario, 2) as (server, fleet, image_id):
        gate.shut()
        job_id = scenario.enhance(server, image_id, "TIER_1K")
        pid = fleet.line("job begun", job_id=job_id)["pid"]
        gate.wait_for(2)
        with scenario.injecting("kill -9 of a worker in the middle of its work", FaultKind.WORKER):
            os.kill(pid, signal.SIGKILL)
        gate.open()
        for tier in TIERS:
            scenario.enhance(server, image_id, tier)
        scenario.recover()
        assert fleet.line("worker process died", pid=pid)["exit_code"] == -signal.SIGKILL
        eventually("two at work again", lambda: len(fleet.lines("working")) == 3 and len(fleet.pids) == 2)
        job = scenario.job(job_id)
        assert (type(job), job.attempt, job.crashes) == (CompletedJob, 2, 1), "one death, one success"


@long(
    kept_by="tests/integration/faults/test_workers.py::test_a_worker_killed_in_the_middle_of_its_work_is_replaced_and_its_job_done"
)
def test_all_workers_and_their_supervisor_killed_at_once_lose_nothing(scenario: FaultScenario, gate: Gate) -> None:
    with serving(scenario.folder, **scenario.settings) as server:
        with a_fleet(scenario.folder, 2, **scenario.settings) as fleet:
            gate.shut()
            image_id = scenario.upload(server)
            for tier in TIERS * 2:
                scenario.enhance(server, image_id, tier)
            gate.wait_for(2)
            with scenario.injecting("kill -9 of all workers and their supervisor", FaultKind.WORKER):
                pids = list(fleet.pids)
                for pid in (fleet.process.pid, *pids):
                    os.kill(pid, signal.SIGKILL)
        gate.open()
        with a_fleet(scenario.folder, 2, **scenario.settings) as fleet:
            scenario.recover()
            assert fleet.stop() == 0
        assert server.stop() == 0


def test_a_worker_paused_beyond_its_lease_changes_nothing(scenario: FaultScenario, gate: Gate) -> None:
    """Another worker delivers; the late one's result is refused, and its object is collected."""
    often = {"SPIKE_COLLECT_INTERVAL_S": "0.5", "SPIKE_ORPHANS_INTERVAL_S": "0.5", "SPIKE_ORPHAN_AGE_S": "4"}
    with an_installation(scenario, 2, **often) as (server, fleet, image_id):
        gate.shut()
        job_id = scenario.enhance(server, image_id, "TIER_2K")
        pid = fleet.line("job begun", job_id=job_id)["pid"]
        gate.wait_for(2)
        with scenario.injecting("SIGSTOP of a worker for longer than its lease, then SIGCONT", FaultKind.WORKER):
            os.kill(pid, signal.SIGSTOP)
            gate.wait_for(3)  # another worker has taken over
            gate.open()
            eventually("delivered by the other", lambda: isinstance(scenario.job(job_id), CompletedJob))
            before = scenario.delivered(job_id)
            os.kill(pid, signal.SIGCONT)
        fleet.line("job ended", job_id=job_id, attempt=1, outcome="lost")
        scenario.recover()
        assert scenario.delivered(job_id) == before
        assert (before.attempt, before.crashes) == (2, 1)


def test_a_picture_that_takes_every_worker_along_is_given_back(scenario: FaultScenario, gate: Gate) -> None:
    with an_installation(scenario, SPIKE_DEATHS_MAX="2") as (server, fleet, image_id):
        gate.shut()
        with scenario.injecting("kill -9 of every worker that takes up one job", FaultKind.NEXT_WORKER):
            job_id = scenario.enhance(server, image_id, "TIER_4K")
            for attempt in (1, 2):
                os.kill(fleet.line("job begun", job_id=job_id, attempt=attempt)["pid"], signal.SIGKILL)
        gate.open()
        scenario.recover()
        job = scenario.job(job_id)
        assert (type(job), job.attempt, job.crashes) == (RefundedJob, 2, 2)


def test_a_job_cancelled_while_in_work_stays_cancelled(scenario: FaultScenario, gate: Gate) -> None:
    with an_installation(scenario) as (server, fleet, image_id):
        gate.shut()
        job_id = scenario.enhance(server, image_id, "TIER_2K")
        gate.wait_for(2)
        with scenario.injecting("a job cancelled while a worker is at it", FaultKind.NO_WAIT):
            cancelled = scenario.post(server, f"/api/jobs/{job_id}/cancel", {})
            assert cancelled["tokensRefunded"] == 5
            gate.open()
        fleet.line("job ended", job_id=job_id, outcome="lost")
        scenario.recover()
        assert scenario.job(job_id).status.value == "CANCELLED"


@long(kept_by="tests/integration/faults/test_workers.py::test_a_job_cancelled_while_in_work_stays_cancelled")
def test_an_image_deleted_while_it_is_worked_on_is_gone_and_refunded(scenario: FaultScenario, gate: Gate) -> None:
    """The worker's late object is an orphan, and is collected."""
    often = {"SPIKE_COLLECT_INTERVAL_S": "0.5", "SPIKE_ORPHANS_INTERVAL_S": "0.5", "SPIKE_ORPHAN_AGE_S": "4"}
    with an_installation(scenario, **often) as (server, fleet, _):
        album = scenario.post(server, "/api/albums", {"name": "Holidays", "autoEnhance": False})
        image_id = scenario.upload(server, album_id=album["album"]["id"])
        gate.shut()
        job_id = scenario.enhance(server, image_id, "TIER_2K")
        gate.wait_for(2)
        with scenario.injecting("an image deleted while a worker is at it", FaultKind.NO_WAIT):
            assert server.ask("DELETE", f"/api/images/{image_id}", token=scenario.token).status == 200
            scenario.remove(job_id)
            gate.open()
        fleet.line("job ended", job_id=job_id)
        scenario.recover()


@pytest.mark.parametrize("number", staggered([signal.SIGTERM, signal.SIGINT], step=2))
def test_workers_told_to_end_under_load_leave_the_rest_to_the_next(
    scenario: FaultScenario, gate: Gate, number: signal.Signals
) -> None:
    settings = {**scenario.settings, "SPIKE_LEASE_S": "60"}
    with serving(scenario.folder, **settings) as server:
        with a_fleet(scenario.folder, 2, **settings) as fleet:
            image_id = scenario.upload(server)
            gate.shut()
            for tier in TIERS * 3:
                scenario.enhance(server, image_id, tier)
            gate.wait_for(2)
            with scenario.injecting(f"{number.name} to workers with a full queue", FaultKind.NO_WAIT):
                fleet.process.send_signal(number)
                gate.open()
                assert fleet.process.wait(PATIENCE_S) == 0
        with a_fleet(scenario.folder, 2, **settings) as fleet:
            scenario.recover()
            assert fleet.stop() == 0
        assert {job.crashes for job in scenario.jobs().values()} == {0}
        assert server.stop() == 0
