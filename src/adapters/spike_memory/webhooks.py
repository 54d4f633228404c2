"""Webhooks and the deliveries to them, in memory."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.errors import WebhookDeliveryNotFound, WebhookNotFound
from spike_core.domain.identifiers import OwnerId, WebhookDeliveryId, WebhookId
from spike_core.domain.webhooks import ClaimedWebhook, Webhook, WebhookDelivery, WebhookState
from spike_memory.state import Rows, StoredWebhook


@frozen
class MemoryWebhooks:
    """See the port."""

    _rows: Rows

    def lock_owner(self, owner_id: OwnerId) -> Sequence[Webhook]:
        """Return the owner's webhooks; there is one writer at a time."""
        self._rows.check_writable()
        return self.of_owner(owner_id)

    def of_owner(self, owner_id: OwnerId) -> Sequence[Webhook]:
        """Return the owner's webhooks, oldest first."""
        own = [each.webhook for each in self._rows.state.webhooks.values() if each.webhook.owner_id == owner_id]
        return sorted(own, key=lambda webhook: (webhook.created_at, webhook.id))

    def get(self, webhook_id: WebhookId) -> Webhook:
        """Return the webhook with this id."""
        return self._stored(webhook_id).webhook

    def lock(self, webhook_id: WebhookId) -> Webhook:
        """Return the webhook with this id; there is one writer at a time."""
        self._rows.check_writable()
        return self.get(webhook_id)

    def put(self, webhook: Webhook) -> None:
        """Store a webhook."""
        stored = self._rows.check_writable().webhooks
        kept = evolve(stored.get(webhook.id, StoredWebhook(webhook=webhook)), webhook=webhook)
        stored[webhook.id] = kept if webhook.disabled_at is None else evolve(kept, due_at=None)

    def remove(self, webhook_id: WebhookId) -> None:
        """Delete a webhook."""
        self._rows.check_writable().webhooks.pop(webhook_id, None)

    def has_any(self) -> bool:
        """Return whether there is a webhook."""
        return bool(self._rows.state.webhooks)

    def wake(self, webhook_id: WebhookId, *, at: datetime) -> None:
        """Make a webhook due, or when its claim ends."""
        state = self._rows.check_writable()
        stored = self._stored(webhook_id)
        if stored.webhook.disabled_at is not None:
            return
        if stored.claimed_until is not None and stored.claimed_until > at:
            due_at = stored.due_at or stored.claimed_until
        else:
            due_at = min(stored.due_at or at, at)
        state.webhooks[webhook_id] = evolve(stored, due_at=due_at)

    def has_due(self, *, now: datetime) -> bool:
        """Return whether a webhook is due."""
        return any(each.due_at is not None and each.due_at <= now for each in self._rows.state.webhooks.values())

    def claim(self, *, now: datetime, until: datetime, limit: int, is_slow: bool) -> Sequence[ClaimedWebhook]:
        """Claim webhooks that are due."""
        state = self._rows.check_writable()
        due = sorted(
            (each.due_at, id_)
            for id_, each in state.webhooks.items()
            if each.due_at is not None and each.due_at <= now and each.webhook.is_slow == is_slow
        )
        claimed = []
        for _, id_ in due[:limit]:
            stored = state.webhooks[id_]
            stored = evolve(stored, due_at=until, claim=stored.claim + 1, claimed_until=until)
            state.webhooks[id_] = stored
            claimed.append(ClaimedWebhook(webhook=stored.webhook, claim=stored.claim, until=until))
        return claimed

    def holds(self, claimed: ClaimedWebhook) -> bool:
        """Return whether the claim is the latest one, and not released."""
        stored = self._rows.state.webhooks.get(claimed.webhook.id)
        return stored is not None and stored.claim == claimed.claim and stored.claimed_until is not None

    def release(self, claimed: ClaimedWebhook, *, due_at: datetime | None) -> bool:
        """End a claim."""
        state = self._rows.check_writable()
        if not self.holds(claimed):
            return False
        stored = state.webhooks[claimed.webhook.id]
        state.webhooks[claimed.webhook.id] = evolve(stored, due_at=due_at, claimed_until=None)
        return True

    def _stored(self, webhook_id: WebhookId) -> StoredWebhook:
        try:
            return self._rows.state.webhooks[webhook_id]
        except KeyError:
            raise WebhookNotFound from None


@frozen
class MemoryWebhookDeliveries:
    """See the port."""

    _rows: Rows

    def add(self, delivery: WebhookDelivery) -> bool:
        """Store a delivery."""
        stored = self._rows.check_writable().webhook_deliveries
        of_webhook = list(self._of(delivery.webhook_id))
        if any(each.event.id == delivery.event.id for each in of_webhook):
            return False
        waits = any(_is_pending(each) and each.subject == delivery.subject for each in of_webhook)
        position = max(stored, default=0) + 1
        due_at = None if waits else delivery.due_at
        stored[position] = evolve(delivery, position=position, due_at=due_at)
        return True

    def get(self, webhook_id: WebhookId, delivery_id: WebhookDeliveryId) -> WebhookDelivery:
        """Return a delivery."""
        for each in self._of(webhook_id):
            if each.id == delivery_id:
                return each
        raise WebhookDeliveryNotFound

    def put(self, delivery: WebhookDelivery) -> None:
        """Store what has changed."""
        stored = self._rows.check_writable().webhook_deliveries
        if delivery.position in stored:
            stored[delivery.position] = delivery

    def make_next_due(self, webhook_id: WebhookId, subject: str, *, now: datetime) -> None:
        """Make the first pending one of a subject due."""
        stored = self._rows.check_writable().webhook_deliveries
        for each in self._of(webhook_id):
            if _is_pending(each) and each.subject == subject:
                stored[each.position] = evolve(each, due_at=each.due_at or now)
                return

    def due(self, webhook_id: WebhookId, *, now: datetime, limit: int) -> Sequence[WebhookDelivery]:
        """Return what is due."""
        due = [(each.due_at, each.position, each) for each in self._of(webhook_id) if each.due_at is not None]
        return [each for due_at, _, each in sorted(due, key=lambda row: row[:2]) if due_at <= now][:limit]

    def next_due_at(self, webhook_id: WebhookId) -> datetime | None:
        """Return when the first one is due."""
        return min((each.due_at for each in self._of(webhook_id) if each.due_at is not None), default=None)

    def pending(self, webhook_id: WebhookId, *, count_max: int) -> int:
        """Return how many are pending."""
        return min(sum(map(_is_pending, self._of(webhook_id))), count_max)

    def page(self, webhook_id: WebhookId, *, before: int | None, limit: int) -> Sequence[WebhookDelivery]:
        """Return a page, newest first."""
        found = [each for each in self._of(webhook_id) if before is None or each.position < before]
        return found[::-1][:limit]

    def purge(self, *, created_before: datetime, limit: int) -> int:
        """Delete old deliveries."""
        stored = self._rows.check_writable().webhook_deliveries
        old = sorted(stored.values(), key=lambda each: (each.created_at, each.position))
        old = [each for each in old if each.created_at < created_before][:limit]
        for each in old:
            del stored[each.position]
        for each in old:
            if _is_pending(each):
                self.make_next_due(each.webhook_id, each.subject, now=created_before)
        return len(old)

    def _of(self, webhook_id: WebhookId) -> Iterator[WebhookDelivery]:
        for _, each in sorted(self._rows.state.webhook_deliveries.items()):
            if each.webhook_id == webhook_id:
                yield each


def _is_pending(delivery: WebhookDelivery) -> bool:
    return delivery.state is WebhookState.PENDING
