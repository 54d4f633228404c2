"""Mutants of webhooks, their deliveries and their sender."""

from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, backwards, nothing, with_arguments
from spike_contracts.builders import NOON
from spike_contracts.webhooks import WebhookDeliveriesContract as Deliveries
from spike_contracts.webhooks import WebhooksContract as Webhooks
from spike_contracts.webhooks import WebhookSenderContract as Sender
from spike_core.domain.webhooks import AttemptResult, ClaimedWebhook, Webhook, WebhookDelivery
from spike_memory.webhook_sender import MemoryWebhookSender
from spike_memory.webhooks import MemoryWebhookDeliveries, MemoryWebhooks

DAY: Final = timedelta(days=1)


def _putting(**changed: Any) -> Any:
    """Return a `put` that changes what it stores."""
    return lambda put, own, each: put(own, evolve(each, **changed))


def _keep_due(put: Any, own: MemoryWebhooks, webhook: Webhook) -> None:
    stored = own._rows.check_writable().webhooks
    before = stored.get(webhook.id)
    put(own, webhook)
    if before is not None:
        stored[webhook.id] = evolve(stored[webhook.id], due_at=before.due_at)


def _wake_claimed(wake: Any, own: MemoryWebhooks, webhook_id: Any, *, at: datetime) -> None:
    wake(own, webhook_id, at=at)
    stored = own._rows.state.webhooks
    stored[webhook_id] = evolve(stored[webhook_id], due_at=at)


def _wake_later(wake: Any, own: MemoryWebhooks, webhook_id: Any, *, at: datetime) -> None:
    wake(own, webhook_id, at=at + DAY)


def _claim_any(claim: Any, own: MemoryWebhooks, *, is_slow: bool, **asked: Any) -> Any:
    return [*claim(own, is_slow=is_slow, **asked), *claim(own, is_slow=not is_slow, **asked)]


def _holds_any(_holds: Any, own: MemoryWebhooks, claimed: ClaimedWebhook) -> bool:
    return claimed.webhook.id in own._rows.state.webhooks


def _claim_unmarked(claim: Any, own: MemoryWebhooks, *, until: datetime, **asked: Any) -> Any:
    claimed = claim(own, until=until, **asked)
    stored = own._rows.state.webhooks
    for each in claimed:
        stored[each.webhook.id] = evolve(stored[each.webhook.id], due_at=asked["now"])
    return claimed


def _add_anyway(add: Any, own: MemoryWebhookDeliveries, delivery: WebhookDelivery) -> bool:
    stored = own._rows.check_writable().webhook_deliveries
    add(own, delivery)
    if all(each.id != delivery.id for each in stored.values()):
        position = max(stored) + 1
        stored[position] = evolve(delivery, position=position)
    return True


def _add_due(add: Any, own: MemoryWebhookDeliveries, delivery: WebhookDelivery) -> bool:
    added: bool = add(own, delivery)
    stored = own._rows.state.webhook_deliveries
    stored[max(stored)] = evolve(stored[max(stored)], due_at=delivery.due_at)
    return added


def _hurry(_make_next_due: Any, own: MemoryWebhookDeliveries, webhook_id: Any, subject: str, *, now: datetime) -> None:
    stored = own._rows.check_writable().webhook_deliveries
    for position, each in sorted(stored.items()):
        if each.webhook_id == webhook_id and each.subject == subject and each.state.value == "PENDING":
            stored[position] = evolve(each, due_at=now)
            return


def _purge_alone(_purge: Any, own: MemoryWebhookDeliveries, *, created_before: datetime, limit: int) -> int:
    stored = own._rows.check_writable().webhook_deliveries
    old = [position for position, each in sorted(stored.items()) if each.created_at < created_before][:limit]
    for position in old:
        del stored[position]
    return len(old)


MUTANTS: Final = [
    Mutant("forgets since when a webhook fails", MemoryWebhooks, "put", _putting(failing_since=None),
           Webhooks.test_a_webhook_is_read_as_it_was_stored_last),
    Mutant("finds every owner's webhooks", MemoryWebhooks, "of_owner",
           lambda _of_owner, own, _owner_id: [each.webhook for each in own._rows.state.webhooks.values()],
           Webhooks.test_an_owner_has_their_own_oldest_first),
    Mutant("lists webhooks in the opposite order", MemoryWebhooks, "of_owner", backwards,
           Webhooks.test_an_owner_has_their_own_oldest_first),
    Mutant("claims without a limit", MemoryWebhooks, "claim", with_arguments(limit=99),
           Webhooks.test_what_is_due_is_claimed_once_and_the_first_first),
    Mutant("claims webhooks twice", MemoryWebhooks, "claim", _claim_unmarked,
           Webhooks.test_what_is_due_is_claimed_once_and_the_first_first,
           Webhooks.test_many_who_claim_at_once_get_each_webhook_once),
    Mutant("claims slow webhooks with others", MemoryWebhooks, "claim", _claim_any,
           Webhooks.test_slow_ones_are_claimed_by_themselves),
    Mutant("lets those send who have lost a webhook", MemoryWebhooks, "holds", _holds_any,
           Webhooks.test_a_claim_that_isn_t_released_ends_and_its_holder_changes_nothing),
    Mutant("releases nothing", MemoryWebhooks, "release", lambda *_args, **_kwargs: True,
           Webhooks.test_a_webhook_that_is_released_without_a_time_waits_to_be_woken),
    Mutant("wakes a day late", MemoryWebhooks, "wake", _wake_later,
           Webhooks.test_a_webhook_that_is_released_without_a_time_waits_to_be_woken),
    Mutant("wakes a claimed webhook", MemoryWebhooks, "wake", _wake_claimed,
           Webhooks.test_a_claimed_webhook_that_is_woken_stays_claimed),
    Mutant("leaves a disabled webhook due", MemoryWebhooks, "put", _keep_due,
           Webhooks.test_a_disabled_webhook_isn_t_due_until_it_is_woken_again),
    Mutant("stores every event at noon", MemoryWebhookDeliveries, "add",
           lambda add, own, each: add(own, evolve(each, event=evolve(each.event, occurred_at=NOON))),
           Deliveries.test_every_kind_of_event_is_read_as_it_was_stored),
    Mutant("stores an event twice", MemoryWebhookDeliveries, "add", _add_anyway,
           Deliveries.test_an_event_is_stored_once_per_webhook),
    Mutant("makes all of a subject due", MemoryWebhookDeliveries, "add", _add_due,
           Deliveries.test_of_a_subject_one_is_due_at_a_time_and_webhooks_are_independent),
    Mutant("makes a postponed delivery due", MemoryWebhookDeliveries, "make_next_due", _hurry,
           Deliveries.test_a_later_one_waits_for_one_that_is_postponed),
    Mutant("forgets the attempts of a delivery", MemoryWebhookDeliveries, "put",
           lambda put, own, delivery: put(own, evolve(delivery, log=())),
           Deliveries.test_a_later_one_waits_for_one_that_is_postponed),
    Mutant("lists what is due in the opposite order", MemoryWebhookDeliveries, "due", backwards,
           Deliveries.test_what_is_due_first_comes_first),
    Mutant("counts beyond the limit", MemoryWebhookDeliveries, "pending", with_arguments(count_max=99),
           Deliveries.test_pages_follow_one_another_newest_first),
    Mutant("leaves a subject waiting for what was purged", MemoryWebhookDeliveries, "purge", _purge_alone,
           Deliveries.test_old_ones_are_deleted_in_portions_and_free_their_subject),
    Mutant("purges without a limit", MemoryWebhookDeliveries, "purge", with_arguments(limit=99),
           Deliveries.test_old_ones_are_deleted_in_portions_and_free_their_subject),
    Mutant("takes every answer for success", MemoryWebhookSender, "send",
           lambda send, own, message: evolve(send(own, message), result=AttemptResult.ACCEPTED),
           Sender.test_the_receiver_s_status_says_what_became_of_an_attempt),
    Mutant("takes a host that isn't reached for one that refuses", MemoryWebhookSender, "send",
           lambda send, own, message: evolve(attempt, result=AttemptResult.FAILED)
           if (attempt := send(own, message)).result is AttemptResult.UNREACHED else attempt,
           Sender.test_the_receiver_s_status_says_what_became_of_an_attempt),
    Mutant("sends anywhere", MemoryWebhookSender, "check", nothing,
           Sender.test_nothing_is_sent_where_nothing_may_be),
]  # fmt: skip
