"""The broker on a real Valkey."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import dramatiq
import pytest
import redis

from eventually import eventually
from servers.valkey import Valkey
from spike_contracts.broker import DRAIN, MOMENT_S, TIMEOUT_S, Bench, BrokerContract, SlowBench
from spike_contracts.builders import a_job_id
from spike_contracts.queue import JobQueueContract
from spike_core.domain.errors import InvalidValue, QueueUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.priorities import Priority
from spike_core.ports.broker import Broker, WorkerPool
from spike_core.ports.factories import OpenBroker
from spike_core.ports.queue import JobQueue
from spike_dramatiq import DramatiqBroker
from spike_dramatiq.queue import QUEUE_NAMES
from spike_dramatiq.redis_broker import ForgivingRedisBroker
from spike_dramatiq.redis_plugin import open_redis_broker

TRIES: Final = 5  # of a measurement: other tests run on the machine
BLACK_HOLE = "redis://192.0.2.1:6379/0"  # RFC 5737: an unused address


@pytest.fixture
def broker(redis_url: str) -> Broker:
    return open_redis_broker(redis_url)


class TestRedisBroker(BrokerContract):
    @pytest.fixture
    def lost_broker(self, dead_redis_url: str) -> Broker:
        return open_redis_broker(dead_redis_url)


class TestRedisQueue(JobQueueContract):
    @pytest.fixture
    def queue(self, broker: Broker) -> JobQueue:
        return broker.queue

    @pytest.fixture
    def arrived(self, redis_url: str) -> Callable[[], Sequence[JobId]]:
        """Receive as another process's worker until no message has come for a moment."""

        def take_out() -> Sequence[JobId]:
            came: list[JobId] = []
            last = threading.Event()

            def perform(job_id: JobId) -> None:
                came.append(job_id)
                last.clear()

            with open_redis_broker(redis_url).work(perform, pool=WorkerPool(size=1), drain=DRAIN):
                while True:
                    before = len(came)
                    last.wait(MOMENT_S)
                    if len(came) == before:
                        return came

        return take_out

    @pytest.fixture
    def broken_queue(self, dead_redis_url: str) -> JobQueue:
        return open_redis_broker(dead_redis_url).queue


def test_it_outlives_this_process(broker: Broker) -> None:
    assert not broker.is_in_process


def test_messages_reach_the_workers_of_another_broker_on_the_same_server(broker: Broker, redis_url: str) -> None:
    bench, job_id = Bench(), a_job_id()
    broker.queue.send(job_id, priority=Priority.LOW)
    with open_redis_broker(redis_url).work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        assert bench.take(1) == [job_id]


@pytest.mark.parametrize("url", ["dead", BLACK_HOLE])
def test_a_server_that_is_away_refuses_within_two_seconds(url: str, dead_redis_url: str) -> None:
    queue = open_redis_broker(dead_redis_url if url == "dead" else url).queue
    took_s: list[float] = []
    while not took_s or (min(took_s) >= 2 and len(took_s) < TRIES):
        began_s = time.monotonic()
        with pytest.raises(QueueUnavailable):
            queue.send(a_job_id(), priority=Priority.HIGH)
        took_s.append(time.monotonic() - began_s)
    assert min(took_s) < 2


def test_asking_a_server_that_is_away_is_told_so(dead_redis_url: str) -> None:
    with pytest.raises(QueueUnavailable):
        open_redis_broker(dead_redis_url).ping()


def test_a_full_server_refuses(valkey: Valkey) -> None:
    with valkey.client() as client:
        client.config_set("maxmemory", "1")
    with pytest.raises(QueueUnavailable) as caught:
        open_redis_broker(valkey.url).queue.send(a_job_id(), priority=Priority.HIGH)
    assert isinstance(caught.value.__cause__, Exception)


def test_a_queue_kept_from_before_a_restart_of_the_server_sends_at_once(valkey: Valkey) -> None:
    queue, job_id, bench = open_redis_broker(valkey.url).queue, a_job_id(), Bench()
    queue.send(a_job_id(), priority=Priority.HIGH)
    valkey.stop()
    with pytest.raises(QueueUnavailable):
        queue.send(a_job_id(), priority=Priority.HIGH)
    valkey.start()
    queue.send(job_id, priority=Priority.HIGH)
    with open_redis_broker(valkey.url).work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        assert bench.take(1) == [job_id]


def test_workers_wait_for_a_server_that_is_away_and_work_when_it_is_back(valkey: Valkey) -> None:
    broker, bench, job_id = open_redis_broker(valkey.url), Bench(), a_job_id()
    with broker.work(bench.perform, pool=WorkerPool(size=2), drain=DRAIN):
        valkey.stop()
        with pytest.raises(QueueUnavailable):
            broker.queue.send(a_job_id(), priority=Priority.HIGH)
        valkey.start()
        broker.queue.send(job_id, priority=Priority.HIGH)
        assert bench.take(1) == [job_id]


def test_work_done_while_the_server_is_away_keeps_no_thread_from_leaving(valkey: Valkey) -> None:
    bench = SlowBench()
    with open_redis_broker(valkey.url).work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        broker = open_redis_broker(valkey.url)
        broker.queue.send(a_job_id(), priority=Priority.HIGH)
        bench.begun.get(timeout=TIMEOUT_S)
        valkey.stop()
        bench.finish.set()
        began_s = time.monotonic()
    assert time.monotonic() - began_s < TIMEOUT_S / 2, "and not until the server is back"
    assert len(bench.finished) == 1


def test_after_work_that_was_done_while_the_server_was_away_more_is_fetched(valkey: Valkey) -> None:
    """The message that couldn't be acknowledged takes no place for good: the only thread goes on."""
    slow, later = SlowBench(), a_job_id()
    with open_redis_broker(valkey.url).work(slow.perform, pool=WorkerPool(size=1), drain=DRAIN):
        broker = open_redis_broker(valkey.url)
        broker.queue.send(a_job_id(), priority=Priority.HIGH)
        slow.begun.get(timeout=TIMEOUT_S)
        valkey.stop()
        slow.finish.set()
        eventually("done", lambda: slow.finished)
        valkey.start()
        broker.queue.send(later, priority=Priority.HIGH)
        eventually("the next one is done", lambda: later in slow.finished)


def test_what_a_server_gave_to_a_worker_that_had_given_up_comes_back(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that stalls performs the fetch when it goes on, and its answer is lost."""
    monkeypatch.setattr("spike_dramatiq.redis_broker.MAINTENANCE_PER_MILLION", 1_000_000)
    monkeypatch.setattr("spike_dramatiq.redis_broker.SILENCE_TIME_MAX", DRAIN / 150)
    broker, sent = open_redis_broker(valkey.url), [a_job_id() for _ in range(3)]
    underlying = broker._broker  # type: ignore[attr-defined]  # to fetch once
    stalled = underlying.consume("jobs.quick", prefetch=2)
    assert next(stalled) is None
    for job_id in sent:
        broker.queue.send(job_id, priority=Priority.HIGH)
    valkey.pause()
    with pytest.raises(dramatiq.errors.ConnectionClosed):
        next(stalled)
    valkey.go_on()
    bench = Bench()
    with broker.work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        assert sorted(bench.take(3)) == sorted(sent)
    assert list(broker.queue.held(sent)) == []


def test_what_a_dead_process_held_comes_back(broker: Broker, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies between fetching and claiming; the broker is configured to check often."""
    monkeypatch.setattr("spike_dramatiq.redis_broker.MAINTENANCE_PER_MILLION", 1_000_000)
    monkeypatch.setattr("spike_dramatiq.redis_broker.SILENCE_TIME_MAX", DRAIN / 150)
    job_id, bench = a_job_id(), Bench()
    broker.queue.send(job_id, priority=Priority.HIGH)
    dead = open_redis_broker(redis_url)._broker.consume("jobs.quick")  # type: ignore[attr-defined]  # never acknowledges
    assert next(dead) is not None
    with open_redis_broker(redis_url).work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        assert bench.take(1) == [job_id]


def test_a_server_that_has_lost_its_memory_holds_nothing(broker: Broker, redis_url: str) -> None:
    sent = [a_job_id() for _ in range(3)]
    for job_id in sent:
        broker.queue.send(job_id, priority=Priority.LOW)
    assert set(broker.queue.held(sent)) == set(sent)
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    assert list(broker.queue.held(sent)) == []


def test_what_a_worker_has_in_its_hands_is_held_until_it_is_done(broker: Broker) -> None:
    slow, job_id = SlowBench(), a_job_id()
    broker.queue.send(job_id, priority=Priority.HIGH)
    with broker.work(slow.perform, pool=WorkerPool(size=1), drain=DRAIN):
        slow.begun.get(timeout=TIMEOUT_S)
        assert list(broker.queue.held([job_id])) == [job_id]
        slow.finish.set()
    assert list(broker.queue.held([job_id])) == []


def test_what_is_done_leaves_nothing_behind_on_the_server(broker: Broker, redis_url: str) -> None:
    bench = Bench()
    with broker.work(bench.perform, pool=WorkerPool(size=2), drain=DRAIN):
        for priority in Priority:
            for _ in range(10):
                broker.queue.send(a_job_id(), priority=priority)
        bench.take(10 * len(Priority))
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("*") == [b"spike:__heartbeats__"]


def test_a_message_that_is_done_before_its_sender_goes_on_leaves_nothing_behind(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command of the sender is followed by a worker that takes all there is: what is counted apart would stay."""
    broker = ForgivingRedisBroker.at(redis_url)
    queue = DramatiqBroker(broker, is_in_process=False, held=broker.held).queue
    bench, execute = Bench(), redis.Redis.execute_command

    def followed_by_a_worker(client: redis.Redis, *arguments: Any, **options: Any) -> Any:
        answer = execute(client, *arguments, **options)  # type: ignore[no-untyped-call]
        monkeypatch.setattr(redis.Redis, "execute_command", execute)
        with open_redis_broker(redis_url).work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
            bench.take(1)
        return answer

    queue.send(a_job_id(), priority=Priority.HIGH)  # the scripts are loaded
    with open_redis_broker(redis_url).work(bench.perform, pool=WorkerPool(size=1), drain=DRAIN):
        bench.take(1)
    job_id = a_job_id()
    monkeypatch.setattr(redis.Redis, "execute_command", followed_by_a_worker)
    queue.send(job_id, priority=Priority.HIGH)
    assert list(queue.held([job_id])) == []


def test_a_message_that_is_acknowledged_twice_is_counted_off_once(redis_url: str) -> None:
    """As after a worker was taken to be dead, and its message given to another."""
    broker = ForgivingRedisBroker.at(redis_url)
    queue, job_id = DramatiqBroker(broker, is_in_process=False, held=broker.held).queue, a_job_id()
    for _ in range(2):
        queue.send(job_id, priority=Priority.HIGH)
    consumer = broker.consume(QUEUE_NAMES[Priority.HIGH])
    first = next(consumer)
    assert first is not None
    for _ in range(2):
        consumer.ack(first)
    assert list(queue.held([job_id])) == [job_id]
    second = next(consumer)
    assert second is not None
    consumer.nack(second)
    assert list(queue.held([job_id])) == []


def test_a_restarted_server_is_another_instance(valkey: Valkey) -> None:
    queue = open_redis_broker(valkey.url).queue
    before = queue.instance_id()
    valkey.stop()
    valkey.start()
    assert queue.instance_id() != before


def test_a_server_that_doesnt_tell_its_instance_is_another_one_each_time(valkey: Valkey) -> None:
    with valkey.client() as client:
        client.acl_setuser("default", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info"])
    queue = open_redis_broker(valkey.url).queue
    assert queue.instance_id() != queue.instance_id()


def test_an_idle_worker_begins_within_50_ms(broker: Broker) -> None:
    """The median, which depends little on the machine's load; on an idle machine p95 is below that too."""
    begun_s: list[float] = []
    begun = threading.Semaphore(0)

    def perform(_job_id: JobId) -> None:
        begun_s.append(time.perf_counter())
        begun.release()

    sent_s: list[float] = []
    with broker.work(perform, pool=WorkerPool(size=2), drain=DRAIN):
        for number in range(40):
            time.sleep(0.05 + 0.007 * (number % 5))  # idle by then, at any phase of its idling
            sent_s.append(time.perf_counter())
            broker.queue.send(a_job_id(), priority=Priority.HIGH)
            assert begun.acquire(timeout=TIMEOUT_S)
    delays_s = sorted(begin - send for begin, send in zip(begun_s, sent_s, strict=True))
    assert delays_s[20] < 0.050


def test_the_factory_takes_urls_of_redis_servers() -> None:
    factory: OpenBroker = open_redis_broker
    assert not factory("redis://127.0.0.1:6379/3").is_in_process
    assert not factory("rediss://user:password@redis.example.org/0").is_in_process
    for url in ("", "redis", "memory://", "http://host", "redis://host:port"):
        with pytest.raises(InvalidValue, match="broker URL"):
            factory(url)
