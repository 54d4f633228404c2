import io
from collections.abc import Collection
from datetime import timedelta

import pytest

from faults import FaultyTransactions
from services import VGA, Services
from spike_core.domain.errors import QueueUnavailable
from spike_core.domain.identifiers import ANONYMOUS, JobId
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import ClaimedJob, CompletedJob, PendingJob, RefundedJob, StartedJob
from spike_core.domain.limits import JobLimits
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.priorities import Priority
from spike_core.domain.tiers import Tier
from spike_core.services.lost_messages import OUTAGE_GAP_MAX, UNANSWERED_MAX
from spike_core.services.outbox_relay import RELAY_BATCH
from spike_memory import MemoryQueue, MemoryTransactions
from spike_memory.engine import a_picture

MINUTE = timedelta(minutes=1)


class PettyQueue:
    """Accepts a number of messages and refuses the others."""

    def __init__(self, inbox: MemoryQueue, *, takes: int) -> None:
        self._inbox = inbox
        self.takes = takes
        self.asked = 0

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        self.asked += 1
        if self.takes == 0:
            raise QueueUnavailable
        self.takes -= 1
        self._inbox.send(job_id, priority=priority)

    def held(self, job_ids: Collection[JobId]) -> Collection[JobId]:
        return self._inbox.held(job_ids)

    def instance_id(self) -> str:
        return self._inbox.instance_id()


def relay_for(services: Services, time: timedelta, *, every: timedelta = MINUTE) -> None:
    """Run the relay at intervals, for a period."""
    until = services.clock.now() + time
    while services.clock.now() < until:
        services.jobs.dispatch.relay()
        services.pass_time(every)


def test_what_the_queue_refused_is_started_by_a_later_relay(services: Services) -> None:
    services.inbox.refuses = True
    job = services.accept(services.owner())
    assert services.jobs.dispatch.relay() == 0
    services.inbox.refuses = False
    services.pass_time(MINUTE)
    assert services.jobs.dispatch.relay() == 1
    assert isinstance(services.job(job.id), StartedJob)
    assert list(services.inbox.messages) == [job.id]
    assert services.inventory().messages == frozenset()


def test_relaying_with_nothing_to_say_sends_nothing(services: Services) -> None:
    services.accept(services.owner())
    services.inbox.messages.clear()
    assert services.jobs.dispatch.relay() == 0
    assert not services.inbox.messages


def test_a_refused_message_is_not_tried_again_at_once(services: Services) -> None:
    queue = PettyQueue(services.inbox, takes=0)
    services = Services.build(inbox=services.inbox, queue=queue)
    services.accept(services.owner())
    services.jobs.dispatch.relay()
    asked = queue.asked
    services.jobs.dispatch.relay()
    assert queue.asked == asked
    services.pass_time(timedelta(seconds=5))
    services.jobs.dispatch.relay()
    assert queue.asked == asked + 1


def test_a_queue_in_trouble_is_asked_once_for_many_jobs() -> None:
    """Each refusal may take a timeout."""
    inbox = MemoryQueue()
    queue = PettyQueue(inbox, takes=0)
    services = Services.build(inbox=inbox, queue=queue)
    owner = services.owner()
    for _ in range(4):
        services.accept(owner)
    queue.asked, queue.takes = 0, 2
    assert services.jobs.dispatch.relay() == 2
    assert queue.asked == 3
    kinds = [type(job) for job in services.inventory().jobs.values()]
    assert kinds == [StartedJob, StartedJob, PendingJob, PendingJob]


def test_more_messages_than_a_batch_are_all_relayed_in_time() -> None:
    services = Services.build(limits=JobLimits(active_jobs_max=3 * RELAY_BATCH, active_time_max=timedelta(days=1)))
    owner = services.owner(tokens=10 * RELAY_BATCH)
    services.inbox.refuses = True
    for _ in range(2 * RELAY_BATCH + 1):
        services.accept(owner)
    services.inbox.refuses = False
    relay_for(services, 3 * MINUTE)
    assert len(services.inbox.messages) == 2 * RELAY_BATCH + 1


def test_a_job_that_the_queue_refuses_for_an_hour_is_refunded(services: Services) -> None:
    owner = services.owner()
    services.inbox.refuses = True
    job = services.accept(owner)
    relay_for(services, timedelta(hours=1))
    assert isinstance(services.job(job.id), PendingJob)
    assert services.balance(owner) == 98
    services.jobs.dispatch.relay()
    refunded = services.job(job.id)
    assert isinstance(refunded, RefundedJob)
    assert "queue" in refunded.reason
    assert services.story(owner)[-1] == ("REFUND", 2)
    assert services.inventory().messages == frozenset()
    assert services.findings() == []


def test_a_job_that_waits_for_hours_in_a_queue_without_a_worker_is_not_refunded(services: Services) -> None:
    job = services.accept(services.owner())
    for _ in range(6):
        services.maintenance.recovery.repair()
        relay_for(services, timedelta(minutes=30))
    assert isinstance(services.job(job.id), StartedJob)
    assert services.inventory().ledgers[job.spec.owner_id][-1].kind.value == "SPEND_ENHANCEMENT"
    services.come_to_rest()
    assert isinstance(services.job(job.id), CompletedJob)


def test_an_hour_of_refusals_is_counted_anew_after_each_success(services: Services) -> None:
    """Two short outages, far apart, don't count as a long one."""
    job = services.accept(services.owner())
    services.lose_messages()
    for _ in range(3):
        services.inbox.refuses = True
        services.pass_time(MINUTE)
        for _ in range(UNANSWERED_MAX // OUTAGE_GAP_MAX + 1):
            services.maintenance.recovery.repair()
            services.pass_time(OUTAGE_GAP_MAX)
        relay_for(services, timedelta(minutes=50))
        services.inbox.refuses = False
        services.pass_time(MINUTE)
        assert services.jobs.dispatch.relay() == 1
        services.lose_messages()
    assert isinstance(services.job(job.id), StartedJob)


def test_a_worker_that_is_faster_than_the_note_of_its_start_is_left_alone() -> None:
    """The queue has the id, the job is still pending, and a worker claims it: that claim is kept."""
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    services.inbox.refuses = True
    job = services.accept(owner)
    services.inbox.refuses = False
    transactions.before_begin.extend(
        [lambda: None, lambda: claim(services, job.id)]
    )  # it is taken, sent, and then noted
    assert services.jobs.dispatch.relay() == 1
    assert isinstance(services.job(job.id), ClaimedJob)
    assert services.inventory().messages == frozenset()


def claim(services: Services, job_id: JobId) -> None:
    services.jobs.transitions.claim(job_id)


@pytest.mark.parametrize("end", ["claimed", "started", "cancelled", "done", "refunded"])
def test_a_message_of_a_job_that_is_not_pending_any_more_is_forgotten_unsent(services: Services, end: str) -> None:
    """Whether left by two concurrent transactions or by hand, each relay removes it."""
    owner = services.owner()
    services.inbox.refuses = True
    job = services.accept(owner)
    assert isinstance(job, PendingJob)
    (message,) = services.inventory().messages
    services.inbox.refuses = False
    match end:
        case "claimed":
            services.jobs.transitions.claim(job.id)
        case "started":
            services.jobs.dispatch.start([job])
            services.inbox.messages.clear()
        case "cancelled":
            services.jobs.cancellation.cancel(owner, job.id)
        case "done":
            services.jobs.runner.perform(job.id)
        case _:
            services.jobs.transitions.fail(job, "no")
    moved = services.job(job.id)
    assert not isinstance(moved, PendingJob)
    assert services.inventory().messages == frozenset(), "it goes with the move"
    with services.transactions.begin() as tx:
        tx.outbox.put([message])
    assert services.jobs.dispatch.relay() == 0
    assert services.inventory().messages == frozenset()
    assert services.job(job.id) == moved
    assert not services.inbox.messages


def test_the_new_message_of_a_job_that_was_handed_back_meanwhile_is_kept() -> None:
    """A relay has read that the job is claimed; before it forgets the old message, the job is pending again."""
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    services.inbox.refuses = True
    job = services.accept(services.owner())
    [message] = services.inventory().messages
    services.inbox.refuses = False
    claimed = services.jobs.transitions.claim(job.id)
    with services.transactions.begin() as tx:
        tx.outbox.put([message])

    def hand_back() -> None:
        services.jobs.transitions.hand_back(claimed)

    transactions.before_begin.extend([lambda: None, hand_back])
    assert services.jobs.dispatch.relay() == 0
    assert [message.job_id for message in services.inventory().messages] == [job.id]
    assert services.jobs.dispatch.relay() == 1


def test_an_anonymous_job_whose_message_was_lost_is_announced_again(services: Services) -> None:
    image = services.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(VGA)))
    services.inbox.refuses = True
    job = services.jobs.enhancements.enhance(ANONYMOUS, image_id=image.id, tier=Tier.FREE).job
    services.inbox.refuses = False
    with services.transactions.begin() as tx:
        tx.outbox.remove([job.id])
    assert services.jobs.dispatch.turns.advance_all() == 1
    assert services.jobs.dispatch.relay() == 1


def test_messages_of_ended_jobs_hold_up_others_for_a_relay_at_most(services: Services) -> None:
    owner = services.owner(tokens=10 * RELAY_BATCH)
    services.inbox.refuses = True
    ended = [services.accept(owner) for _ in range(RELAY_BATCH)]
    for job in ended:
        services.jobs.cancellation.cancel(owner, job.id)
    with services.transactions.begin() as tx:
        tx.outbox.put([OutboxMessage(job_id=job.id, due_at=services.clock.now()) for job in ended])
    services.pass_time(MINUTE)
    live = services.accept(owner)
    services.inbox.refuses = False
    services.jobs.dispatch.relay()
    services.jobs.dispatch.relay()
    assert services.inventory().messages == frozenset()
    assert list(services.inbox.messages) == [live.id]


def test_a_job_cancelled_while_its_refusal_is_noted_stays_cancelled_and_unannounced() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    services.inbox.refuses = True
    job = services.accept(owner)
    transactions.before_begin.append(lambda: cancel(services, job.id))
    services.jobs.dispatch.relay()
    assert services.inventory().messages == frozenset()
    assert services.balance(owner) == 100


def test_a_job_cancelled_in_the_moment_it_would_be_given_up_is_refunded_once() -> None:
    transactions = FaultyTransactions(MemoryTransactions())
    services = Services.build(transactions=transactions)
    owner = services.owner()
    services.inbox.refuses = True
    job = services.accept(owner)
    relay_for(services, timedelta(hours=1))
    transactions.before_begin.append(lambda: cancel(services, job.id))
    services.jobs.dispatch.relay()
    assert services.job(job.id).status.value == "CANCELLED"
    assert [kind for kind, _ in services.story(owner)].count("REFUND") == 1
    assert services.findings() == []


def cancel(services: Services, job_id: JobId) -> None:
    services.jobs.cancellation.cancel(services.job(job_id).spec.owner_id, job_id)


def test_messages_are_sent_in_the_order_in_which_they_fell_due(services: Services) -> None:
    owner = services.owner()
    services.inbox.refuses = True
    jobs = []
    for _ in range(3):
        jobs.append(services.accept(owner).id)
        services.pass_time(MINUTE)
    services.inbox.refuses = False
    services.jobs.dispatch.relay()
    assert list(services.inbox.messages) == jobs


def test_a_job_doubled_in_the_queue_is_done_once(services: Services) -> None:
    job = services.accept(services.owner())
    services.inbox.messages.extend([job.id, job.id])
    assert services.work() == 1
    assert services.job(job.id).attempt == 1
