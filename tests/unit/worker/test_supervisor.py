"""The supervisor with small processes, and its restart delays."""

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from attrs import define, field

from eventually import eventually
from fleet import is_alive
from preloaded import SpikeProcess, start
from spike_worker.supervisor import Backoff, Supervisor

PATIENCE_S: Final = 60
SECOND: Final = timedelta(seconds=1)


def test_the_pause_doubles_with_each_early_death_up_to_its_limit() -> None:
    backoff = Backoff(pause=SECOND, pause_max=30 * SECOND)
    pauses = [backoff.before_restart(early_deaths=count) / SECOND for count in range(8)]
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff.before_restart(early_deaths=10_000) == 30 * SECOND


# what a supervised process does: leave a file, and stay until its supervisor is gone
WORK: Final = """
import os, pathlib, signal, sys
signal.signal(signal.SIGTERM, {on_sigterm})
pathlib.Path({folder!r}, str(os.getpid())).touch()
{then}
while os.read(0, 1): pass
"""
OBEDIENT: Final = "lambda *_: sys.exit(0)"
DEAF: Final = "signal.SIG_IGN"
SUPERVISION: Final = """
import sys
from datetime import timedelta
from spike_worker.supervisor import Backoff, Supervisor
supervisor = Supervisor(
    command=[sys.executable, "-c", {script!r}],
    environment={{}},
    processes={processes},
    grace=timedelta(seconds={grace_s}),
    backoff=Backoff(pause=timedelta(milliseconds=10), pause_max=timedelta(milliseconds=100)),
)
sys.exit(0 if supervisor.run() else 1)
"""


@define
class Supervision:
    """Supervisors in separate processes, over processes that each create a file in `folder`."""

    folder: Path
    supervisor: SpikeProcess = field(init=False)

    def start(self, on_sigterm: str, *, then: str = "", processes: int = 1, grace_s: float = PATIENCE_S) -> None:
        script = WORK.format(on_sigterm=on_sigterm, folder=str(self.folder), then=then)
        program = SUPERVISION.format(script=script, processes=processes, grace_s=grace_s)
        # forked: importing what a supervisor needs takes most of a second of processor time
        self.supervisor = start(["-c", program], dict(os.environ), stdout=2, stderr=2)

    def wait_for(self, count: int) -> list[int]:
        """Wait until this many processes have started, and return their ids."""
        return eventually(f"{count} processes", lambda: self.pids if len(self.pids) >= count else [])

    @property
    def pids(self) -> list[int]:
        return [int(file.name) for file in self.folder.iterdir()]

    def end(self) -> None:
        self.supervisor.kill()
        self.supervisor.wait(PATIENCE_S)


@pytest.fixture
def supervision(tmp_path: Path) -> Iterator[Supervision]:
    supervision = Supervision(tmp_path)
    yield supervision
    supervision.end()


def test_it_keeps_so_many_and_ends_them_in_order(supervision: Supervision) -> None:
    supervision.start(OBEDIENT, processes=3)
    assert len(supervision.wait_for(3)) == 3
    supervision.supervisor.send_signal(signal.SIGTERM)
    assert supervision.supervisor.wait(PATIENCE_S) == 0


def test_those_that_die_are_replaced_again_and_again(supervision: Supervision) -> None:
    supervision.start(OBEDIENT, then="sys.exit(3)")
    assert len(set(supervision.wait_for(4))) >= 4


def test_those_that_do_not_end_are_killed_after_their_grace(supervision: Supervision) -> None:
    supervision.start(DEAF, processes=2, grace_s=0.2)
    pids = supervision.wait_for(2)
    supervision.supervisor.send_signal(signal.SIGTERM)
    assert supervision.supervisor.wait(PATIENCE_S) == 1
    assert not any(is_alive(pid) for pid in pids)


def test_a_process_that_was_not_ready_for_the_signal_has_ended_in_order(supervision: Supervision) -> None:
    supervision.start("signal.SIG_DFL")
    supervision.wait_for(1)
    supervision.supervisor.send_signal(signal.SIGTERM)
    assert supervision.supervisor.wait(PATIENCE_S) == 0


def test_those_that_end_with_an_error_are_told(supervision: Supervision) -> None:
    supervision.start("lambda *_: sys.exit(4)", processes=2)
    supervision.wait_for(2)
    supervision.supervisor.send_signal(signal.SIGTERM)
    assert supervision.supervisor.wait(PATIENCE_S) == 1


def test_a_second_signal_shortens_nobodys_grace(supervision: Supervision) -> None:
    supervision.start(DEAF)
    [pid] = supervision.wait_for(1)
    for _ in range(2):
        supervision.supervisor.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        supervision.supervisor.wait(0.3)
    assert is_alive(pid)


def test_processes_hear_of_their_supervisors_death(supervision: Supervision) -> None:
    supervision.start(DEAF, processes=2)
    pids = supervision.wait_for(2)
    supervision.end()
    eventually("all gone", lambda: not any(is_alive(pid) for pid in pids))


def test_it_wants_at_least_one_process() -> None:
    with pytest.raises(ValueError, match="processes"):
        Supervisor(command=["true"], environment={}, processes=0, grace=SECOND)
