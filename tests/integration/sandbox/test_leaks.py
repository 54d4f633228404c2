"""Neither work nor crashes leave anything behind."""

import contextlib
import gc
import io
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest

from forked_children import forked_children
from hostile_engine import a_hostile_engine
from sandboxes import a_sandbox
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnknownPictureFormat, WorkKilled
from spike_memory.engine import a_picture

SIZE: Final = Dimensions(width_px=64, height_px=48)


@pytest.fixture
def _forked() -> Iterator[None]:
    with forked_children():
        yield


@pytest.mark.usefixtures("_forked")
def test_a_hundred_works_with_deaths_among_them_leave_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # for the children, and apart from what other processes do
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    us = psutil.Process()
    gc.collect()  # what other tests left
    before, threads = us.num_fds(), us.num_threads()
    with a_sandbox(workers=2) as sandbox:
        for number in range(100):
            if number % 10 == 7:
                with pytest.raises(WorkKilled):
                    sandbox.engine.upscaler.enhance(io.BytesIO(a_hostile_engine("work: kill")), size=SIZE)
            elif number % 10 == 8:
                with pytest.raises(UnknownPictureFormat):
                    sandbox.engine.upscaler.enhance(io.BytesIO(b"junk"), size=SIZE)
            else:
                sandbox.engine.upscaler.enhance(io.BytesIO(a_picture(SIZE)), size=SIZE)
        (child,) = sandbox.work_pool.pids
        assert psutil.Process(child).num_fds() <= 6, "its own three, the socket, and what Python opens"
    assert us.num_fds() <= before
    assert us.num_threads() <= threads
    with pytest.raises(ChildProcessError):
        os.waitpid(child, os.WNOHANG)  # it was waited for: no zombie is left
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_forked")
def test_a_child_that_was_used_a_thousand_times_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spike_sandbox.pool.TASKS_MAX", 3)
    with a_sandbox() as sandbox:
        pids = []
        for _ in range(7):
            with sandbox.work_pool.one() as child:
                pids.append(child.pid)
            sandbox.engine.upscaler.enhance(io.BytesIO(a_picture(SIZE)), size=SIZE)
    assert len(set(pids)) == 3


def test_starting_fails_without_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_more: object) -> None:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    gc.collect()
    before = psutil.Process().num_fds()
    with a_sandbox() as sandbox, pytest.raises(Exception, match="is unavailable"):
        sandbox.check()
    assert psutil.Process().num_fds() <= before


@pytest.mark.usefixtures("_forked")
def test_a_child_that_keeps_much_memory_is_replaced() -> None:
    """Otherwise it would refuse other users' pictures, which seem damaged to an engine without memory."""
    with a_sandbox(memory_mib=256) as sandbox:
        pids = []
        for picture in (
            a_picture(SIZE),
            a_hostile_engine("work: keep"),
            a_hostile_engine("work: keep"),
            a_picture(SIZE),
        ):
            with sandbox.work_pool.one() as child:
                pids.append(child.pid)
            with contextlib.suppress(UnknownPictureFormat):  # a hostile is none
                sandbox.engine.upscaler.enhance(io.BytesIO(picture), size=SIZE)
    assert pids[0] == pids[1] != pids[2] != pids[3]
