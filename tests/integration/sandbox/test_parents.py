"""Children don't outlive their parent, and don't disturb a program that embeds it."""

import os
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Final

import pytest

from effort import each_value_once
from running import PATIENCE_S

pytestmark = each_value_once

TESTS: Final = Path(__file__).parents[2]
PREAMBLE: Final = """
import io, os, sys, threading
sys.path.insert(0, {tests!r})
from hostile_engine import a_hostile_engine
from sandboxes import GENEROUS, ISOLATED, LIMITED
from hostile_engine import hostile_engine
from spike_core.domain.dimensions import Dimensions
from spike_memory.engine import a_picture
from spike_sandbox import Sandbox, Tools, hide_process

print("imported")
SIZE = Dimensions(width_px=64, height_px=48)
sandbox = Sandbox.of(
    Tools(engine=hostile_engine),
    workers=2,
    work_limits=GENEROUS,
    probes=1,
    probe_limits=GENEROUS,
    surroundings={surroundings},
)
enhance = lambda data: sandbox.engine.upscaler.enhance(io.BytesIO(data), size=SIZE)
"""


def script(folder: Path, code: str, *, surroundings: str = "ISOLATED") -> Path:
    """Write a script without an `if __name__` guard."""
    path = folder / "script.py"
    path.write_text(PREAMBLE.format(tests=str(TESTS), surroundings=surroundings) + textwrap.dedent(code))
    return path


def run(folder: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, script(folder, code)], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def wait_for_end(pidfd: int) -> None:
    """Wait until a process, possibly not a child, has ended."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    assert poll.poll(PATIENCE_S * 1000), "it lives on"
    os.close(pidfd)


@pytest.mark.skipif(sys.platform != "linux", reason="waits for processes that aren't our children")
@pytest.mark.parametrize("deed", ["sleep", "spin", "spin in C"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_child_outlives_its_parent(tmp_path: Path, deed: str, number: signal.Signals) -> None:
    """Neither a child at work, even in a long call into C, nor an idle one, however the parent ends."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    path = script(
        tmp_path,
        f"""
        enhance(a_picture(SIZE))
        threading.Thread(target=enhance, args=(b"hostile work: {deed} at {gate};",)).start()
        with open({str(gate)!r}) as pipe:
            busy = int(pipe.read())
        sandbox.engine.probe.identify(io.BytesIO(a_picture(SIZE)))
        (idle,) = sandbox.probe_pool.pids
        print(busy, idle, flush=True)
        threading.Event().wait()
        """,
        surroundings="LIMITED",
    )
    with subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "imported\n"
        children = [os.pidfd_open(int(pid)) for pid in parent.stdout.readline().split()]
        assert len(children) == 2
        parent.send_signal(number)
        parent.wait(PATIENCE_S)
        for child in children:
            wait_for_end(child)


def test_a_script_without_a_guard_is_imported_once_and_ends_in_order_without_closing(tmp_path: Path) -> None:
    """Children of multiprocessing's spawn method would each run it again."""
    said = run(tmp_path, "print(len(enhance(a_picture(SIZE)).content) > 0); sandbox.probe_pool.warm_up()")
    assert said == "imported\nTrue\n"


def test_a_sandbox_that_nobody_holds_any_more_ends_its_children(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
        import gc, signal
        enhance(a_picture(SIZE))
        (pid,) = sandbox.work_pool.pids
        del sandbox
        gc.collect()
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            print("gone")
        """,
    )
    assert said == "imported\ngone\n"


def test_a_fork_has_children_of_its_own_and_leaves_its_parents_alone(tmp_path: Path) -> None:
    """As in servers that load an application before they fork."""
    said = run(
        tmp_path,
        """
        enhance(a_picture(SIZE))
        before = sandbox.work_pool.pids
        sys.stdout.flush()
        pid = os.fork()
        if not pid:
            enhance(a_picture(SIZE))
            print("forked", sandbox.work_pool.pids.isdisjoint(before), flush=True)
            sandbox.close()
            os._exit(0)
        os.waitpid(pid, 0)
        enhance(a_picture(SIZE))
        print("parent", sandbox.work_pool.pids == before)
        """,
    )
    assert said == "imported\nforked True\nparent True\n"
