"""Abandoned work is stopped, whether the engine reports progress or not."""

import io
from collections.abc import Iterator
from typing import Final

import pytest

from forked_children import forked_children
from hostile_engine import a_hostile_engine
from sandboxes import a_sandbox
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import WorkAbandoned
from spike_memory.engine import a_picture

SIZE: Final = Dimensions(width_px=64, height_px=48)
GOOD: Final = a_picture(SIZE)


@pytest.fixture(scope="module", autouse=True)
def _forked() -> Iterator[None]:
    with forked_children():
        yield


class Leaving:
    """Abandons the work after a number of reports."""

    def __init__(self, *, at: int) -> None:
        self._at = at
        self.reports: list[float] = []

    def report(self, done: float) -> None:
        self.reports.append(done)
        if len(self.reports) >= self._at:
            raise WorkAbandoned


def test_an_engine_that_reports_stops_at_its_next_report_and_its_child_lives_on() -> None:
    with a_sandbox() as sandbox:
        sandbox.engine.upscaler.enhance(io.BytesIO(GOOD), size=SIZE)
        (pid,) = sandbox.work_pool.pids
        monitor = Leaving(at=3)
        with pytest.raises(WorkAbandoned):
            sandbox.engine.upscaler.enhance(io.BytesIO(a_hostile_engine("work: report")), size=SIZE, monitor=monitor)
        assert len(monitor.reports) == 3
        assert sandbox.engine.upscaler.enhance(io.BytesIO(GOOD), size=SIZE).dimensions == SIZE
        assert sandbox.work_pool.pids == {pid}


@pytest.mark.parametrize("deed", ["sleep", "spin in C"])
def test_an_engine_that_never_reports_is_ended_with_its_child(deed: str) -> None:
    with a_sandbox() as sandbox:
        sandbox.engine.upscaler.enhance(io.BytesIO(GOOD), size=SIZE)
        (pid,) = sandbox.work_pool.pids
        with pytest.raises(WorkAbandoned):
            sandbox.engine.upscaler.enhance(
                io.BytesIO(a_hostile_engine(f"work: {deed}")), size=SIZE, monitor=Leaving(at=1)
            )
        assert pid not in sandbox.work_pool.pids
        assert sandbox.engine.upscaler.enhance(io.BytesIO(GOOD), size=SIZE).dimensions == SIZE


def test_whatever_a_watch_raises_passes_through() -> None:
    class Interrupted:
        def report(self, done: float) -> None:
            raise KeyboardInterrupt

    with a_sandbox() as sandbox:
        with pytest.raises(KeyboardInterrupt):
            sandbox.engine.upscaler.enhance(io.BytesIO(GOOD), size=SIZE, monitor=Interrupted())
        assert sandbox.engine.upscaler.enhance(io.BytesIO(GOOD), size=SIZE).dimensions == SIZE
