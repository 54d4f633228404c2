import logging
import threading
import time

import dramatiq
import pytest

from spike_contracts.broker import DRAIN, MOMENT_S, TIMEOUT_S, Bench, BrokerContract, SlowBench
from spike_contracts.builders import a_job_id
from spike_core.domain.errors import InvalidValue, NothingToClaim
from spike_core.domain.priorities import Priority
from spike_core.ports.broker import Broker, WorkerPool
from spike_core.ports.factories import OpenBroker
from spike_dramatiq import DramatiqBroker, open_memory_broker
from spike_dramatiq.queue import ACTOR_NAMES, QUEUE_NAMES
from spike_dramatiq.stub import RequeueingStubBroker


@pytest.fixture
def broker() -> Broker:
    return open_memory_broker("memory://")


class TestInProcessBroker(BrokerContract):
    @pytest.fixture
    def lost_broker(self) -> Broker:
        pytest.skip("it has no server")


def test_it_lives_in_this_process(broker: Broker) -> None:
    assert broker.is_in_process


def test_it_can_work_again(broker: Broker) -> None:
    for _ in range(3):
        bench, job_id = Bench(), a_job_id()
        with broker.work(bench.perform, pool=WorkerPool(size=2), drain=DRAIN):
            broker.queue.send(job_id, priority=Priority.HIGH)
            assert bench.take(1) == [job_id]


def test_what_was_not_begun_is_kept_for_the_next_workers(broker: Broker) -> None:
    sent = [a_job_id() for _ in range(200)]
    for job_id in sent:
        broker.queue.send(job_id, priority=Priority.HIGH)
    bench = Bench()
    rounds = 20
    for _ in range(rounds):
        with broker.work(bench.perform, pool=WorkerPool(size=2), drain=DRAIN):
            bench.take(1)
    performed = rounds
    while not bench.is_idle:
        bench.take(1)
        performed += 1
    with broker.work(bench.perform, pool=WorkerPool(size=2), drain=DRAIN):
        bench.take(len(sent) - performed)
    assert bench.is_idle, "none was doubled"


def test_messages_can_be_sent_while_nobody_works(broker: Broker) -> None:
    bench = Bench()
    with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        pass
    job_id = a_job_id()
    broker.queue.send(job_id, priority=Priority.HIGH)
    with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        assert bench.take(1) == [job_id]


def test_it_works_for_one_context_at_a_time(broker: Broker) -> None:
    with (
        broker.work(Bench().perform, pool=WorkerPool(size=1), drain=DRAIN),
        pytest.raises(AssertionError, match="already"),
        broker.work(Bench().perform, pool=WorkerPool(size=1), drain=DRAIN),
    ):
        pass


def test_leaving_leaves_no_thread_behind(broker: Broker) -> None:
    before = set(threading.enumerate())
    with broker.work(Bench().perform, pool=WorkerPool(size=3), drain=DRAIN):
        assert len(set(threading.enumerate()) - before) >= 3
    assert set(threading.enumerate()) <= before  # an earlier test's may have ended meanwhile


def test_what_was_fetched_and_not_begun_is_kept_too(broker: Broker) -> None:
    slow, bench = SlowBench(), Bench()
    first, second = a_job_id(), a_job_id()
    with broker.work(slow.perform, pool=WorkerPool(size=1), drain=DRAIN):
        broker.queue.send(first, priority=Priority.HIGH)
        slow.begun.get(timeout=TIMEOUT_S)
        broker.queue.send(second, priority=Priority.HIGH)
        release = threading.Timer(MOMENT_S, slow.finish.set)
        release.start()
    release.join()
    with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        assert bench.take(1) == [second]


def test_two_brokers_do_not_share_messages() -> None:
    one, other = open_memory_broker("memory://"), open_memory_broker("memory://")
    bench = Bench()
    one.queue.send(a_job_id(), priority=Priority.HIGH)
    with other.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        time.sleep(MOMENT_S)
        assert bench.is_idle


def test_a_message_that_is_no_job_id_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    inner, bench, job_id = RequeueingStubBroker(middleware=[]), Bench(), a_job_id()
    broker = DramatiqBroker(inner, is_in_process=True, held=inner.held)
    with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        inner.enqueue(
            dramatiq.Message(
                queue_name=QUEUE_NAMES[Priority.HIGH],
                actor_name=ACTOR_NAMES[Priority.HIGH],
                args=("rubbish",),
                kwargs={},
                options={},
            )
        )
        broker.queue.send(job_id, priority=Priority.HIGH)
        assert bench.take(1) == [job_id]
    assert "rubbish" in caplog.text


def test_a_duplicate_message_is_no_event(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    job_id = a_job_id()
    bench = Bench(troubles={job_id: NothingToClaim()})
    with caplog.at_level(logging.INFO), broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        broker.queue.send(job_id, priority=Priority.HIGH)
        bench.take(1)
    assert job_id.text not in caplog.text


def test_work_that_asks_for_the_end_of_the_process_stops_no_worker(broker: Broker) -> None:
    bad, good = a_job_id(), a_job_id()
    bench = Bench(troubles={bad: SystemExit(1)})
    with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        broker.queue.send(bad, priority=Priority.HIGH)
        broker.queue.send(good, priority=Priority.HIGH)
        assert bench.take(2) == [bad, good]


def test_dramatiq_is_quiet_when_all_goes_well(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with broker.work(bench.perform, pool=WorkerPool(size=2), drain=DRAIN):
                broker.queue.send(a_job_id(), priority=Priority.HIGH)
                bench.take(1)
    assert caplog.records == []


def test_nobody_elses_broker_is_touched() -> None:
    before = dramatiq.broker.global_broker
    with open_memory_broker("memory://").work(Bench().perform, pool=WorkerPool(size=1), drain=DRAIN):
        assert dramatiq.broker.global_broker is before


def test_an_idle_worker_begins_within_50_ms(broker: Broker) -> None:
    """The 95th percentile of the time in the queue; the target counts from the commit, shortly before `send`."""
    begun_s: list[float] = []
    begun = threading.Semaphore(0)

    def perform(_job_id: object) -> None:
        begun_s.append(time.perf_counter())
        begun.release()

    sent_s: list[float] = []
    with broker.work(perform, pool=WorkerPool(size=2), drain=DRAIN):
        for number in range(40):
            time.sleep(0.003 * (number % 5))  # at any phase of the threads' idling
            sent_s.append(time.perf_counter())
            broker.queue.send(a_job_id(), priority=Priority.HIGH)
            assert begun.acquire(timeout=TIMEOUT_S)
    delays_s = sorted(begin - send for begin, send in zip(begun_s, sent_s, strict=True))
    assert delays_s[37] < 0.050


def test_the_factory_takes_its_one_url() -> None:
    factory: OpenBroker = open_memory_broker
    assert factory("memory://").is_in_process
    for url in ("", "memory:", "memory://host", "memory:///path", "redis://host"):
        with pytest.raises(InvalidValue, match="broker URL"):
            factory(url)
