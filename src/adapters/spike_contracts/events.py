"""The laws of `EventDeliveries`."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve

from spike_contracts.builders import (
    NOON,
    a_body,
    an_owner,
)
from spike_contracts.event_builders import a_movement, one_event_of_each_kind
from spike_core.domain.event_deliveries import AddressedEvent, Backlog, Delivery, SubscriberName
from spike_core.domain.events import (
    Event,
    TokensMoved,
)
from spike_core.domain.identifiers import EventId, OwnerId
from spike_core.ports.transactions import Transactions

SECOND: Final = timedelta(seconds=1)
LEASED: Final = NOON + timedelta(minutes=1)
MAIL, INDEX = SubscriberName("mail"), SubscriberName("search-index")
CLAIMERS: Final = 3
SUBJECTS: Final = 3
EVENTS_EACH: Final = 6


def record(transactions: Transactions, *events: Event, to: Sequence[SubscriberName] = (MAIL,)) -> None:
    """Store events for these subscribers at noon."""
    with transactions.begin() as tx:
        tx.event_deliveries.add([AddressedEvent(event=event, subscribers=frozenset(to)) for event in events], now=NOON)


def claim(
    transactions: Transactions, *, subscriber: SubscriberName = MAIL, after: timedelta = timedelta(0), limit: int = 99
) -> Sequence[Delivery]:
    """Claim for a minute, so long after noon."""
    now = NOON + after
    with transactions.begin() as tx:
        return tx.event_deliveries.claim(subscriber, now=now, until=now + timedelta(minutes=1), limit=limit)


def only(deliveries: Sequence[Delivery]) -> Delivery:
    """Return the one delivery there is."""
    assert len(deliveries) == 1
    return deliveries[0]


def finish(transactions: Transactions, *deliveries: Delivery) -> list[bool]:
    with transactions.begin() as tx:
        return [tx.event_deliveries.finish(delivery, now=NOON) for delivery in deliveries]


def backlog(transactions: Transactions, subscriber: SubscriberName = MAIL, *, count_max: int = 99) -> Backlog:
    with transactions.view() as tx:
        return tx.event_deliveries.backlog(subscriber, count_max=count_max)


class EventDeliveriesContract:
    """Laws every EventDeliveries adapter keeps. Fixture: `transactions`."""

    def test_an_event_of_each_kind_is_claimed_as_it_was_recorded(self, transactions: Transactions) -> None:
        events = one_event_of_each_kind()
        for event in events:
            record(transactions, event)
            delivery = only(claim(transactions))
            assert delivery.event == event
            assert (delivery.subscriber, delivery.attempt, delivery.failing_since) == (MAIL, 1, None)
            assert finish(transactions, delivery) == [True]

    def test_each_subscriber_has_its_own_progress(self, transactions: Transactions) -> None:
        both, mail_only = a_movement(), a_movement()
        record(transactions, both, to=(MAIL, INDEX))
        record(transactions, mail_only)
        finish(transactions, *claim(transactions))
        assert [delivery.event for delivery in claim(transactions, subscriber=INDEX)] == [both]
        assert claim(transactions) == []
        assert claim(transactions, subscriber=SubscriberName("other")) == []

    def test_nothing_is_due_before_its_time(self, transactions: Transactions) -> None:
        record(transactions, a_movement())
        with transactions.view() as tx:
            assert not tx.event_deliveries.has_due(MAIL, now=NOON - SECOND)
            assert tx.event_deliveries.has_due(MAIL, now=NOON)
            assert not tx.event_deliveries.has_due(INDEX, now=NOON)
        assert claim(transactions, after=-SECOND) == []
        assert len(claim(transactions)) == 1

    def test_no_more_is_claimed_than_asked_for_and_the_oldest_first(self, transactions: Transactions) -> None:
        events = [a_movement() for _ in range(3)]
        record(transactions, *events)
        assert [delivery.event for delivery in claim(transactions, limit=2)] == events[:2]
        assert [delivery.event for delivery in claim(transactions, limit=2)] == events[2:]

    def test_of_a_subject_only_the_first_is_claimed_until_it_is_finished(self, transactions: Transactions) -> None:
        owner_id, other = an_owner(), a_movement()
        one, two, three = (a_movement(number, owner_id=owner_id) for number in (1, 2, 3))
        record(transactions, one, two)
        record(transactions, three, other)
        claimed = claim(transactions)
        assert [delivery.event for delivery in claimed] == [one, other]
        held = claimed[0]
        for following in (two, three):
            assert claim(transactions) == []
            assert finish(transactions, held) == [True]
            held = only(claim(transactions))
            assert held.event == following
        assert finish(transactions, held) == [True]
        assert claim(transactions) == []

    def test_order_is_by_subscriber(self, transactions: Transactions) -> None:
        owner_id = an_owner()
        one, two = a_movement(1, owner_id=owner_id), a_movement(2, owner_id=owner_id)
        record(transactions, one, two, to=(MAIL, INDEX))
        claim(transactions)
        first = only(claim(transactions, subscriber=INDEX))
        finish(transactions, first)
        second = only(claim(transactions, subscriber=INDEX))
        assert second.event == two

    def test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease(
        self, transactions: Transactions
    ) -> None:
        record(transactions, event := a_movement())
        lost = only(claim(transactions))
        assert claim(transactions, after=timedelta(minutes=1) - SECOND) == []
        again = only(claim(transactions, after=timedelta(minutes=1)))
        assert (again.event, again.attempt) == (event, 2)
        with transactions.begin() as tx:  # the one who lost it changes nothing
            later = LEASED + timedelta(hours=1)
            assert not tx.event_deliveries.finish(lost, now=NOON)
            assert not tx.event_deliveries.renew(lost, until=later)
            assert not tx.event_deliveries.postpone(lost, due_at=later, failing_since=NOON)
            assert not tx.event_deliveries.set_aside(lost, now=NOON)
        assert backlog(transactions) == Backlog(subscriber=MAIL, waiting=1, oldest_at=NOON, set_aside=0)
        assert finish(transactions, again, again) == [True, False]
        assert backlog(transactions) == Backlog(subscriber=MAIL, waiting=0, oldest_at=None, set_aside=0)

    def test_a_renewed_lease_lasts_longer(self, transactions: Transactions) -> None:
        record(transactions, a_movement())
        held = only(claim(transactions))
        with transactions.begin() as tx:
            assert tx.event_deliveries.renew(held, until=LEASED + SECOND)
        assert claim(transactions, after=timedelta(minutes=1)) == []
        assert finish(transactions, held) == [True]

    def test_what_is_postponed_waits_and_its_subject_with_it(self, transactions: Transactions) -> None:
        owner_id = an_owner()
        record(transactions, one := a_movement(1, owner_id=owner_id), a_movement(2, owner_id=owner_id))
        failed = only(claim(transactions))
        with transactions.begin() as tx:
            assert tx.event_deliveries.postpone(failed, due_at=NOON + 3 * SECOND, failing_since=NOON)
        assert claim(transactions, after=2 * SECOND) == []
        again = only(claim(transactions, after=3 * SECOND))
        assert (again.event, again.attempt, again.failing_since) == (one, 2, NOON)

    def test_what_is_set_aside_lets_its_subject_go_on_and_comes_back_on_demand(
        self, transactions: Transactions
    ) -> None:
        owner_id = an_owner()
        one, two = a_movement(1, owner_id=owner_id), a_movement(2, owner_id=owner_id)
        record(transactions, one, two)
        failed = only(claim(transactions))
        with transactions.begin() as tx:
            assert tx.event_deliveries.set_aside(failed, now=NOON)
            assert not tx.event_deliveries.set_aside(failed, now=NOON)
        assert backlog(transactions) == Backlog(subscriber=MAIL, waiting=1, oldest_at=NOON, set_aside=1)
        next_ = only(claim(transactions, after=timedelta(days=1)))
        assert next_.event == two
        finish(transactions, next_)
        assert claim(transactions, after=timedelta(days=2)) == []
        with transactions.begin() as tx:
            assert tx.event_deliveries.resume(INDEX, now=NOON, limit=9) == 0
            assert tx.event_deliveries.resume(MAIL, now=NOON, limit=9) == 1
            assert tx.event_deliveries.resume(MAIL, now=NOON, limit=9) == 0
        again = only(claim(transactions))
        assert (again.event, again.failing_since) == (one, None)

    def test_what_is_resumed_waits_for_a_claimed_one_of_its_subject(self, transactions: Transactions) -> None:
        first, second, third = self._resumed_beside_a_claimed_one(transactions)
        assert claim(transactions) == []
        record(transactions, evolve(third, id=EventId.of(a_body()), sequence=4))
        assert claim(transactions) == [], "later ones wait as well"
        assert finish(transactions, second) == [True]
        for sequence in (1, 3, 4):
            held = only(claim(transactions))
            assert isinstance(held.event, TokensMoved)
            assert held.event.sequence == sequence
            assert (held.id == first.id) == (sequence == 1)
            assert finish(transactions, held) == [True]
        assert backlog(transactions).waiting == 0

    def test_what_is_resumed_comes_before_one_of_its_subject_whose_lease_has_ended(
        self, transactions: Transactions
    ) -> None:
        first, second, third = self._resumed_beside_a_claimed_one(transactions)
        again = only(claim(transactions, after=timedelta(minutes=1)))
        assert again.id == first.id
        with transactions.begin() as tx:  # the first is handed over now, so the second must not be
            assert not tx.event_deliveries.renew(second, until=LEASED + timedelta(hours=1))
        assert claim(transactions, after=timedelta(minutes=1)) == []
        assert finish(transactions, again) == [True]
        for expected in (second.event, third):
            held = only(claim(transactions, after=timedelta(minutes=1)))
            assert held.event == expected
            assert finish(transactions, held) == [True]

    def test_of_several_that_are_resumed_each_waits_for_the_one_before(self, transactions: Transactions) -> None:
        owner_id = an_owner()
        events = [a_movement(number, owner_id=owner_id) for number in (1, 2, 3)]
        record(transactions, *events)
        for _ in range(2):
            delivery = only(claim(transactions))
            with transactions.begin() as tx:
                tx.event_deliveries.set_aside(delivery, now=NOON)
        held = only(claim(transactions))
        with transactions.begin() as tx:
            assert tx.event_deliveries.resume(MAIL, now=NOON, limit=9) == 2
        for following in (*events[:2], None):
            assert claim(transactions) == []
            assert finish(transactions, held) == [True]
            if following:
                held = only(claim(transactions))
                assert held.event == following
        assert claim(transactions) == []

    def _resumed_beside_a_claimed_one(self, transactions: Transactions) -> tuple[Delivery, Delivery, TokensMoved]:
        """Return an owner's first delivery, which was resumed, the second, which is claimed, and the third event."""
        owner_id = an_owner()
        one, two, three = (a_movement(number, owner_id=owner_id) for number in (1, 2, 3))
        record(transactions, one, two, three)
        failed = only(claim(transactions))
        with transactions.begin() as tx:
            assert tx.event_deliveries.set_aside(failed, now=NOON)
        held = only(claim(transactions))
        assert held.event == two
        assert claim(transactions) == []
        with transactions.begin() as tx:
            assert tx.event_deliveries.resume(MAIL, now=NOON, limit=9) == 1
        return failed, held, three

    def test_backlogs_are_counted_up_to_a_limit(self, transactions: Transactions) -> None:
        record(transactions, *(a_movement() for _ in range(3)), to=(MAIL, INDEX))
        assert backlog(transactions, count_max=2).waiting == 2
        for delivery in claim(transactions):
            with transactions.begin() as tx:
                tx.event_deliveries.set_aside(delivery, now=NOON)
        assert backlog(transactions, count_max=2).set_aside == 2
        assert backlog(transactions, INDEX) == Backlog(subscriber=INDEX, waiting=3, oldest_at=NOON, set_aside=0)

    def test_the_names_are_those_for_which_something_is_stored(self, transactions: Transactions) -> None:
        record(transactions, a_movement(), to=(INDEX, MAIL))
        record(transactions, a_movement(), to=(INDEX,))
        with transactions.view() as tx:
            assert list(tx.event_deliveries.subscribers()) == [MAIL, INDEX]
        finish(transactions, *claim(transactions))
        with transactions.view() as tx:
            assert list(tx.event_deliveries.subscribers()) == [INDEX]

    def test_old_deliveries_are_deleted_in_portions_and_free_their_subject(self, transactions: Transactions) -> None:
        owner_id = an_owner()
        one, two, three = (a_movement(number, owner_id=owner_id) for number in (1, 2, 3))
        record(transactions, one, two)
        record(transactions, a_movement(), to=(INDEX,))
        with transactions.begin() as tx:
            addressed = AddressedEvent(event=three, subscribers=frozenset({MAIL}))
            tx.event_deliveries.add([addressed], now=NOON + SECOND)
        assert len(claim(transactions, after=SECOND)) == 1  # the others turn out to wait for it
        with transactions.begin() as tx:
            assert tx.event_deliveries.purge(MAIL, recorded_before=NOON, limit=9) == 0
            assert tx.event_deliveries.purge(MAIL, recorded_before=NOON + SECOND, limit=1) == 1
            assert tx.event_deliveries.purge(MAIL, recorded_before=NOON + SECOND, limit=9) == 1
        left = only(claim(transactions, after=2 * SECOND))
        assert left.event == three
        assert backlog(transactions, INDEX).waiting == 1

    def test_deliveries_share_the_fate_of_their_transaction(self, transactions: Transactions) -> None:
        record(transactions, kept := a_movement())
        delivery = only(claim(transactions))
        with pytest.raises(ZeroDivisionError), transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.event_deliveries.add([AddressedEvent(event=a_movement(), subscribers=frozenset({MAIL}))], now=NOON)
            tx.event_deliveries.finish(delivery, now=NOON)
            raise ZeroDivisionError
        again = only(claim(transactions, after=timedelta(minutes=1)))
        assert again.event == kept

    def test_many_who_record_and_claim_at_once_lose_and_repeat_nothing_and_keep_the_order(
        self, transactions: Transactions
    ) -> None:
        """Each subject is recorded by a thread of its own, as a lock would have it, while others claim and finish."""
        owners = [an_owner() for _ in range(SUBJECTS)]
        start = threading.Barrier(SUBJECTS + CLAIMERS)
        handed: dict[OwnerId, list[int]] = defaultdict(list)
        everything = SUBJECTS * EVENTS_EACH

        def record_all(owner_id: OwnerId) -> None:
            start.wait()
            for number in range(EVENTS_EACH):
                record(transactions, a_movement(number + 1, owner_id=owner_id))

        def handle() -> None:
            start.wait()
            for _ in range(100 * everything):
                for delivery in claim(transactions, limit=2):
                    event = delivery.event
                    assert isinstance(event, TokensMoved)
                    handed[event.owner_id].append(event.sequence)
                    finish(transactions, delivery)
                if sum(map(len, list(handed.values()))) >= everything:
                    return

        with ThreadPoolExecutor(SUBJECTS + CLAIMERS) as pool:
            done = [pool.submit(record_all, owner_id) for owner_id in owners]
            done += [pool.submit(handle) for _ in range(CLAIMERS)]
            for each in done:
                each.result()
        assert handed == {owner_id: list(range(1, EVENTS_EACH + 1)) for owner_id in owners}
        assert backlog(transactions).waiting == 0
