"""An upgrade: servers and workers are restarted in turn under load."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import Final

import pytest

from effort import IS_FULL
from fault_scenario import FaultScenario
from fleet import a_fleet
from recovery_times import FaultKind
from rolling_load import Load, Pair

WORKERS: Final = 2 if IS_FULL else 1  # each start takes a second of processor time
GRANT: Final = 100_000
UPLOADS_BETWEEN: Final = 8 if IS_FULL else 4
PAUSE_S: Final = 0.2 if IS_FULL else 0.4  # five or ten uploads a second, fewer than the workers enhance


@pytest.fixture
def settings(settings: Mapping[str, str]) -> Mapping[str, str]:
    """Return settings with enough tokens for the whole load."""
    return {**settings, "SPIKE_OPENING_GRANT": str(GRANT), "SPIKE_LEASE_S": "60"}


def test_servers_and_workers_restarted_in_turns_lose_no_request_and_no_job(scenario: FaultScenario) -> None:
    """The client uses the other server if its connection is refused, and repeats no request otherwise."""
    scenario.granted = GRANT
    pair = Pair(scenario.folder, scenario.settings)
    with closing(pair), ExitStack() as shift:
        pair.start()
        fleet = shift.enter_context(a_fleet(scenario.folder, WORKERS, **scenario.settings))
        load = Load(pair.ports, pair.servers[0].token, clients=2, pause_s=PAUSE_S)
        with load.running():
            load.go_on(UPLOADS_BETWEEN)
            with scenario.injecting("two servers and the workers restarted in turns, under load", FaultKind.NO_WAIT):
                for number in (0, 1):
                    pair.restart(number)
                    load.go_on(UPLOADS_BETWEEN)
                    assert fleet.stop() == 0
                    fleet = shift.enter_context(a_fleet(scenario.folder, WORKERS, **scenario.settings))
            load.go_on(UPLOADS_BETWEEN)
        for answer in load.answers:
            if answer.status == 200:
                scenario.note(answer.json["enhancement"]["jobId"], answer.json["enhancement"]["tokenCost"])
            else:
                scenario.lost_requests += 1
        scenario.recover()
        assert fleet.stop() == 0
        assert [server.stop() for server in pair.servers] == [0, 0]
    assert len(scenario.jobs()) == len(load.answers), "none was charged without its answer"
    assert {job.crashes for job in scenario.jobs().values()} == {0}
