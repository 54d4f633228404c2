"""Machines whose clocks are wrong, and jump."""

from pathlib import Path
from typing import Final

from eventually import eventually
from fault_scenario import FaultScenario
from fleet import a_fleet
from gates import Gate
from recovery_times import FaultKind
from running import serving
from spike_core.domain.jobs import CompletedJob

TIERS: Final = ("FREE", "TIER_1K", "TIER_2K")
MINUTES_S: Final = 600


def test_a_worker_whose_clock_jumps_takes_jobs_over_and_spoils_none(
    scenario: FaultScenario, gate: Gate, tmp_path: Path
) -> None:
    """To this worker all other leases have expired; their late results are refused, until its own clock is behind."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    scenario.clocks_differ = True
    with (
        serving(scenario.folder, **scenario.settings) as server,
        a_fleet(scenario.folder, **scenario.settings) as right,
        a_fleet(scenario.folder, **scenario.settings, SPIKE_TEST_CLOCK=str(clock)) as wrong,
    ):
        image_id = scenario.upload(server)
        eventually("the first job is done", lambda: isinstance(next(iter(scenario.jobs().values())), CompletedJob))
        # ahead at the end: what a clock that runs ahead puts off would be put off for as long once it is set back
        for seconds in (-MINUTES_S, 0, MINUTES_S):
            before = gate.arrivals
            gate.shut()
            for tier in TIERS * 2:
                scenario.enhance(server, image_id, tier)
            gate.wait_for(before + 2)
            with scenario.injecting(
                f"clock of a worker's machine jumps to {seconds:+} s, with jobs in work", FaultKind.WORKER
            ):
                moved = clock.with_suffix(".new")
                moved.write_text(str(seconds))
                moved.replace(clock)
                if seconds > 0:
                    eventually("a job is taken over", lambda: any(job.attempt > 1 for job in scenario.jobs().values()))
                gate.open()
            scenario.recover()
        assert (right.stop(), wrong.stop(), server.stop()) == (0, 0, 0)
