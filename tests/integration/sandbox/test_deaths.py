"""A hostile picture harms only its child process; only the caller that waits for it gets an error."""

import io
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from effort import IS_FULL, each_value_once, long
from forked_children import forked_children
from hostile_engine import a_hostile_engine, broken_engine, dying_engine, late_engine
from sandboxes import LIMITED, a_sandbox
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import TooSlowToDecode, UndecodablePicture, UpscalerUnavailable, WorkKilled
from spike_memory.engine import a_picture
from spike_sandbox import ErrorInChild, Sandbox

SIZE: Final = Dimensions(width_px=64, height_px=48)
GOOD: Final = a_picture(SIZE)
BROKEN_OFF: Final = "the engine was killed, possibly for lack of memory"
FORBIDDEN: Final = "it made the engine attempt what the sandbox forbids"
STOPPED: Final = "it stopped the engine"
SMALL_SHARE: Final = (
    "tests/integration/sandbox/test_deaths.py::test_a_small_result_has_a_small_share_of_the_processor_time"
)


def enhance(sandbox: Sandbox, data: bytes) -> bytes:
    return sandbox.engine.upscaler.enhance(io.BytesIO(data), size=SIZE).content


def the_child(sandbox: Sandbox) -> int:
    """Return the process id of a sandbox's only worker, started if there is none."""
    enhance(sandbox, GOOD)
    (pid,) = sandbox.work_pool.pids
    return pid


def at_work(sandbox: Sandbox, threads: ThreadPoolExecutor, gate: Path) -> tuple[int, Future[bytes]]:
    """Make a child sleep over a picture; return its process id once it does, and the work."""
    os.mkfifo(gate)
    work = threads.submit(enhance, sandbox, f"hostile work: sleep at {gate};".encode())
    return int(gate.read_text()), work


@pytest.fixture(scope="module", autouse=True)
def _forked() -> Iterator[None]:
    with forked_children():
        yield


@pytest.fixture(scope="module")
def little_memory() -> Iterator[Sandbox]:
    """A sandbox of tests that end its child: the next one begins with a new child anyway."""
    with a_sandbox(memory_mib=256) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("deed", "message"),
    [
        ("segfault", STOPPED),
        ("abort", STOPPED),
        ("exit", STOPPED),
        ("kill", BROKEN_OFF),
        ("eat", "it exceeded the memory limit"),
        ("eat blindly", STOPPED),
        ("nonsense", STOPPED),
        ("execute", FORBIDDEN),
    ],
)
def test_work_that_ends_its_child_is_cut_short_and_the_next_is_done(
    little_memory: Sandbox, deed: str, message: str
) -> None:
    enhance(little_memory, GOOD)
    with pytest.raises(WorkKilled) as cut:
        enhance(little_memory, a_hostile_engine(f"work: {deed}"))
    assert cut.value.reason == message
    assert enhance(little_memory, GOOD)


@pytest.mark.parametrize("deed", ["spin", pytest.param("spin in C", marks=long(kept_by=SMALL_SHARE))])
def test_processor_time_has_an_end(deed: str) -> None:
    with a_sandbox(cpu_s=1) as sandbox:
        with pytest.raises(WorkKilled, match="limit on processor time"):
            enhance(sandbox, a_hostile_engine(f"work: {deed}"))
        assert enhance(sandbox, GOOD)


def test_a_small_result_has_a_small_share_of_the_processor_time() -> None:
    """A tenth, two seconds; the whole, twenty, would take longer than the wall-clock time allows."""
    with a_sandbox(cpu_s=20, wall_s=19) as sandbox, pytest.raises(WorkKilled, match="limit on processor time"):
        enhance(sandbox, a_hostile_engine("work: spin in C"))


def test_a_look_at_an_upload_has_less_processor_time_than_the_check_of_a_result() -> None:
    with a_sandbox(cpu_s=60, look_s=1, wall_s=59) as sandbox:
        content = io.BytesIO(a_hostile_engine("look: spin in C"))
        with pytest.raises(TooSlowToDecode):
            sandbox.engine.probe.identify(content)


def test_processor_time_is_counted_for_each_picture_anew() -> None:
    """A child isn't ended for the processor time of earlier pictures: the limit leaves 1 to 2 s, all take 2.4."""
    with a_sandbox(cpu_s=1) as sandbox:
        pid = the_child(sandbox)
        for _ in range(6):
            enhance(sandbox, GOOD + a_hostile_engine("work: toil"))
        assert sandbox.work_pool.pids == {pid}


@pytest.mark.parametrize("deed", ["sleep", "report"])
def test_time_has_an_end(deed: str) -> None:
    with a_sandbox(wall_s=1) as sandbox:
        with pytest.raises(WorkKilled, match="exceeded the time limit"):
            enhance(sandbox, a_hostile_engine(f"work: {deed}"))
        assert enhance(sandbox, GOOD)


@pytest.mark.parametrize("deed", ["segfault", "abort", "execute"])
def test_a_picture_that_brings_down_who_looks_at_it_is_refused(deed: str) -> None:
    with a_sandbox() as sandbox, pytest.raises(UndecodablePicture):
        sandbox.engine.probe.inspect(io.BytesIO(a_hostile_engine(f"look: {deed}")))


@long(
    kept_by="tests/integration/sandbox/test_deaths.py::test_a_look_at_an_upload_has_less_processor_time_than_the_check_of_a_result"
)
def test_a_picture_that_uses_up_the_processor_time_of_a_look_is_refused() -> None:
    with a_sandbox(cpu_s=1) as sandbox, pytest.raises(TooSlowToDecode):
        sandbox.engine.probe.inspect(io.BytesIO(a_hostile_engine("look: spin in C")))


@pytest.mark.parametrize("deed", ["kill", "exit", "sleep"])
def test_a_picture_may_be_sent_again_when_it_may_not_have_been_its_fault(deed: str) -> None:
    with a_sandbox(wall_s=1) as sandbox, pytest.raises(UpscalerUnavailable):
        sandbox.engine.probe.inspect(io.BytesIO(a_hostile_engine(f"look: {deed}")))


@each_value_once
@pytest.mark.parametrize("deed", ["segfault", "kill"])
@pytest.mark.parametrize("is_result", [True, False])
def test_a_comparison_that_ends_in_a_death_is_told_and_rewinds_both(deed: str, *, is_result: bool) -> None:
    contents = [io.BytesIO(a_hostile_engine(f"look: {deed}")), io.BytesIO(GOOD)]
    result, original = contents if is_result else reversed(contents)
    refusal = UndecodablePicture if deed == "segfault" else UpscalerUnavailable
    with a_sandbox() as sandbox, pytest.raises(refusal):
        sandbox.engine.probe.compare(result, original)
    assert [content.tell() for content in contents] == [0, 0]


def test_the_content_is_rewound_after_a_death_too() -> None:
    content = io.BytesIO(a_hostile_engine("look: kill"))
    with a_sandbox() as sandbox, pytest.raises(UpscalerUnavailable):
        sandbox.engine.probe.inspect(content)
    assert content.tell() == 0


def test_kill_9_in_the_midst_of_work_cuts_that_work_short_alone(tmp_path: Path) -> None:
    with a_sandbox(workers=2, surroundings=LIMITED) as sandbox, ThreadPoolExecutor(2) as threads:
        (doomed, other), works = zip(*[at_work(sandbox, threads, tmp_path / name) for name in "ab"], strict=True)
        os.kill(doomed, signal.SIGKILL)
        with pytest.raises(WorkKilled):
            works[0].result()
        assert other in sandbox.work_pool.pids
        os.kill(other, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_meant_for_the_parent_does_not_end_work(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C in a terminal signals all of its processes, systemd's SIGTERM all processes of a service."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with a_sandbox(surroundings=LIMITED) as sandbox, ThreadPoolExecutor(1) as threads:
        pid = the_child(sandbox)
        assert os.getsid(pid) != os.getsid(0)
        work = threads.submit(enhance, sandbox, GOOD + f"hostile work: nothing at {gate};".encode())
        with gate.open() as pipe:
            os.kill(pid, number)
            assert int(pipe.read()) == pid
        assert work.result()
        assert sandbox.work_pool.pids == {pid}


def test_others_are_served_while_some_are_led_astray() -> None:
    deeds = ["segfault", "exit", "kill", "eat", "raise", "abort", "nonsense"] * (3 if IS_FULL else 1)
    with a_sandbox(workers=3, memory_mib=256) as sandbox, ThreadPoolExecutor(12) as threads:
        hostiles = [threads.submit(enhance, sandbox, a_hostile_engine(f"work: {deed}")) for deed in deeds]
        good = [threads.submit(enhance, sandbox, GOOD) for _ in range(60)]
        assert len([work.result() for work in good]) == 60
        assert all(work.exception() is not None for work in hostiles)
        assert len(sandbox.work_pool.pids) <= 3


def test_an_idle_child_that_is_killed_is_replaced_unnoticed() -> None:
    with a_sandbox() as sandbox:
        pid = the_child(sandbox)
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert enhance(sandbox, GOOD)
        assert sandbox.work_pool.pids != {pid}


def test_an_error_that_is_no_ones_word_keeps_its_traceback_for_the_log() -> None:
    with a_sandbox() as sandbox:
        pid = the_child(sandbox)
        with pytest.raises(ErrorInChild, match="ZeroDivisionError") as error:
            enhance(sandbox, a_hostile_engine("work: raise"))
        assert "in _divide_by_zero" in error.value.__notes__[0]
        assert sandbox.work_pool.pids == {pid}, "an error is no death"


def test_all_busy_for_too_long_is_unavailable() -> None:
    with a_sandbox(wall_s=1) as sandbox, sandbox.work_pool.one(), pytest.raises(UpscalerUnavailable):
        enhance(sandbox, GOOD)


def test_a_child_that_starts_slowly_is_waited_for_longer_than_a_task(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    def borrow(sandbox: Sandbox) -> int:
        with sandbox.work_pool.one() as child:
            return child.pid

    with a_sandbox(partial(late_engine, gate), wall_s=0.1) as sandbox, ThreadPoolExecutor(1) as threads:
        sandbox.work_pool.warm_up()
        with gate.open("w"):  # the child is building its engine
            borrowed = threads.submit(borrow, sandbox)
            with pytest.raises(TimeoutError):  # it hasn't been refused after 0.1 s
                borrowed.result(timeout=0.5)
        assert {borrowed.result()} == sandbox.work_pool.pids


@pytest.mark.parametrize(
    ("load", "why"), [(broken_engine, "RuntimeError: a model is missing"), (dying_engine, "exited with code 3")]
)
def test_an_engine_that_cannot_be_built_is_unavailable_and_says_why(load: object, why: str) -> None:
    with a_sandbox(load) as sandbox:  # type: ignore[arg-type]  # both are loads
        with pytest.raises(UpscalerUnavailable) as error:
            enhance(sandbox, GOOD)
        assert why in str(error.value.__cause__)
        with pytest.raises(UpscalerUnavailable):
            sandbox.check()
        assert sandbox.work_pool.pids == frozenset()


def test_what_cannot_reach_a_child_is_refused_when_the_sandbox_is_built() -> None:
    with pytest.raises((AttributeError, TypeError)), a_sandbox(lambda: None):  # type: ignore[arg-type, return-value]
        pass


def test_a_closed_sandbox_lends_nobody() -> None:
    with a_sandbox() as sandbox:
        enhance(sandbox, GOOD)
        sandbox.close()
        assert sandbox.work_pool.pids == frozenset()
        with pytest.raises(UpscalerUnavailable):
            enhance(sandbox, GOOD)
        sandbox.close()
