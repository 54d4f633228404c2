"""Webhook fan-out: a subscriber that stores a delivery of each event for each webhook that wants it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from attrs import frozen

from spike_core.domain.errors import WebhookNotFound
from spike_core.domain.events import EVENT_TYPES, Event
from spike_core.domain.identifiers import WebhookDeliveryId, WebhookId
from spike_core.domain.webhooks import WEBHOOK_PENDING_MAX, WEBHOOKS, WebhookDelivery
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.transaction_retries import retry_on_conflict

NO_ROOM: Final = "too many deliveries wait"


@frozen(kw_only=True)
class WebhookFanOut:
    """A subscriber to all events. Those are recorded for it that `wanted_by_webhooks` selects."""

    transactions: Transactions
    clock: Clock
    ids: Ids
    name: str = WEBHOOKS.text
    kinds: frozenset[type[Event]] = frozenset(EVENT_TYPES.values())

    def handle(self, event: Event) -> None:
        """Store the deliveries of an event. Repeated, it stores no further ones."""
        with self.transactions.view() as tx:
            wanting = sorted(each.id for each in tx.webhooks.of_owner(event.owner_id) if each.wants(event))
        if wanting:
            self._store(event, wanting)

    @retry_on_conflict
    def _store(self, event: Event, webhook_ids: Sequence[WebhookId]) -> None:
        """Store deliveries; all lock in the same order."""
        now = self.clock.now()
        with self.transactions.begin() as tx:
            for webhook_id in webhook_ids:
                try:
                    webhook = tx.webhooks.lock(webhook_id)
                except WebhookNotFound:  # deleted meanwhile
                    continue
                if webhook.wants(event):
                    id_ = self.ids.new(WebhookDeliveryId)
                    delivery = WebhookDelivery.of(event, to=webhook_id, id_=id_, now=now)
                    add_delivery(tx, delivery, at=webhook.rested(now))


def wanted_by_webhooks(tx: Transaction, events: Sequence[Event]) -> Sequence[Event]:
    """Return those of a transaction's events that a webhook of their owner wants; the others needn't be recorded."""
    webhooks = {owner_id: tx.webhooks.of_owner(owner_id) for owner_id in {event.owner_id for event in events}}
    return [event for event in events if any(each.wants(event) for each in webhooks[event.owner_id])]


def add_delivery(tx: Transaction, delivery: WebhookDelivery, *, at: datetime) -> None:
    """Store a delivery to a locked webhook, and make that due then; beyond `WEBHOOK_PENDING_MAX` it is failed."""
    waiting = tx.webhook_deliveries.pending(delivery.webhook_id, count_max=WEBHOOK_PENDING_MAX)
    if waiting >= WEBHOOK_PENDING_MAX:
        tx.webhook_deliveries.add(delivery.give_up(NO_ROOM))
    elif tx.webhook_deliveries.add(delivery):
        tx.webhooks.wake(delivery.webhook_id, at=at)
