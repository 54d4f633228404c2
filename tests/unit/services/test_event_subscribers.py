"""Events are handed to subscribers at least once, in order, each subscriber by itself."""

import logging
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import define, evolve, field

from services import Services
from spike_contracts.builders import NOON
from spike_contracts.event_builders import a_movement
from spike_core.domain.accounts import Email
from spike_core.domain.errors import InvalidValue
from spike_core.domain.event_deliveries import (
    AddressedEvent,
    Backlog,
    EventLimits,
    SubscriberName,
    Subscription,
    UnreadableEvent,
)
from spike_core.domain.events import EVENT_TYPES, Event, JobCompleted, TokensMoved
from spike_core.domain.tokens import Tokens
from spike_core.ports.transactions import Transaction
from spike_core.services import event_subscribers as event_service
from spike_core.services.event_delivery import CLAIM_BATCH, Handed
from spike_core.services.event_recording import SUBSCRIPTIONS_AGE_MAX
from spike_memory import MemoryTransactions, NoopHeartbeat

MAIL, INDEX = SubscriberName("mail"), SubscriberName("index")
MINUTE = timedelta(minutes=1)


@define
class Recorder:
    """A subscriber that keeps what it gets, and does something besides."""

    name: str = "mail"
    kinds: Collection[type[Event]] = frozenset(EVENT_TYPES.values())
    meanwhile: Callable[[Event], object] = lambda _event: None
    events: list[Any] = field(factory=list)

    def handle(self, event: Event) -> None:
        self.meanwhile(event)
        self.events.append(event)


class WatchedTransactions(MemoryTransactions):
    """Transactions that count how many are open at once; `after` is called once, after the next commit."""

    def __init__(self) -> None:
        super().__init__()
        self.open = self.open_max = 0
        self.after: Callable[[], object] | None = None

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        with self._counted(), super().begin() as tx:
            yield tx
        after, self.after = self.after, None
        if after:
            after()

    @contextmanager
    def view(self) -> Iterator[Transaction]:
        with self._counted(), super().view() as tx:
            yield tx

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.open += 1
        self.open_max = max(self.open_max, self.open)
        try:
            yield
        finally:
            self.open -= 1


def fail(_event: Event) -> None:
    raise ZeroDivisionError


def grant(services: Services, tokens: int = 1) -> None:
    services.wallets.grant(Email("ada@example.org"), Tokens(tokens))


def backlog(services: Services, name: SubscriberName = MAIL) -> Backlog:
    return next(each for each in services.events.backlogs() if each.subscriber == name)


def test_an_event_is_handed_over_once_after_the_commit() -> None:
    mail = Recorder()
    services = Services.build(subscribers=[mail])
    services.owner()
    assert mail.events == []
    assert services.events.deliver(MAIL) == Handed(handled=1)
    assert services.events.deliver(MAIL) == Handed()
    assert [type(event) for event in mail.events] == [TokensMoved]


def test_events_of_a_shared_transaction_are_handed_over_after_its_commit_and_never_after_a_rollback() -> None:
    mail, transactions = Recorder(), MemoryTransactions()
    services = Services.build(transactions=transactions, subscribers=[mail])
    with ThreadPoolExecutor(1) as others:
        with transactions.sharing():
            services.owner()
            assert backlog(services).waiting == 1
            assert others.submit(services.events.deliver, MAIL).result() == Handed()
        assert others.submit(services.events.deliver, MAIL).result() == Handed(handled=1)
        with pytest.raises(ZeroDivisionError), transactions.sharing():  # noqa: PT012  # all belongs to it
            services.owner("bob@example.org")
            assert backlog(services).waiting == 1
            raise ZeroDivisionError
        assert others.submit(services.events.deliver, MAIL).result() == Handed()
    assert len(mail.events) == 1


def test_a_subscriber_is_called_outside_of_transactions() -> None:
    transactions = MemoryTransactions()
    mail = Recorder(meanwhile=lambda _event: transactions._writing.acquire(blocking=False))
    services = Services.build(transactions=transactions, subscribers=[mail])
    services.owner()
    mail.meanwhile = lambda _event: grant(services)  # would wait for ever for itself
    services.events.deliver(MAIL)
    assert backlog(services).waiting == 1


def test_a_failing_subscriber_is_called_again_later_and_delays_no_other() -> None:
    mail, index = Recorder(meanwhile=fail), Recorder(name="index")
    services = Services.build(subscribers=[mail, index])
    services.owner()
    assert services.events.deliver(MAIL) == Handed(failed=1)
    assert services.events.deliver(INDEX) == Handed(handled=1)
    assert services.events.deliver(MAIL) == Handed()
    limits = services.events.limits
    for delay in (limits.delay_min, limits.delay_min * 2, limits.delay_min * 4):
        services.pass_time(delay - timedelta(microseconds=1))
        assert services.events.deliver(MAIL) == Handed()
        services.pass_time(timedelta(microseconds=1))
        assert services.events.deliver(MAIL) == Handed(failed=1)
    mail.meanwhile = lambda _event: None
    services.pass_time(limits.delay_max)
    assert services.events.deliver(MAIL) == Handed(handled=1)


def test_a_failed_event_delays_only_its_subject_and_in_order() -> None:
    mail = Recorder(meanwhile=fail)
    services = Services.build(subscribers=[mail])
    services.owner(tokens=1)
    grant(services, 2)
    services.events.deliver(MAIL)
    mail.meanwhile = lambda _event: None
    services.owner("bob@example.org", tokens=9)
    services.events.deliver(MAIL)
    assert [event.amount for event in mail.events] == [9]
    services.pass_time(MINUTE)
    services.events.deliver(MAIL)
    services.events.deliver(MAIL)
    assert [event.amount for event in mail.events] == [9, 1, 2]


def test_delays_grow_to_a_limit() -> None:
    limits = EventLimits(delay_min=timedelta(seconds=5), delay_max=MINUTE)
    assert [limits.delay_after(attempt).total_seconds() for attempt in (1, 2, 4, 5, 1000)] == [5, 10, 40, 60, 60]


def test_what_fails_for_too_long_is_set_aside_with_an_error_and_comes_back_on_demand(
    caplog: pytest.LogCaptureFixture,
) -> None:
    mail = Recorder(meanwhile=fail)
    services = Services.build(subscribers=[mail])
    services.owner(tokens=1)
    grant(services, 2)
    services.events.deliver(MAIL)
    services.pass_time(services.events.limits.retry)
    with caplog.at_level(logging.ERROR):
        assert services.events.deliver(MAIL) == Handed(set_aside=1)
    assert "set aside" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    mail.meanwhile = lambda _event: None
    services.pass_time(MINUTE)
    assert services.events.deliver(MAIL) == Handed(handled=1)
    assert (backlog(services).waiting, backlog(services).set_aside) == (0, 1)
    assert services.events.resume(MAIL) == 1
    assert services.events.deliver(MAIL) == Handed(handled=1)
    assert [event.amount for event in mail.events] == [2, 1]


def test_a_slow_subscriber_keeps_its_lease_and_its_results_are_recorded_meanwhile() -> None:
    heartbeat = NoopHeartbeat()
    mail = Recorder()
    services = Services.build(subscribers=[mail], heartbeat=heartbeat)
    waiting: list[int] = []

    def take_long(_event: Event) -> None:
        waiting.append(backlog(services).waiting)
        for _ in range(3):
            services.pass_time(services.events.limits.lease * 0.9)
            heartbeat.strike()
            assert services.events.deliver(MAIL) == Handed(), "no other process gets it"

    for name in ("ada", "bob", "eve"):
        services.owner(f"{name}@example.org")
    mail.meanwhile = take_long
    assert services.events.deliver(MAIL) == Handed(handled=3)
    assert waiting == [3, 2, 1]


def test_a_process_that_was_paused_hands_over_no_more_of_what_it_held() -> None:
    mail = Recorder()
    services = Services.build(subscribers=[mail])
    services.owner()
    services.owner("bob@example.org")
    mail.meanwhile = lambda _event: services.pass_time(services.events.limits.lease)
    assert services.events.deliver(MAIL) == Handed(handled=1)
    mail.meanwhile = lambda _event: None
    assert services.events.deliver(MAIL) == Handed(handled=1)
    assert len({event.id for event in mail.events}) == len(mail.events) == 2


def test_a_paused_process_leaves_out_what_another_one_has_ended_and_counts_none_of_it() -> None:
    heartbeat, mail, other_mail = NoopHeartbeat(), Recorder(), Recorder()
    services = Services.build(subscribers=[mail], heartbeat=heartbeat)
    services.owner()
    services.owner("bob@example.org")
    other = evolve(services.events.delivery, subscribers={MAIL: other_mail})

    def pause(_event: Event) -> None:
        services.pass_time(services.events.limits.lease * 2)
        assert other.deliver(MAIL) == Handed(handled=2)
        heartbeat.strike()  # it wakes before the subscriber returns

    mail.meanwhile = pause
    assert services.events.deliver(MAIL) == Handed()
    assert len(other_mail.events) == 2
    assert mail.events == other_mail.events[:1], "nothing could keep it from the first"


def test_what_another_process_has_ended_is_no_failure() -> None:
    mail, other_mail = Recorder(), Recorder()
    services = Services.build(subscribers=[mail])
    services.owner()
    other = evolve(services.events.delivery, subscribers={MAIL: other_mail})

    def pause_and_fail(event: Event) -> None:
        services.pass_time(services.events.limits.lease)
        other.deliver(MAIL)
        fail(event)

    mail.meanwhile = pause_and_fail
    assert services.events.deliver(MAIL) == Handed()
    assert backlog(services).waiting == 0


def test_a_renewal_does_not_undo_the_delay_of_what_has_just_been_recorded() -> None:
    heartbeat, transactions = NoopHeartbeat(), WatchedTransactions()
    services = Services.build(transactions=transactions, subscribers=[Recorder()], heartbeat=heartbeat)
    services.owner()

    def strike_after_the_commit(event: Event) -> None:
        transactions.after = heartbeat.strike
        fail(event)

    failing = Recorder(meanwhile=strike_after_the_commit)
    events = evolve(services.events.delivery, subscribers={MAIL: failing}, limits=EventLimits(delay_min=MINUTE * 10))
    assert events.deliver(MAIL) == Handed(failed=1)
    services.pass_time(MINUTE * 9)
    assert events.deliver(MAIL) == Handed(), "the delay is ten minutes"


def test_recording_what_was_handled_opens_no_second_transaction_within_the_first() -> None:
    transactions = WatchedTransactions()
    mail = Recorder(meanwhile=lambda _event: services.pass_time(SUBSCRIPTIONS_AGE_MAX))
    services = Services.build(transactions=transactions, subscribers=[mail])
    services.owner()
    assert services.events.deliver(MAIL) == Handed(handled=1)
    assert transactions.open_max == 1


def test_a_call_hands_over_a_batch() -> None:
    services = Services.build(subscribers=[Recorder()])
    events = [AddressedEvent(event=a_movement(), subscribers=frozenset({MAIL})) for _ in range(CLAIM_BATCH + 1)]
    with services.transactions.begin() as tx:
        tx.event_deliveries.add(events, now=services.clock.now())
    assert services.events.deliver(MAIL) == Handed(handled=CLAIM_BATCH)
    assert services.events.deliver(MAIL) == Handed(handled=1)


def test_an_unwanted_event_is_left_to_a_process_that_wants_it_and_dropped_if_there_is_none() -> None:
    services = Services.build(subscribers=[Recorder(), narrow := Recorder(name="index")])
    services.events.register()
    services.owner()
    narrow.kinds = frozenset({JobCompleted})  # an older release of the same subscriber
    assert services.events.deliver(INDEX).count == 1
    assert backlog(services, INDEX).waiting == 1
    services.events.register()
    services.pass_time(MINUTE)
    services.events.deliver(INDEX)
    assert backlog(services, INDEX).waiting == 1, "its process began with all kinds"
    restarted = Services.build(transactions=services.transactions, subscribers=[narrow], clock=services.clock)
    restarted.pass_time(MINUTE)
    restarted.events.deliver(INDEX)
    assert backlog(services, INDEX).waiting == 0
    assert narrow.events == []


def test_the_events_of_a_missing_subscriber_wait_for_their_retention(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger=event_service.__name__)  # whatever a command set before in this process
    transactions = MemoryTransactions()
    before = Services.build(transactions=transactions, subscribers=[Recorder()])
    before.events.register()
    before.owner()
    after = Services.build(transactions=transactions, clock=before.clock)
    grant(after)
    after.pass_time(after.events.limits.retention)
    assert after.events.purge() == 0
    after.pass_time(timedelta(microseconds=1))
    assert after.events.purge() == 2
    assert "removed" in caplog.text
    after.pass_time(MINUTE)
    grant(after)
    assert after.events.backlogs() == []


def test_what_a_subscriber_never_handles_is_deleted_with_an_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    mail = Recorder(meanwhile=fail)
    services = Services.build(subscribers=[mail])
    services.events.register()
    services.owner()
    services.pass_time(services.events.limits.retention + MINUTE)
    services.owner("bob@example.org")
    assert services.events.purge() == 1
    assert "never handled" in caplog.text
    assert backlog(services).waiting == 1


def test_a_process_notes_from_time_to_time_that_it_has_its_subscribers() -> None:
    services = Services.build(subscribers=[Recorder()])
    assert services.events.refresh() == 0  # registers it
    services.pass_time(timedelta(days=100))
    assert services.events.refresh() == 1
    with services.transactions.view() as tx:
        [stored] = tx.subscriptions.all()
    assert stored == Subscription(name=MAIL, event_types=frozenset(EVENT_TYPES), seen_at=services.clock.now())


def test_kinds_that_an_older_release_left_out_are_registered_again() -> None:
    services = Services.build(subscribers=[Recorder()])
    services.events.register()
    older = Services.build(
        transactions=services.transactions, subscribers=[Recorder(kinds=[TokensMoved])], clock=services.clock
    )
    older.events.register()
    services.events.refresh()
    for _ in range(5):  # as long as both run
        services.pass_time(timedelta(hours=1))
        older.events.refresh()
        with services.transactions.view() as tx:
            [stored] = tx.subscriptions.all()
        assert stored.event_types == frozenset(EVENT_TYPES)
        services.events.refresh()


def test_kinds_that_only_an_older_release_wanted_are_removed_once_it_is_gone() -> None:
    older = Services.build(subscribers=[Recorder()])
    older.events.register()
    services = Services.build(
        transactions=older.transactions, subscribers=[Recorder(kinds=[TokensMoved])], clock=older.clock
    )
    services.events.register()
    older.events.refresh()  # it is still there
    services.pass_time(timedelta(hours=2) - MINUTE)
    services.events.refresh()
    services.pass_time(MINUTE)
    services.events.refresh()
    with services.transactions.view() as tx:
        [stored] = tx.subscriptions.all()
    assert stored.event_types == {TokensMoved.event_type}


def test_kinds_of_two_releases_are_joined_while_both_run() -> None:
    one = Services.build(subscribers=[Recorder(kinds=[TokensMoved])])
    other = Services.build(transactions=one.transactions, subscribers=[Recorder(kinds=[JobCompleted])], clock=one.clock)
    one.events.register()
    other.events.register()
    for each in (one, other, one):
        each.events.refresh()
    with one.transactions.view() as tx:
        [stored] = tx.subscriptions.all()
    assert stored.event_types == {TokensMoved.event_type, JobCompleted.event_type}


def test_a_removed_subscriber_leaves_nothing() -> None:
    services = Services.build(subscribers=[Recorder()])
    services.events.register()
    services.owner()
    assert services.events.remove(MAIL) == 1
    assert backlog(services).waiting == 0
    with services.transactions.view() as tx:
        assert list(tx.subscriptions.all()) == []


@pytest.mark.parametrize(
    "subscribers",
    [
        [Recorder(), Recorder()],
        [Recorder(name="")],
        [Recorder(name="Mail")],
        [Recorder(name="a,b")],
        [Recorder(kinds=[SimpleNamespace])],  # type: ignore[list-item]  # as of a mistaken subscriber
    ],
)
def test_subscribers_without_a_name_of_their_own_are_refused(subscribers: list[Recorder]) -> None:
    with pytest.raises(InvalidValue, match="subscriber"):
        Services.build(subscribers=subscribers)


def test_an_event_that_this_release_cannot_read_is_a_failure() -> None:
    mail = Recorder()
    services = Services.build(subscribers=[mail])
    services.owner()
    with services.transactions.begin() as tx:
        later = NOON + timedelta(days=9999)
        [delivery] = tx.event_deliveries.claim(MAIL, now=services.clock.now(), until=later, limit=1)
    unreadable = evolve(delivery, event=UnreadableEvent(id=delivery.id, problem="has schema 2"))
    outcome = services.events.delivery._hand(unreadable)
    assert "has schema 2" in str(outcome.error)
    assert mail.events == []
