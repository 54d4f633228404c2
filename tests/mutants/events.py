"""Mutants of subscriptions and event deliveries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, backwards, returning, with_arguments
from spike_contracts.builders import NOON
from spike_contracts.events import INDEX, MAIL
from spike_contracts.events import EventDeliveriesContract as Deliveries
from spike_contracts.subscriptions import SubscriptionsContract as Subscriptions
from spike_core.domain.event_deliveries import AddressedEvent, Delivery, SubscriberName
from spike_memory.events import MemoryEventDeliveries, MemorySubscriptions

DAY: Final = timedelta(days=1)


def _see_all(see: Any, subscriptions: MemorySubscriptions, _name: SubscriberName, *, now: datetime) -> None:
    for each in list(subscriptions.all()):
        see(subscriptions, each.name, now=now)


def _remove_with_deliveries(remove: Any, subscriptions: MemorySubscriptions, name: SubscriberName) -> None:
    remove(subscriptions, name)
    subscriptions._rows.state.event_deliveries.clear()


def _adding(**changed: Any) -> Any:
    """Return an `add` that changes what it stores."""

    def add(right: Any, deliveries: MemoryEventDeliveries, events: Sequence[AddressedEvent], *, now: datetime) -> None:
        right(deliveries, [evolve(each, **changed) for each in events], now=now)

    return add


def _add_at_noon(
    add: Any, deliveries: MemoryEventDeliveries, events: Sequence[AddressedEvent], *, now: datetime
) -> None:
    add(deliveries, [evolve(each, event=evolve(each.event, occurred_at=NOON)) for each in events], now=now)


def _claiming(**later: timedelta) -> Any:
    """Return a `claim` that takes its times for later ones."""

    def claim(right: Any, deliveries: MemoryEventDeliveries, subscriber: SubscriberName, **asked: Any) -> Any:
        return right(deliveries, subscriber, **{**asked, **{name: asked[name] + later[name] for name in later}})

    return claim


def _unleased(claim: Any, deliveries: MemoryEventDeliveries, subscriber: SubscriberName, **asked: Any) -> Any:
    return claim(deliveries, subscriber, **{**asked, "until": asked["now"]})


def _uncounted(claim: Any, deliveries: MemoryEventDeliveries, subscriber: SubscriberName, **asked: Any) -> Any:
    claimed = claim(deliveries, subscriber, **asked)
    stored = deliveries._rows.state.event_deliveries
    for each in claimed:
        stored[each.position] = evolve(stored[each.position], attempts=0)
    return claimed


def _without_order(_firsts: Any, deliveries: MemoryEventDeliveries, subscriber: SubscriberName) -> Any:
    return iter([each for each in deliveries._of(subscriber) if each[1].set_aside_at is None])


def _unfenced(_is_claimed: Any, deliveries: MemoryEventDeliveries, delivery: Delivery) -> bool:
    return delivery.position in deliveries._rows.state.event_deliveries


def _undisplaced(_is_claimed: Any, deliveries: MemoryEventDeliveries, delivery: Delivery) -> bool:
    stored = deliveries._rows.state.event_deliveries.get(delivery.position)
    return stored is not None and stored.set_aside_at is None and stored.attempts == delivery.attempt


def _firsts_and_resumed(firsts: Any, deliveries: MemoryEventDeliveries, subscriber: SubscriberName) -> Any:
    again = [each for each in deliveries._of(subscriber) if each[1].attempts and each[1].set_aside_at is None]
    return iter(sorted({**dict(firsts(deliveries, subscriber)), **dict(again)}.items()))


MUTANTS: Final = [
    Mutant("lists subscriptions in the opposite order", MemorySubscriptions, "all", backwards,
           Subscriptions.test_subscriptions_are_listed_by_name_and_replaced),
    Mutant("keeps the first subscription", MemorySubscriptions, "put",
           lambda put, own, each: None if each.name in own._rows.state.subscriptions else put(own, each),
           Subscriptions.test_subscriptions_are_listed_by_name_and_replaced),
    Mutant("sees all subscribers", MemorySubscriptions, "see", _see_all,
           Subscriptions.test_seeing_a_subscriber_changes_nothing_else_and_makes_none),
    Mutant("removes deliveries with a subscription", MemorySubscriptions, "remove", _remove_with_deliveries,
           Subscriptions.test_a_removed_subscription_is_gone_and_its_deliveries_stay),
    Mutant("stores the time of an event wrong", MemoryEventDeliveries, "add", _add_at_noon,
           Deliveries.test_an_event_of_each_kind_is_claimed_as_it_was_recorded),
    Mutant("delivers to all", MemoryEventDeliveries, "add", _adding(subscribers=frozenset({MAIL, INDEX})),
           Deliveries.test_each_subscriber_has_its_own_progress),
    Mutant("records in the opposite order", MemoryEventDeliveries, "add",
           lambda add, own, events, *, now: add(own, events[::-1], now=now),
           Deliveries.test_no_more_is_claimed_than_asked_for_and_the_oldest_first),
    Mutant("always has something due", MemoryEventDeliveries, "has_due", lambda _has_due, _own, _name, *, now: True,
           Deliveries.test_nothing_is_due_before_its_time),
    Mutant("claims what isn't due", MemoryEventDeliveries, "claim", _claiming(now=timedelta(seconds=1)),
           Deliveries.test_nothing_is_due_before_its_time),
    Mutant("claims without a limit", MemoryEventDeliveries, "claim", with_arguments(limit=99),
           Deliveries.test_no_more_is_claimed_than_asked_for_and_the_oldest_first),
    Mutant("claims a subject's next one early", MemoryEventDeliveries, "_firsts", _without_order,
           Deliveries.test_of_a_subject_only_the_first_is_claimed_until_it_is_finished),
    Mutant("orders over all subscribers", MemoryEventDeliveries, "_of",
           lambda _of, own, _subscriber: sorted(own._rows.state.event_deliveries.items()),
           Deliveries.test_order_is_by_subscriber),
    Mutant("leases nothing", MemoryEventDeliveries, "claim", _unleased,
           Deliveries.test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease),
    Mutant("leases for a day more", MemoryEventDeliveries, "claim", _claiming(until=DAY),
           Deliveries.test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease),
    Mutant("lets those change a delivery who have lost it", MemoryEventDeliveries, "_is_claimed", _unfenced,
           Deliveries.test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease),
    Mutant("forgets the number of claims", MemoryEventDeliveries, "claim", _uncounted,
           Deliveries.test_what_was_claimed_and_not_finished_is_claimed_again_after_the_lease),
    Mutant("renews nothing", MemoryEventDeliveries, "renew",
           lambda _renew, own, delivery, *, until: own._is_claimed(delivery),
           Deliveries.test_a_renewed_lease_lasts_longer),
    Mutant("postpones nothing", MemoryEventDeliveries, "postpone", with_arguments(due_at=NOON),
           Deliveries.test_what_is_postponed_waits_and_its_subject_with_it),
    Mutant("forgets since when a delivery fails", MemoryEventDeliveries, "postpone",
           with_arguments(failing_since=None), Deliveries.test_what_is_postponed_waits_and_its_subject_with_it),
    Mutant("deletes what is set aside", MemoryEventDeliveries, "set_aside",
           lambda _set_aside, own, delivery, *, now: own.finish(delivery, now=now),
           Deliveries.test_what_is_set_aside_lets_its_subject_go_on_and_comes_back_on_demand),
    Mutant("resumes nothing", MemoryEventDeliveries, "resume", returning(0),
           Deliveries.test_what_is_set_aside_lets_its_subject_go_on_and_comes_back_on_demand),
    Mutant("hands a resumed delivery over beside a claimed one", MemoryEventDeliveries, "_waits",
           lambda _waits, *_asked, now: False,
           Deliveries.test_what_is_resumed_waits_for_a_claimed_one_of_its_subject),
    Mutant("renews a delivery beside a resumed one", MemoryEventDeliveries, "_is_claimed", _undisplaced,
           Deliveries.test_what_is_resumed_comes_before_one_of_its_subject_whose_lease_has_ended),
    Mutant("hands all over that were resumed at once", MemoryEventDeliveries, "_firsts", _firsts_and_resumed,
           Deliveries.test_of_several_that_are_resumed_each_waits_for_the_one_before),
    Mutant("counts beyond the limit", MemoryEventDeliveries, "backlog", with_arguments(count_max=99),
           Deliveries.test_backlogs_are_counted_up_to_a_limit),
    Mutant("doesn't know since when deliveries wait", MemoryEventDeliveries, "backlog",
           lambda backlog, own, subscriber, *, count_max: evolve(
               backlog(own, subscriber, count_max=count_max), oldest_at=None),
           Deliveries.test_backlogs_are_counted_up_to_a_limit),
    Mutant("names subscribers for whom nothing is stored", MemoryEventDeliveries, "subscribers",
           returning([MAIL, INDEX]), Deliveries.test_the_names_are_those_for_which_something_is_stored),
    Mutant("purges without a limit", MemoryEventDeliveries, "purge", with_arguments(limit=99),
           Deliveries.test_old_deliveries_are_deleted_in_portions_and_free_their_subject),
    Mutant("purges what is young", MemoryEventDeliveries, "purge",
           lambda purge, own, subscriber, *, recorded_before, limit: purge(
               own, subscriber, recorded_before=recorded_before + DAY, limit=limit),
           Deliveries.test_old_deliveries_are_deleted_in_portions_and_free_their_subject),
    Mutant("repeats what is finished", MemoryEventDeliveries, "finish",
           lambda _finish, own, delivery, *, now: own._change(delivery, due_at=now),
           Deliveries.test_many_who_record_and_claim_at_once_lose_and_repeat_nothing_and_keep_the_order),
]  # fmt: skip
