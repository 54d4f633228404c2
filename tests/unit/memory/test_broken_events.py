"""The contract suites of events notice adapters that break a law: one for each law."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from spike_contracts.builders import NOON
from spike_contracts.events import EventDeliveriesContract, SubscriptionsContract
from spike_core.domain.event_deliveries import AddressedEvent, Backlog, Delivery, SubscriberName
from spike_memory import MemoryTransactions
from spike_memory.events import MemoryEventDeliveries, MemorySubscriptions
from spike_memory.state import State, StoredDelivery

LEASE = timedelta(minutes=1)
Law = Callable[[MemoryTransactions], None]
DELIVERIES, SUBSCRIPTIONS = EventDeliveriesContract(), SubscriptionsContract()
ADD, CLAIM = MemoryEventDeliveries.add, MemoryEventDeliveries.claim
CHANGE, FINISH, BACKLOG = MemoryEventDeliveries._change, MemoryEventDeliveries.finish, MemoryEventDeliveries.backlog
FIRSTS, BESIDE = MemoryEventDeliveries._firsts, MemoryEventDeliveries._beside
PURGE, SEE = MemoryEventDeliveries.purge, MemorySubscriptions.see


def _add_to_all(deliveries: MemoryEventDeliveries, events: Sequence[AddressedEvent], *, now: datetime) -> None:
    names = frozenset({SubscriberName("mail"), SubscriberName("search-index")})
    ADD(deliveries, [evolve(each, subscribers=names) for each in events], now=now)


def _forget_attempts(deliveries: MemoryEventDeliveries, subscriber: SubscriberName, **asked: Any) -> Sequence[Delivery]:
    claimed = CLAIM(deliveries, subscriber, **asked)
    stored = deliveries._rows.state.event_deliveries
    for each in claimed:
        stored[each.position] = evolve(stored[each.position], attempts=0)
    return claimed


def _see_all(subscriptions: MemorySubscriptions, _name: SubscriberName, *, now: datetime) -> None:
    for each in list(subscriptions.all()):
        SEE(subscriptions, each.name, now=now)


def _backlog_with(**changes: Any) -> Callable[..., Backlog]:
    def backlog(deliveries: MemoryEventDeliveries, subscriber: SubscriberName, *, count_max: int) -> Backlog:
        return evolve(BACKLOG(deliveries, subscriber, count_max=count_max), **changes)

    return backlog


def _claimed_beside(
    deliveries: MemoryEventDeliveries, subscriber: SubscriberName, position: int, first: StoredDelivery
) -> Sequence[tuple[int, StoredDelivery]]:
    return [each for each in BESIDE(deliveries, subscriber, position, first) if each[1].due_at > NOON + LEASE]


def _firsts_and_failed(
    deliveries: MemoryEventDeliveries, subscriber: SubscriberName
) -> Iterator[tuple[int, StoredDelivery]]:
    firsts = dict(FIRSTS(deliveries, subscriber))
    again = {at: each for at, each in deliveries._of(subscriber) if each.attempts == 1 and each.set_aside_at is None}
    yield from sorted((firsts | again).items())


def _remove_with_deliveries(subscriptions: MemorySubscriptions, name: SubscriberName) -> None:
    subscriptions._rows.check_writable().subscriptions.pop(name, None)
    subscriptions._rows.state.event_deliveries.clear()


BROKEN: dict[str, tuple[type, str, Any, Law]] = {
    "lists subscriptions in the order of their storage": (
        MemorySubscriptions,
        "all",
        lambda subscriptions: list(subscriptions._rows.state.subscriptions.values()),
        SUBSCRIPTIONS.test_subscriptions_are_listed_by_name_and_replaced,
    ),
    "keeps the first subscription": (
        MemorySubscriptions,
        "put",
        lambda subscriptions, each: subscriptions._rows.check_writable().subscriptions.setdefault(each.name, each),
        SUBSCRIPTIONS.test_subscriptions_are_listed_by_name_and_replaced,
    ),
    "sees all subscribers": (
        MemorySubscriptions,
        "see",
        _see_all,
        SUBSCRIPTIONS.test_seeing_a_subscriber_changes_nothing_else_and_makes_none,
    ),
    "removes deliveries with a subscription": (
        MemorySubscriptions,
        "remove",
        _remove_with_deliveries,
        SUBSCRIPTIONS.test_a_removed_subscription_is_gone_and_its_deliveries_stay,
    ),
    "delivers to all": (
        MemoryEventDeliveries,
        "add",
        _add_to_all,
        DELIVERIES.test_each_subscriber_has_its_own_progress,
    ),
    "drops fields of events": (
        MemoryEventDeliveries,
        "add",
        lambda deliveries, events, *, now: ADD(
            deliveries, [evolve(each, event=evolve(each.event, occurred_at=NOON)) for each in events], now=now
        ),
        DELIVERIES.test_an_event_of_each_kind_is_claimed_as_it_was_recorded,
    ),
    "records in reverse order": (
        MemoryEventDeliveries,
        "add",
        lambda deliveries, events, *, now: ADD(deliveries, events[::-1], now=now),
        DELIVERIES.test_no_more_is_claimed_than_asked_for_and_the_oldest_first,
    ),
    "always has something due": (
        MemoryEventDeliveries,
        "has_due",
        lambda _deliveries, _subscriber, *, now: True,  # noqa: ARG005  # the port's
        DELIVERIES.test_nothing_is_due_before_its_time,
    ),
    "claims what isn't due": (
        MemoryEventDeliveries,
        "claim",
        lambda deliveries, subscriber, **asked: CLAIM(
            deliveries, subscriber, **{**asked, "now": asked["now"] + timedelta(seconds=1)}
        ),
        DELIVERIES.test_nothing_is_due_before_its_time,
    ),
    "claims without a limit": (
        MemoryEventDeliveries,
        "claim",
        lambda deliveries, subscriber, **asked: CLAIM(deliveries, subscriber, **{**asked, "limit": 99}),
        DELIVERIES.test_no_more_is_claimed_than_asked_for_and_the_oldest_first,
    ),
    "claims a subject's next one early": (
        MemoryEventDeliveries,
        "_firsts",
        lambda deliveries, subscriber: iter(
            [each for each in deliveries._of(subscriber) if each[1].set_aside_at is None]
        ),
        DELIVERIES.test_of_a_subject_only_the_first_is_claimed_until_it_is_finished,
    ),
    "leases nothing": (
        MemoryEventDeliveries,
        "claim",
        lambda deliveries, subscriber, **asked: CLAIM(deliveries, subscriber, **{**asked, "until": asked["now"]}),
        DELIVERIES.test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease,
    ),
    "leases for ever": (
        MemoryEventDeliveries,
        "claim",
        lambda deliveries, subscriber, **asked: CLAIM(
            deliveries, subscriber, **{**asked, "until": asked["until"] + timedelta(days=1)}
        ),
        DELIVERIES.test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease,
    ),
    "has no fence": (
        MemoryEventDeliveries,
        "_is_claimed",
        lambda deliveries, delivery: delivery.position in deliveries._rows.state.event_deliveries,
        DELIVERIES.test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease,
    ),
    "forgets the number of claims": (
        MemoryEventDeliveries,
        "claim",
        _forget_attempts,
        DELIVERIES.test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease,
    ),
    "renews nothing": (
        MemoryEventDeliveries,
        "renew",
        lambda deliveries, delivery, *, until: deliveries._is_claimed(delivery),  # noqa: ARG005  # the port's
        DELIVERIES.test_a_renewed_lease_lasts_longer,
    ),
    "postpones nothing": (
        MemoryEventDeliveries,
        "postpone",
        lambda deliveries, delivery, *, due_at, failing_since: deliveries._change(  # noqa: ARG005  # the port's
            delivery, failing_since=failing_since, due_at=NOON
        ),
        DELIVERIES.test_what_is_postponed_waits_and_its_subject_with_it,
    ),
    "forgets since when it fails": (
        MemoryEventDeliveries,
        "postpone",
        lambda deliveries, delivery, *, due_at, failing_since: deliveries._change(  # noqa: ARG005  # the port's
            delivery, due_at=due_at
        ),
        DELIVERIES.test_what_is_postponed_waits_and_its_subject_with_it,
    ),
    "deletes what is set aside": (
        MemoryEventDeliveries,
        "set_aside",
        lambda deliveries, delivery, *, now: FINISH(deliveries, delivery, now=now),
        DELIVERIES.test_what_is_set_aside_lets_its_subject_go_on_and_comes_back_on_demand,
    ),
    "resumes nothing": (
        MemoryEventDeliveries,
        "resume",
        lambda _deliveries, _subscriber, *, now, limit: 0,  # noqa: ARG005  # the port's
        DELIVERIES.test_what_is_set_aside_lets_its_subject_go_on_and_comes_back_on_demand,
    ),
    "hands a resumed one over beside a claimed one": (
        MemoryEventDeliveries,
        "_waits",
        lambda _deliveries, _subscriber, _position, _first, *, now: False,  # noqa: ARG005  # the port's
        DELIVERIES.test_what_is_resumed_waits_for_a_claimed_one_of_its_subject,
    ),
    "keeps the claim of one behind a resumed one": (
        MemoryEventDeliveries,
        "_beside",
        _claimed_beside,
        DELIVERIES.test_what_is_resumed_comes_before_one_of_its_subject_whose_lease_has_ended,
    ),
    "resumes all of a subject at once": (
        MemoryEventDeliveries,
        "_firsts",
        _firsts_and_failed,
        DELIVERIES.test_of_several_that_are_resumed_each_waits_for_the_one_before,
    ),
    "counts on": (
        MemoryEventDeliveries,
        "backlog",
        lambda deliveries, subscriber, *, count_max: BACKLOG(deliveries, subscriber, count_max=99),  # noqa: ARG005
        DELIVERIES.test_backlogs_are_counted_up_to_a_limit,
    ),
    "doesn't know since when": (
        MemoryEventDeliveries,
        "backlog",
        _backlog_with(oldest_at=None),
        DELIVERIES.test_backlogs_are_counted_up_to_a_limit,
    ),
    "names all subscribers ever": (
        MemoryEventDeliveries,
        "subscribers",
        lambda _deliveries: [SubscriberName("mail"), SubscriberName("search-index")],
        DELIVERIES.test_the_names_are_those_for_which_something_is_stored,
    ),
    "purges without a limit": (
        MemoryEventDeliveries,
        "purge",
        lambda deliveries, subscriber, *, recorded_before, limit: PURGE(  # noqa: ARG005  # the port's
            deliveries, subscriber, recorded_before=recorded_before, limit=99
        ),
        DELIVERIES.test_old_deliveries_are_deleted_in_portions_and_free_their_subject,
    ),
    "purges what is young": (
        MemoryEventDeliveries,
        "purge",
        lambda deliveries, subscriber, *, recorded_before, limit: PURGE(
            deliveries, subscriber, recorded_before=recorded_before + timedelta(days=1), limit=limit
        ),
        DELIVERIES.test_old_deliveries_are_deleted_in_portions_and_free_their_subject,
    ),
    "orders over all subscribers": (
        MemoryEventDeliveries,
        "_of",
        lambda deliveries, _subscriber: sorted(deliveries._rows.state.event_deliveries.items()),
        DELIVERIES.test_order_is_by_subscriber,
    ),
    "repeats what is finished": (
        MemoryEventDeliveries,
        "finish",
        lambda deliveries, delivery, *, now: CHANGE(deliveries, delivery, due_at=now),
        DELIVERIES.test_many_who_record_and_claim_at_once_lose_and_repeat_nothing_and_keep_the_order,
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_adapter_fails_its_law(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, method, replacement, law = BROKEN[broken]
    law(MemoryTransactions())
    monkeypatch.setattr(adapter, method, replacement)
    with pytest.raises(AssertionError):
        law(MemoryTransactions())


def test_an_adapter_that_writes_outside_of_the_transaction_fails_its_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its transactions keep what was written before they failed."""
    law = DELIVERIES.test_deliveries_share_the_fate_of_their_transaction
    law(MemoryTransactions())
    monkeypatch.setattr(State, "copy", lambda state: state)
    with pytest.raises(AssertionError):
        law(MemoryTransactions())
