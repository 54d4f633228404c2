"""Periodic actions."""

import queue
import threading

import pytest

from spike_core.domain.errors import DatabaseUnavailable
from spike_worker.periodic import continuously, periodically

PATIENCE_S = 10


def test_it_is_done_at_once_and_again() -> None:
    done: queue.SimpleQueue[None] = queue.SimpleQueue()
    with periodically(lambda: done.put(None), every_s=0.001, name="test"):
        for _ in range(3):
            done.get(timeout=PATIENCE_S)
    assert "test" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("trouble", [DatabaseUnavailable(), RuntimeError("a bug")])
def test_trouble_does_not_end_it(trouble: Exception) -> None:
    calls: queue.SimpleQueue[None] = queue.SimpleQueue()

    def action() -> None:
        calls.put(None)
        raise trouble

    with periodically(action, every_s=0.001, name="test"):
        for _ in range(3):
            calls.get(timeout=PATIENCE_S)
    assert "test" not in {thread.name for thread in threading.enumerate()}


def test_leaving_waits_for_the_call_under_way_and_not_for_the_next() -> None:
    begun, release = threading.Event(), threading.Event()
    ended: list[bool] = []

    def action() -> None:
        begun.set()
        assert release.wait(PATIENCE_S)
        ended.append(True)

    with periodically(action, every_s=3600, name="test"):
        assert begun.wait(PATIENCE_S)
        release.set()
    assert ended == [True]


def test_it_is_done_again_at_once_while_there_is_something_to_do() -> None:
    left = [3, 2, 1, 0]
    done = threading.Event()

    def action() -> int:
        if len(left) == 1:
            done.set()
        return left.pop(0)

    with continuously(action, every_s=3600, name="test", patience_s=PATIENCE_S):
        assert done.wait(PATIENCE_S)
    assert left == []


@pytest.mark.parametrize("trouble", [DatabaseUnavailable(), RuntimeError("a bug")])
def test_trouble_does_not_end_what_is_done_continuously(trouble: Exception) -> None:
    calls: queue.SimpleQueue[None] = queue.SimpleQueue()

    def action() -> int:
        calls.put(None)
        raise trouble

    with continuously(action, every_s=0.001, name="test", patience_s=PATIENCE_S):
        for _ in range(3):
            calls.get(timeout=PATIENCE_S)


def test_a_call_that_hangs_is_left_behind() -> None:
    begun, release = threading.Event(), threading.Event()

    def action() -> int:
        begun.set()
        release.wait(PATIENCE_S)
        return 0

    with continuously(action, every_s=3600, name="hanging", patience_s=0.01):
        assert begun.wait(PATIENCE_S)
    [thread] = [thread for thread in threading.enumerate() if thread.name == "hanging"]
    release.set()
    thread.join(PATIENCE_S)
