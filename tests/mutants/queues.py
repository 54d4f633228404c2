"""Mutants of brokers, queues and heartbeats."""

import logging
import queue as queues
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, instead_of, nothing, returning
from spike_contracts.broker import BrokerContract as Brokers
from spike_contracts.heartbeat import HeartbeatContract as Heartbeats
from spike_contracts.queue import JobQueueContract as Queues
from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.priorities import Priority
from spike_core.ports.broker import WorkerPool
from spike_memory import MemoryBroker, MemoryQueue, NoopHeartbeat

TEN_S: Final = timedelta(seconds=10)


def _pool(**changed: Any) -> Any:
    """Return a `work` with another pool."""

    def work(right: Any, broker: MemoryBroker, perform: Any, *, pool: WorkerPool, drain: timedelta) -> Any:
        return right(broker, perform, pool=evolve(pool, **changed), drain=drain)

    return work


def _larger_pool(right: Any, broker: MemoryBroker, perform: Any, *, pool: WorkerPool, drain: timedelta) -> Any:
    return right(broker, perform, pool=WorkerPool(size=pool.size + 1, reserved=pool.reserved), drain=drain)


def _smaller_pool(right: Any, broker: MemoryBroker, perform: Any, *, pool: WorkerPool, drain: timedelta) -> Any:
    return right(broker, perform, pool=WorkerPool(size=pool.size - 1 or 1), drain=drain)


def _patched(perform_with: Any) -> Any:
    """Return a `work` whose workers call another function around `perform`."""

    def work(right: Any, broker: MemoryBroker, perform: Any, **settings: Any) -> Any:
        return right(broker, lambda job_id: perform_with(broker, perform, job_id), **settings)

    return work


def _ends_silently(_broker: MemoryBroker, perform: Any, job_id: Any) -> None:
    with suppress(Exception):
        perform(job_id)


def _again(broker: MemoryBroker, perform: Any, job_id: Any) -> None:
    try:
        perform(job_id)
    except Exception:
        broker.queue.send(job_id, priority=Priority.HIGH)
        raise


def _from_now_on(right: Any, broker: MemoryBroker, perform: Any, **settings: Any) -> Any:
    broker.queue.messages.clear()
    return right(broker, perform, **settings)


def _drained_for(seconds: float) -> Any:
    def work(right: Any, broker: MemoryBroker, perform: Any, *, pool: WorkerPool, drain: timedelta) -> Any:
        return right(broker, perform, pool=pool, drain=timedelta(seconds=seconds))

    return work


def _cleared_at_the_end(right: Any, broker: MemoryBroker, perform: Any, **settings: Any) -> Any:
    @contextmanager
    def working() -> Iterator[None]:
        with right(broker, perform, **settings):
            yield
        broker.queue.messages.clear()

    return working()


def _silent(right: Any, broker: MemoryBroker, perform: Any, **settings: Any) -> Any:
    @contextmanager
    def working() -> Iterator[None]:
        with right(broker, perform, **settings), suppress(ZeroDivisionError):
            yield

    return working()


def _asked_by_a_message(_ping: Any, broker: MemoryBroker) -> None:
    from spike_contracts.builders import a_job_id  # noqa: PLC0415  # here alone

    broker.queue.send(a_job_id(), priority=Priority.HIGH)


def _twice(send: Any, queue: MemoryQueue, job_id: Any, *, priority: Priority) -> None:
    send(queue, job_id, priority=priority)
    if len(queue.messages) == 1:
        send(queue, type(job_id).of(job_id.body), priority=priority)


def _only(*priorities: Priority) -> Any:
    def send(right: Any, queue: MemoryQueue, job_id: Any, *, priority: Priority) -> None:
        if priority in priorities:
            right(queue, job_id, priority=priority)

    return send


def _plain(send: Any, queue: MemoryQueue, job_id: Any, *, priority: Priority) -> None:
    send(queue, type(job_id).of(job_id.body), priority=priority)


def _once(send: Any, queue: MemoryQueue, job_id: Any, *, priority: Priority) -> None:
    sent = vars(queue).setdefault("sent", set())
    if job_id not in sent:
        sent.add(job_id)
        send(queue, job_id, priority=priority)


def _with_another(right: Any, queue: MemoryQueue) -> None:
    right(queue)
    from spike_contracts.builders import a_job_id  # noqa: PLC0415  # here alone

    queue.messages.append(a_job_id())


def _held_ever(held: Any, queue: MemoryQueue, job_ids: Any) -> Any:
    seen = vars(queue).setdefault("seen", set())
    seen.update(queue.messages)
    return (set(job_ids) & seen) - {job_id for job_id in job_ids if job_id in vars(queue).get("gone", ())}


def _forgets_the_second(held: Any, queue: MemoryQueue, job_ids: Any) -> Any:
    sent = vars(queue).get("counted", {})
    return {job_id for job_id in held(queue, job_ids) if sent.get(job_id, 1) == 1}


def _counting(send: Any, queue: MemoryQueue, job_id: Any, *, priority: Priority) -> None:
    counted = vars(queue).setdefault("counted", {})
    counted[job_id] = counted.get(job_id, 0) + 1
    send(queue, job_id, priority=priority)


def _unsafe(_send: Any, queue: MemoryQueue, job_id: Any, *, priority: Priority) -> None:
    messages = list(queue.messages)
    threading.Event().wait(0.001)
    queue.messages.clear()
    queue.messages.extend([*messages, job_id])


def _beating(calls: Any) -> Any:
    """Return a `strike` that calls the functions in another way."""
    return lambda strike, heartbeat: calls(heartbeat)


def _once_each(heartbeat: NoopHeartbeat) -> None:
    for beat in list(heartbeat._beats):
        beat()
        heartbeat._beats.remove(beat)


def _first_only(heartbeat: NoopHeartbeat) -> None:
    for beat in heartbeat._beats[:1]:
        beat()


def _unguarded(heartbeat: NoopHeartbeat) -> None:
    for beat in list(heartbeat._beats):
        beat()


def _ended_by_any(heartbeat: NoopHeartbeat) -> None:
    for beat in list(heartbeat._beats):
        try:
            beat()
        except Exception:  # noqa: BLE001  # whatever it was
            heartbeat._beats.remove(beat)


def _never_ended(_during: Any, heartbeat: NoopHeartbeat, beat: Any) -> Any:
    @contextmanager
    def beating() -> Iterator[None]:
        heartbeat._beats.append(beat)
        yield

    return beating()


def _ended_by_success(_during: Any, heartbeat: NoopHeartbeat, beat: Any) -> Any:
    @contextmanager
    def beating() -> Iterator[None]:
        heartbeat._beats.append(beat)
        yield
        heartbeat._beats.remove(beat)

    return beating()


_log: Final = logging.getLogger(__name__)


def _logged_twice(_broker: MemoryBroker, perform: Any, job_id: Any) -> None:
    try:
        perform(job_id)
    except Exception:
        _log.exception("failed: %s", job_id)
        raise


EMPTY: Final = queues.Empty

MUTANTS: Final = [
    Mutant("sends a message at each ping", MemoryBroker, "ping", _asked_by_a_message,
           Brokers.test_asking_whether_it_is_there_sends_nothing),
    Mutant("answers a ping without its server", MemoryBroker, "ping", nothing,
           Brokers.test_a_broker_that_is_away_says_so),
    Mutant("performs a message twice", MemoryQueue, "send", _twice, Brokers.test_each_message_is_performed,
           Queues.test_what_is_sent_arrives, Queues.test_threads_can_send_at_once),
    Mutant("forgets the messages that came before the workers", MemoryBroker, "work", _from_now_on,
           Brokers.test_messages_that_came_before_the_workers_are_performed, fails_with=EMPTY),
    Mutant("has one thread less than it should", MemoryBroker, "work", _smaller_pool,
           Brokers.test_threads_work_side_by_side,
           Brokers.test_threads_that_long_work_leaves_free_all_do_quick_work, fails_with=EMPTY),
    Mutant("has one thread too many", MemoryBroker, "work", _larger_pool,
           Brokers.test_there_are_no_more_threads_than_asked_for),
    Mutant("reserves no thread for quick work", MemoryBroker, "work", _pool(reserved=0),
           Brokers.test_long_work_leaves_threads_for_quick_work,
           Brokers.test_free_work_leaves_threads_for_paid_work, fails_with=EMPTY),
    Mutant("loses messages of low priority", MemoryQueue, "send", _only(Priority.HIGH),
           Brokers.test_a_single_thread_does_both_kinds_of_work, Queues.test_messages_of_every_priority_arrive,
           fails_with=EMPTY),
    Mutant("performs a message again after an exception", MemoryBroker, "work", _patched(_again),
           Brokers.test_work_that_raises_stops_no_worker_and_is_not_repeated),
    Mutant("logs no exception", MemoryBroker, "work", _patched(_ends_silently),
           Brokers.test_what_work_raises_is_logged_once, fails_with=ValueError),
    Mutant("logs an exception twice", MemoryBroker, "work", _patched(_logged_twice),
           Brokers.test_what_work_raises_is_logged_once, fails_with=ValueError),
    Mutant("leaves without waiting", MemoryBroker, "work", _drained_for(0),
           Brokers.test_leaving_waits_for_work_in_progress_and_begins_no_more),
    Mutant("waits longer than it should", MemoryBroker, "work", _drained_for(0.5),
           Brokers.test_leaving_waits_for_work_in_progress_no_longer_than_it_is_told),
    Mutant("forgets messages when it leaves", MemoryBroker, "work", _cleared_at_the_end,
           Brokers.test_what_was_not_begun_when_the_workers_left_is_kept_for_the_next, fails_with=EMPTY),
    Mutant("swallows the exception of the context", MemoryBroker, "work", _silent,
           Brokers.test_an_exception_of_the_context_comes_out_of_it),
    Mutant("begins with a message", MemoryQueue, "__init__", _with_another,
           Queues.test_nothing_arrives_that_was_not_sent),
    Mutant("sends every job as one of a plain id", MemoryQueue, "send", _plain,
           Queues.test_ids_of_every_kind_arrive_as_they_are),
    Mutant("sends a job once", MemoryQueue, "send", _once, Queues.test_a_job_that_is_sent_again_arrives_again),
    Mutant("holds everything", MemoryQueue, "held", lambda held, queue, job_ids: set(job_ids),
           Queues.test_a_message_is_held_until_it_was_taken_out),
    Mutant("holds nothing", MemoryQueue, "held", returning(frozenset()),
           Queues.test_a_message_is_held_until_it_was_taken_out),
    Mutant("holds what was taken out", MemoryQueue, "held", _held_ever,
           Queues.test_a_message_is_held_until_it_was_taken_out),
    Mutant("holds the first message of a job alone", MemoryQueue, "held", _forgets_the_second,
           Queues.test_of_a_job_that_was_sent_twice_the_second_message_is_held_as_well,
           also=(MemoryQueue, "send", _counting)),
    Mutant("holds all messages where none is asked for", MemoryQueue, "held",
           lambda held, queue, job_ids: held(queue, job_ids) if job_ids else set(queue.messages),
           Queues.test_where_nothing_is_asked_nothing_is_held),
    Mutant("holds nothing without its server", MemoryQueue, "held", instead_of(QueueUnavailable, frozenset()),
           Queues.test_a_queue_that_doesnt_answer_is_an_error),
    Mutant("is another instance with each message", MemoryQueue, "instance_id",
           lambda instance_id, queue: f"of {len(queue.messages)}",
           Queues.test_it_stays_one_instance_whatever_is_sent),
    Mutant("is an instance without its server", MemoryQueue, "instance_id", instead_of(QueueUnavailable, ""),
           Queues.test_a_queue_that_doesnt_answer_is_no_instance),
    Mutant("loses messages that are sent at once", MemoryQueue, "send", _unsafe, Queues.test_threads_can_send_at_once),
    Mutant("loses a message without an error", MemoryQueue, "send", instead_of(QueueUnavailable),
           Queues.test_a_message_that_is_not_taken_is_an_error),
    Mutant("beats once", NoopHeartbeat, "strike", _beating(_once_each),
           Heartbeats.test_it_beats_again_and_again_while_work_goes_on, fails_with=EMPTY),
    Mutant("beats after the work", NoopHeartbeat, "during", _never_ended,
           Heartbeats.test_it_does_not_beat_before_the_work_or_after_it),
    Mutant("beats on when the work has failed", NoopHeartbeat, "during", _ended_by_success,
           Heartbeats.test_it_stops_beating_when_the_work_fails),
    Mutant("shows the work what a beat raises", NoopHeartbeat, "strike", _beating(_unguarded),
           Heartbeats.test_the_work_does_not_see_what_a_beat_raises, fails_with=Exception),
    Mutant("ends when a port is unavailable", NoopHeartbeat, "strike", _beating(_ended_by_any),
           Heartbeats.test_a_beat_that_met_unavailability_is_tried_again, fails_with=EMPTY),
    Mutant("beats for one piece of work", NoopHeartbeat, "strike", _beating(_first_only),
           Heartbeats.test_pieces_of_work_have_beats_of_their_own, fails_with=EMPTY),
]  # fmt: skip
