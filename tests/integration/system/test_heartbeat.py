import contextvars
import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from spike_contracts.heartbeat import TIMEOUT_S, Beats, HeartbeatContract
from spike_core.domain.errors import JobChanged, StorageUnavailable
from spike_core.ports.heartbeat import Heartbeat
from spike_system import ThreadHeartbeat

INTERVAL = timedelta(milliseconds=5)
SOME_INTERVALS_S = 10 * INTERVAL.total_seconds()

request = contextvars.ContextVar("request", default="none")


@pytest.fixture
def heartbeat() -> Heartbeat:
    return ThreadHeartbeat(INTERVAL)


class TestThreadPulse(HeartbeatContract):
    @pytest.fixture
    def strike(self) -> Callable[[], None]:
        def let_time_pass() -> None:
            time.sleep(SOME_INTERVALS_S)  # nothing else shows that nothing happens

        return let_time_pass


def test_it_beats_in_another_thread_that_is_gone_afterwards(heartbeat: Heartbeat) -> None:
    threads: list[threading.Thread] = []
    heard = threading.Event()

    def beat() -> None:
        threads.append(threading.current_thread())
        heard.set()

    with heartbeat.during(beat):
        assert heard.wait(TIMEOUT_S)
    assert threading.current_thread() not in threads
    assert not any(thread.is_alive() for thread in threads)


def test_leaving_does_not_wait_for_the_interval() -> None:
    beats = Beats()
    started_s = time.monotonic()
    with ThreadHeartbeat(timedelta(hours=1)).during(beats):
        pass
    assert time.monotonic() - started_s < TIMEOUT_S
    assert beats.is_silent


def test_leaving_waits_for_a_beat_that_is_running(heartbeat: Heartbeat) -> None:
    begun, release, finished = threading.Event(), threading.Event(), threading.Event()

    def beat() -> None:
        begun.set()
        assert release.wait(TIMEOUT_S)
        finished.set()

    timer = threading.Timer(SOME_INTERVALS_S, release.set)
    with heartbeat.during(beat):
        assert begun.wait(TIMEOUT_S)
        timer.start()
    assert finished.is_set()
    timer.join()


@pytest.mark.parametrize("trouble", [JobChanged(), ValueError("a bug")])
def test_a_beat_that_fails_for_good_is_the_last(heartbeat: Heartbeat, trouble: Exception) -> None:
    beats = Beats(trouble)
    with heartbeat.during(beats):
        beats.await_one()
        time.sleep(SOME_INTERVALS_S)
        assert beats.is_silent


@pytest.mark.parametrize(
    ("trouble", "level", "with_traceback"),
    [
        (StorageUnavailable(), logging.WARNING, False),
        (JobChanged(), logging.INFO, False),
        (ValueError("a bug"), logging.ERROR, True),
    ],
)
def test_what_a_beat_raises_is_logged_once(
    heartbeat: Heartbeat, caplog: pytest.LogCaptureFixture, trouble: Exception, level: int, *, with_traceback: bool
) -> None:
    beats = Beats(trouble)
    with caplog.at_level(logging.INFO), heartbeat.during(beats):
        beats.await_one()
    [record] = caplog.records
    assert record.levelno == level
    assert bool(record.exc_info) is with_traceback


def test_a_beat_knows_the_context_of_its_work(heartbeat: Heartbeat) -> None:
    seen: list[str] = []
    heard = threading.Event()

    def beat() -> None:
        seen.append(request.get())
        heard.set()

    token = request.set("req_1")
    with heartbeat.during(beat):
        assert heard.wait(TIMEOUT_S)
    request.reset(token)
    assert set(seen) == {"req_1"}


@pytest.mark.parametrize("interval", [timedelta(0), timedelta(seconds=-1)])
def test_an_interval_takes_time(interval: timedelta) -> None:
    with pytest.raises(ValueError, match="interval"):
        ThreadHeartbeat(interval)
