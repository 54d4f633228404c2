"""Laws that every Broker keeps."""

import logging
import queue
import threading
import time
from datetime import timedelta
from typing import Final

import pytest

from spike_contracts.builders import a_job_id
from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority
from spike_core.ports.broker import Broker, WorkerPool

TIMEOUT_S: Final = 30  # a test that waits longer fails
WORK_S_MAX: Final = 10  # how long the jobs of `SlowBench` last, if a test doesn't release them
MOMENT_S: Final = 0.2  # long enough for an unwanted effect to show
DRAIN: Final = timedelta(seconds=TIMEOUT_S)


class Bench:
    """A worker that records the jobs it performs, and can be made to fail."""

    def __init__(self, *, troubles: dict[JobId, BaseException] | None = None) -> None:
        self._troubles = troubles or {}
        self._done: queue.SimpleQueue[JobId] = queue.SimpleQueue()

    def perform(self, job_id: JobId) -> None:
        self._done.put(job_id)
        if job_id in self._troubles:
            raise self._troubles[job_id]

    def take(self, count: int) -> list[JobId]:
        """Wait for `count` performed jobs."""
        return [self._done.get(timeout=TIMEOUT_S) for _ in range(count)]

    def take_within(self, seconds: float) -> JobId:
        """Wait at most `seconds` for a performed job."""
        return self._done.get(timeout=seconds)

    @property
    def is_idle(self) -> bool:
        return self._done.empty()


class SlowBench:
    """A worker whose jobs last until the test releases them."""

    def __init__(self) -> None:
        self.begun: queue.SimpleQueue[JobId] = queue.SimpleQueue()
        self.finished: list[JobId] = []
        self.finish = threading.Event()

    def perform(self, job_id: JobId) -> None:
        self.begun.put(job_id)
        assert self.finish.wait(WORK_S_MAX)
        self.finished.append(job_id)


class BrokerContract:
    """Needs the fixtures `broker`, which is empty, and `lost_broker`, whose server is unavailable.

    A broker without a server skips the latter (`pytest.skip`).
    """

    def test_asking_whether_it_is_there_sends_nothing(self, broker: Broker) -> None:
        bench = Bench()
        broker.ping()
        with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
            with pytest.raises(queue.Empty):
                bench.take_within(MOMENT_S)
            broker.ping()

    @pytest.mark.parametrize("threads", [1, 3])
    def test_each_message_is_performed(self, broker: Broker, threads: int) -> None:
        bench = Bench()
        sent = [a_job_id() for _ in range(20)]
        with broker.work(bench.perform, pool=WorkerPool(size=threads), drain=DRAIN):
            for job_id in sent:
                broker.queue.send(job_id, priority=Priority.HIGH)
            assert sorted(bench.take(len(sent))) == sorted(sent)
        assert bench.is_idle

    def test_messages_that_came_before_the_workers_are_performed(self, broker: Broker) -> None:
        bench = Bench()
        sent = [a_job_id() for _ in range(3)]
        for job_id in sent:
            broker.queue.send(job_id, priority=Priority.HIGH)
        with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
            assert sorted(bench.take(len(sent))) == sorted(sent)

    def test_threads_work_side_by_side(self, broker: Broker) -> None:
        bench = Bench()
        both_are_here = threading.Barrier(2)

        def perform(job_id: JobId) -> None:
            both_are_here.wait(TIMEOUT_S)
            bench.perform(job_id)

        with broker.work(perform, pool=WorkerPool(size=2), drain=DRAIN):
            for _ in range(2):
                broker.queue.send(a_job_id(), priority=Priority.HIGH)
            assert len(bench.take(2)) == 2

    def test_there_are_no_more_threads_than_asked_for(self, broker: Broker) -> None:
        bench = SlowBench()
        with broker.work(bench.perform, pool=WorkerPool(size=2), drain=DRAIN):
            for _ in range(4):
                broker.queue.send(a_job_id(), priority=Priority.HIGH)
            for _ in range(2):
                bench.begun.get(timeout=TIMEOUT_S)
            with pytest.raises(queue.Empty):
                bench.begun.get(timeout=MOMENT_S)
            bench.finish.set()
            for _ in range(2):
                bench.begun.get(timeout=TIMEOUT_S)

    def test_long_work_leaves_threads_for_quick_work(self, broker: Broker) -> None:
        bench = SlowBench()
        long, quick = [a_job_id() for _ in range(3)], a_job_id()
        with broker.work(bench.perform, pool=WorkerPool(size=3, reserved=1), drain=DRAIN):
            for job_id in long:
                broker.queue.send(job_id, priority=Priority.LOW)
            begun = [bench.begun.get(timeout=TIMEOUT_S) for _ in range(2)]
            with pytest.raises(queue.Empty):
                bench.begun.get(timeout=MOMENT_S)
            broker.queue.send(quick, priority=Priority.HIGH)
            assert bench.begun.get(timeout=TIMEOUT_S) == quick
            bench.finish.set()
            begun.append(bench.begun.get(timeout=TIMEOUT_S))
        assert sorted(begun) == sorted(long)

    def test_free_work_leaves_threads_for_paid_work(self, broker: Broker) -> None:
        """However much of it waits: a quick paid job has a thread of its own, and a long one the next that is free."""
        bench = SlowBench()
        with broker.work(bench.perform, pool=WorkerPool(size=2, reserved=1), drain=DRAIN):
            for _ in range(8):
                broker.queue.send(a_job_id(), priority=Priority.FREE)
            bench.begun.get(timeout=TIMEOUT_S)
            with pytest.raises(queue.Empty):
                bench.begun.get(timeout=MOMENT_S)
            quick, long = a_job_id(), a_job_id()
            broker.queue.send(quick, priority=Priority.HIGH)
            assert bench.begun.get(timeout=TIMEOUT_S) == quick
            broker.queue.send(long, priority=Priority.LOW)
            with pytest.raises(queue.Empty):
                bench.begun.get(timeout=MOMENT_S)
            bench.finish.set()
            assert bench.begun.get(timeout=TIMEOUT_S) == long

    def test_threads_that_long_work_leaves_free_all_do_quick_work(self, broker: Broker) -> None:
        bench = SlowBench()
        with broker.work(bench.perform, pool=WorkerPool(size=3, reserved=1), drain=DRAIN):
            for _ in range(3):
                broker.queue.send(a_job_id(), priority=Priority.HIGH)
            for _ in range(3):
                bench.begun.get(timeout=TIMEOUT_S)
            bench.finish.set()

    def test_a_single_thread_does_both_kinds_of_work(self, broker: Broker) -> None:
        bench = Bench()
        sent = {a_job_id(): priority for priority in Priority for _ in range(2)}
        with broker.work(bench.perform, pool=WorkerPool(size=1, reserved=1), drain=DRAIN):
            for job_id, priority in sent.items():
                broker.queue.send(job_id, priority=priority)
            assert sorted(bench.take(len(sent))) == sorted(sent)

    def test_work_that_raises_stops_no_worker_and_is_not_repeated(self, broker: Broker) -> None:
        bad, good = a_job_id(), a_job_id()
        bench = Bench(troubles={bad: ValueError("a bug")})
        with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
            broker.queue.send(bad, priority=Priority.HIGH)
            broker.queue.send(good, priority=Priority.HIGH)
            assert bench.take(2) == [bad, good]
        assert bench.is_idle

    def test_what_work_raises_is_logged_once(self, broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
        bad = a_job_id()
        bench = Bench(troubles={bad: ValueError("a bug")})
        with caplog.at_level(logging.INFO), broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
            broker.queue.send(bad, priority=Priority.HIGH)
            bench.take(1)
        [record] = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert bad.text in record.getMessage()
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], ValueError)

    def test_leaving_waits_for_work_in_progress_and_begins_no_more(self, broker: Broker) -> None:
        bench = SlowBench()
        first, second = a_job_id(), a_job_id()
        may_leave = threading.Event()

        def stay() -> None:
            with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
                may_leave.wait(TIMEOUT_S)

        stayer = threading.Thread(target=stay)
        stayer.start()
        broker.queue.send(first, priority=Priority.HIGH)
        assert bench.begun.get(timeout=TIMEOUT_S) == first
        broker.queue.send(second, priority=Priority.HIGH)
        may_leave.set()
        stayer.join(MOMENT_S)
        assert stayer.is_alive(), "it waits"
        bench.finish.set()
        stayer.join(TIMEOUT_S)
        assert not stayer.is_alive()
        assert bench.finished == [first]
        assert bench.begun.empty()

    @pytest.mark.parametrize("priority", Priority)
    def test_what_was_not_begun_when_the_workers_left_is_kept_for_the_next(
        self, broker: Broker, priority: Priority
    ) -> None:
        """Also messages that a busy process has prefetched."""
        slow, bench = SlowBench(), Bench()
        sent = [a_job_id() for _ in range(8)]
        with broker.work(slow.perform, pool=WorkerPool(size=2, reserved=1), drain=DRAIN):
            for job_id in sent:
                broker.queue.send(job_id, priority=priority)
            slow.begun.get(timeout=TIMEOUT_S)
            release = threading.Timer(MOMENT_S, slow.finish.set)
            release.start()
        release.join()
        left = sorted(set(sent) - set(slow.finished))
        assert left, "there were more jobs than two threads can perform"
        with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
            assert sorted(bench.take(len(left))) == left
        assert bench.is_idle

    def test_leaving_waits_for_work_in_progress_no_longer_than_it_is_told(self, broker: Broker) -> None:
        bench = SlowBench()
        with broker.work(bench.perform, pool=WorkerPool(size=1), drain=timedelta(seconds=MOMENT_S)):
            broker.queue.send(a_job_id(), priority=Priority.HIGH)
            bench.begun.get(timeout=TIMEOUT_S)
            leaving_s = time.monotonic()
        assert time.monotonic() - leaving_s < TIMEOUT_S
        assert bench.finished == []
        bench.finish.set()

    def test_an_exception_of_the_context_comes_out_of_it(self, broker: Broker) -> None:
        with pytest.raises(ZeroDivisionError), broker.work(Bench().perform, pool=WorkerPool(size=1), drain=DRAIN):
            raise ZeroDivisionError

    def test_a_broker_that_is_away_says_so(self, lost_broker: Broker) -> None:
        with pytest.raises(QueueUnavailable):
            lost_broker.ping()
