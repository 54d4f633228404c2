from datetime import timedelta

import pytest

from faults import FaultyTransactions
from house import House
from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.facts import JobDue
from spike_core.domain.identifiers import JobId
from spike_core.domain.jobs import ClaimedJob, CompletedJob, PendingJob, RefundedJob, StartedJob
from spike_core.domain.lanes import Lane
from spike_core.domain.limits import JobLimits
from spike_core.services.dispatch import RELAY_BATCH
from spike_memory import MemoryQueue, MemoryTransactions

MINUTE = timedelta(minutes=1)


class PettyQueue:
    """Takes so many messages and refuses the others."""

    def __init__(self, inbox: MemoryQueue, *, takes: int) -> None:
        self._inbox = inbox
        self.takes = takes
        self.asked = 0

    def send(self, job_id: JobId, *, lane: Lane) -> None:
        self.asked += 1
        if self.takes == 0:
            raise QueueUnavailable
        self.takes -= 1
        self._inbox.send(job_id, lane=lane)


def relay_for(house: House, time: timedelta, *, every: timedelta = MINUTE) -> None:
    """Relay at intervals, for so long."""
    until = house.clock.now() + time
    while house.clock.now() < until:
        house.dispatch.relay()
        house.pass_time(every)


def test_what_the_queue_refused_is_started_by_a_later_relay(house: House) -> None:
    house.inbox.refuses = True
    job = house.accept(house.owner())
    assert house.dispatch.relay() == 0
    house.inbox.refuses = False
    house.pass_time(MINUTE)
    assert house.dispatch.relay() == 1
    assert isinstance(house.job(job.id), StartedJob)
    assert list(house.inbox.messages) == [job.id]
    assert house.inventory().messages == frozenset()


def test_relaying_with_nothing_to_say_sends_nothing(house: House) -> None:
    house.accept(house.owner())
    house.inbox.messages.clear()
    assert house.dispatch.relay() == 0
    assert not house.inbox.messages


def test_a_refused_message_is_not_tried_again_at_once(house: House) -> None:
    queue = PettyQueue(house.inbox, takes=0)
    house = House.build(inbox=house.inbox, queue=queue)
    house.accept(house.owner())
    house.dispatch.relay()
    asked = queue.asked
    house.dispatch.relay()
    assert queue.asked == asked
    house.pass_time(timedelta(seconds=5))
    house.dispatch.relay()
    assert queue.asked == asked + 1


def test_a_queue_in_trouble_is_asked_once_for_many_jobs() -> None:
    """Each refusal may take a time-out."""
    inbox = MemoryQueue()
    queue = PettyQueue(inbox, takes=0)
    house = House.build(inbox=inbox, queue=queue)
    owner = house.owner()
    for _ in range(4):
        house.accept(owner)
    queue.asked, queue.takes = 0, 2
    assert house.dispatch.relay() == 2
    assert queue.asked == 3
    kinds = [type(job) for job in house.inventory().jobs.values()]
    assert kinds == [StartedJob, StartedJob, PendingJob, PendingJob]


def test_more_messages_than_a_batch_are_all_relayed_in_time() -> None:
    house = House.build(limits=JobLimits(on_their_way_max=3 * RELAY_BATCH))
    owner = house.owner(tokens=10 * RELAY_BATCH)
    house.inbox.refuses = True
    for _ in range(2 * RELAY_BATCH + 1):
        house.accept(owner)
    house.inbox.refuses = False
    relay_for(house, 3 * MINUTE)
    assert len(house.inbox.messages) == 2 * RELAY_BATCH + 1


def test_a_job_that_the_queue_refuses_for_an_hour_is_refunded(house: House) -> None:
    owner = house.owner()
    house.inbox.refuses = True
    job = house.accept(owner)
    relay_for(house, timedelta(hours=1))
    assert isinstance(house.job(job.id), PendingJob)
    assert house.balance(owner) == 100  # 98 and those that came back
    house.dispatch.relay()
    refunded = house.job(job.id)
    assert isinstance(refunded, RefundedJob)
    assert "queue" in refunded.reason
    assert house.story(owner)[-1] == ("REFUND", 2)
    assert house.inventory().messages == frozenset()
    assert house.findings() == []


def test_a_job_that_waits_for_hours_in_a_queue_without_a_worker_is_not_refunded(house: House) -> None:
    job = house.accept(house.owner())
    for _ in range(6):
        house.sweep.repair()
        relay_for(house, timedelta(minutes=30))
    assert isinstance(house.job(job.id), StartedJob)
    assert house.inventory().ledgers[job.order.owner_id][-1].kind.value == "SPEND_ENHANCEMENT"
    house.come_to_rest()
    assert isinstance(house.job(job.id), CompletedJob)


def test_an_hour_of_refusals_is_counted_anew_after_each_success(house: House) -> None:
    """Two short outages, far apart, aren't one long one."""
    job = house.accept(house.owner())
    house.lose_messages()
    for _ in range(3):
        house.inbox.refuses = True
        house.pass_time(house.limits.redeliver_after + MINUTE)
        house.sweep.repair()
        relay_for(house, timedelta(minutes=50))
        house.inbox.refuses = False
        house.pass_time(MINUTE)
        assert house.dispatch.relay() == 1
        house.lose_messages()
    assert isinstance(house.job(job.id), StartedJob)


def test_a_worker_that_is_faster_than_the_note_of_its_start_is_left_alone() -> None:
    """The queue has the id, the job is still pending, and a worker claims it: that claim stands."""
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    house.inbox.refuses = True
    job = house.accept(owner)
    house.inbox.refuses = False
    transactions.before_begin.extend([lambda: None, lambda: claim(house, job.id)])  # it is taken, sent, and then noted
    assert house.dispatch.relay() == 1
    assert isinstance(house.job(job.id), ClaimedJob)
    assert house.inventory().messages == frozenset()


def claim(house: House, job_id: JobId) -> None:
    house.settlement.claim(job_id)


@pytest.mark.parametrize("end", ["claimed", "started", "cancelled", "done", "refunded"])
def test_a_message_of_a_job_that_is_not_pending_any_more_is_forgotten_unsent(house: House, end: str) -> None:
    """However it came to be left, by two transactions at once or by hand: no relay leaves it."""
    owner = house.owner()
    house.inbox.refuses = True
    job = house.accept(owner)
    assert isinstance(job, PendingJob)
    (message,) = house.inventory().messages
    house.inbox.refuses = False
    match end:
        case "claimed":
            house.settlement.claim(job.id)
        case "started":
            house.dispatch.start([job])
            house.inbox.messages.clear()
        case "cancelled":
            house.cancellation.cancel(owner, job.id)
        case "done":
            house.workshop.perform(job.id)
        case _:
            house.settlement.fail(job, "no")
    moved = house.job(job.id)
    assert not isinstance(moved, PendingJob)
    assert house.inventory().messages == frozenset(), "it goes with the move"
    with house.transactions.begin() as tx:
        tx.outbox.put([message])
    assert house.dispatch.relay() == 0
    assert house.inventory().messages == frozenset()
    assert house.job(job.id) == moved
    assert not house.inbox.messages


def test_messages_of_ended_jobs_hold_up_others_for_a_relay_at_most(house: House) -> None:
    owner = house.owner(tokens=10 * RELAY_BATCH)
    house.inbox.refuses = True
    ended = [house.accept(owner) for _ in range(RELAY_BATCH)]
    for job in ended:
        house.cancellation.cancel(owner, job.id)
    with house.transactions.begin() as tx:
        tx.outbox.put([JobDue(job_id=job.id, due_at=house.clock.now()) for job in ended])
    house.pass_time(MINUTE)
    live = house.accept(owner)
    house.inbox.refuses = False
    house.dispatch.relay()
    house.dispatch.relay()
    assert house.inventory().messages == frozenset()
    assert list(house.inbox.messages) == [live.id]


def test_a_job_cancelled_while_its_refusal_is_noted_stays_cancelled_and_unannounced() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    house.inbox.refuses = True
    job = house.accept(owner)
    transactions.before_begin.append(lambda: cancel(house, job.id))
    house.dispatch.relay()
    assert house.inventory().messages == frozenset()
    assert house.balance(owner) == 100


def test_a_job_cancelled_in_the_moment_it_would_be_given_up_is_refunded_once() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    house = House.build(transactions=transactions)
    owner = house.owner()
    house.inbox.refuses = True
    job = house.accept(owner)
    relay_for(house, timedelta(hours=1))
    transactions.before_begin.append(lambda: cancel(house, job.id))
    house.dispatch.relay()
    assert house.job(job.id).status.value == "CANCELLED"
    assert [kind for kind, _ in house.story(owner)].count("REFUND") == 1
    assert house.findings() == []


def cancel(house: House, job_id: JobId) -> None:
    house.cancellation.cancel(house.job(job_id).order.owner_id, job_id)


def test_messages_are_sent_in_the_order_in_which_they_fell_due(house: House) -> None:
    owner = house.owner()
    house.inbox.refuses = True
    jobs = []
    for _ in range(3):
        jobs.append(house.accept(owner).id)
        house.pass_time(MINUTE)
    house.inbox.refuses = False
    house.dispatch.relay()
    assert list(house.inbox.messages) == jobs


def test_a_job_doubled_in_the_queue_is_done_once(house: House) -> None:
    job = house.accept(house.owner())
    house.inbox.messages.extend([job.id, job.id])
    assert house.work() == 1
    assert house.job(job.id).attempt == 1
