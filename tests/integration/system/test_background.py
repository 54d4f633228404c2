import os
import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from spike_contracts.background import BackgroundContract
from spike_core.ports.background import Urgency
from spike_system import ThreadBackground

TIMEOUT_S = 10  # a test that waits longer fails


class TestThreadBackground(BackgroundContract):
    @pytest.fixture
    def background(self) -> Iterator[ThreadBackground]:
        background = ThreadBackground()
        yield background
        background.close()

    @pytest.fixture
    def finish(self, background: ThreadBackground) -> Callable[[], object]:
        def finish() -> None:
            is_done = threading.Event()
            while not background.soon(
                is_done.set, key="finish", caller="finish", urgency=Urgency.LATER
            ):  # as many wait as may
                os.sched_yield()
            assert is_done.wait(TIMEOUT_S)

        return finish


def test_nothing_runs_after_closing() -> None:
    background, may_go_on, began, ran = ThreadBackground(), threading.Event(), threading.Event(), list[str]()

    def wait() -> None:
        began.set()
        may_go_on.wait(TIMEOUT_S)

    background.soon(wait, key="1", caller="a", urgency=Urgency.SOON)
    background.soon(partial(ran.append, "waited"), key="2", caller="a", urgency=Urgency.SOON)
    assert began.wait(TIMEOUT_S)
    background.close()
    may_go_on.set()
    assert not background.soon(partial(ran.append, "late"), key="3", caller="a", urgency=Urgency.SOON)
    assert ran == []
