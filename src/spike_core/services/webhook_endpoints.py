"""Webhook endpoints: an owner's addresses, and the log of the deliveries to them."""

from collections.abc import Sequence
from contextlib import suppress

from attrs import evolve, frozen

from spike_core.domain.errors import TooManyWebhooks, Unavailable, WebhookNotFound
from spike_core.domain.event_deliveries import Subscription
from spike_core.domain.events import EVENT_TYPES
from spike_core.domain.identifiers import EventId, OwnerId, WebhookDeliveryId, WebhookId
from spike_core.domain.patches import UNCHANGED, Unchanged
from spike_core.domain.webhooks import (
    WEBHOOKS,
    WEBHOOKS_MAX,
    DisabledBecause,
    Webhook,
    WebhookDelivery,
    WebhookSecret,
    WebhookTest,
    check_room,
    check_url,
)
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.secrets import Secrets
from spike_core.ports.webhooks import WebhookSender
from spike_core.services.event_recording import RecordingTransactions
from spike_core.services.transaction_retries import retry_on_conflict
from spike_core.services.webhook_fan_out import add_delivery


@frozen(kw_only=True)
class WebhookPatch:
    """What to change of a webhook."""

    url: str | Unchanged = UNCHANGED
    event_types: frozenset[str] | Unchanged = UNCHANGED
    enabled: bool | Unchanged = UNCHANGED
    rotates_secret: bool = False


@frozen(kw_only=True)
class DeliveryPage:
    """A page of a webhook's deliveries, newest first."""

    deliveries: Sequence[WebhookDelivery]
    next_before: int | None  # `None` on the last page


@frozen(kw_only=True)
class WebhookEndpoints:
    """Creates, changes and deletes owners' webhooks, and reads and repeats the deliveries to them."""

    transactions: RecordingTransactions
    sender: WebhookSender
    clock: Clock
    ids: Ids
    secrets: Secrets

    def of(self, owner_id: OwnerId) -> Sequence[Webhook]:
        """Return the owner's webhooks, oldest first."""
        with self.transactions.view() as tx:
            return tx.webhooks.of_owner(owner_id)

    def create(self, owner_id: OwnerId, *, url: str, event_types: frozenset[str]) -> Webhook:
        """Create a webhook, with a secret.

        Events are recorded for webhooks from the first one of an installation on; other processes notice within
        `SUBSCRIPTIONS_AGE_MAX`.

        Raises:
            InvalidValue: the URL is too long.
            UnsafeWebhookUrl: nothing may be sent to the URL.
            TooManyWebhooks: the owner has `WEBHOOKS_MAX`.
        """
        if len(self.of(owner_id)) >= WEBHOOKS_MAX:
            raise TooManyWebhooks(WEBHOOKS_MAX)  # before anything is looked up
        self._check(url)
        webhook = self._create(owner_id, url=url, event_types=event_types)
        self.transactions.when_committed(self._refresh)
        return webhook

    def _refresh(self) -> None:
        """Let this process record events for webhooks at once."""
        with suppress(Unavailable):  # it reads them again soon, and the webhook is stored
            self.transactions.refresh()

    @retry_on_conflict
    def _create(self, owner_id: OwnerId, *, url: str, event_types: frozenset[str]) -> Webhook:
        now = self.clock.now()
        webhook = Webhook(
            id=self.ids.new(WebhookId),
            owner_id=owner_id,
            url=url,
            event_types=event_types,
            secret=WebhookSecret.of(self.secrets.share_token()),
            created_at=now,
        )
        with self.transactions.begin() as tx:
            check_room(len(tx.webhooks.lock_owner(owner_id)))
            tx.webhooks.put(webhook)
            tx.subscriptions.put(Subscription(name=WEBHOOKS, event_types=frozenset(EVENT_TYPES), seen_at=now))
        return webhook

    def update(self, owner_id: OwnerId, webhook_id: WebhookId, patch: WebhookPatch) -> Webhook:
        """Change a webhook; enabling it forgets its failures, and what has waited is sent.

        Raises:
            WebhookNotFound: there is none with this id, or it belongs to another owner.
            InvalidValue: the URL is too long.
            UnsafeWebhookUrl: nothing may be sent to the URL.
        """
        with self.transactions.view() as tx:
            _own(tx.webhooks.get(webhook_id), owner_id)
        if patch.url is not UNCHANGED:
            self._check(patch.url)
        return self._update(webhook_id, patch)

    @retry_on_conflict
    def _update(self, webhook_id: WebhookId, patch: WebhookPatch) -> Webhook:
        now = self.clock.now()
        with self.transactions.begin() as tx:
            webhook = tx.webhooks.lock(webhook_id)
            if patch.url is not UNCHANGED:
                webhook = evolve(webhook, url=patch.url)
            if patch.event_types is not UNCHANGED:
                webhook = evolve(webhook, event_types=patch.event_types)
            if patch.rotates_secret:
                webhook = webhook.rotate(WebhookSecret.of(self.secrets.share_token()), now=now)
            if patch.enabled is True:
                webhook = webhook.enable()
            if patch.enabled is False:
                webhook = webhook.disable(DisabledBecause.OWNER, now=now)
            tx.webhooks.put(webhook)
            if patch.enabled is True:
                tx.webhooks.wake(webhook_id, at=now)
        return webhook

    @retry_on_conflict
    def remove(self, owner_id: OwnerId, webhook_id: WebhookId) -> None:
        """Delete a webhook. What is being sent may still arrive.

        Raises:
            WebhookNotFound: there is none with this id, or it belongs to another owner.
        """
        with self.transactions.begin() as tx:
            _own(tx.webhooks.lock(webhook_id), owner_id)
            tx.webhooks.remove(webhook_id)

    @retry_on_conflict
    def test(self, owner_id: OwnerId, webhook_id: WebhookId) -> WebhookDelivery:
        """Send an event that says nothing, soon.

        Raises:
            WebhookNotFound: there is none with this id, or it belongs to another owner.
            WebhookDisabled: it is disabled.
        """
        now = self.clock.now()
        delivery_id = self.ids.new(WebhookDeliveryId)
        event = WebhookTest(id=EventId.of(delivery_id.body), owner_id=owner_id, occurred_at=now)
        with self.transactions.begin() as tx:
            _own(tx.webhooks.lock(webhook_id), owner_id).check_enabled()
            delivery = WebhookDelivery.of(event, to=webhook_id, id_=delivery_id, now=now)
            add_delivery(tx, delivery, at=now)
            return tx.webhook_deliveries.get(webhook_id, delivery_id)

    def deliveries(
        self, owner_id: OwnerId, webhook_id: WebhookId, *, before: int | None = None, limit: int
    ) -> DeliveryPage:
        """Return a page of a webhook's deliveries, newest first.

        Raises:
            WebhookNotFound: there is none with this id, or it belongs to another owner.
        """
        with self.transactions.view() as tx:
            _own(tx.webhooks.get(webhook_id), owner_id)
            found = tx.webhook_deliveries.page(webhook_id, before=before, limit=limit + 1)
        deliveries = found[:limit]
        return DeliveryPage(
            deliveries=deliveries, next_before=deliveries[-1].position if len(found) > len(deliveries) else None
        )

    @retry_on_conflict
    def redeliver(self, owner_id: OwnerId, webhook_id: WebhookId, delivery_id: WebhookDeliveryId) -> WebhookDelivery:
        """Send an event again, soon, whatever became of it; its id stays.

        Raises:
            WebhookNotFound: there is none with this id, or it belongs to another owner.
            WebhookDeliveryNotFound: the webhook has no delivery with this id.
            WebhookDisabled: it is disabled.
        """
        now = self.clock.now()
        with self.transactions.begin() as tx:
            webhook = _own(tx.webhooks.lock(webhook_id), owner_id)
            delivery = tx.webhook_deliveries.get(webhook_id, delivery_id).again(now=now)
            webhook.check_enabled()
            tx.webhook_deliveries.put(delivery)
            tx.webhooks.wake(webhook_id, at=now)
        return delivery

    def _check(self, url: str) -> None:
        check_url(url)
        self.sender.check(url)


def _own(webhook: Webhook, owner_id: OwnerId) -> Webhook:
    if webhook.owner_id != owner_id:
        raise WebhookNotFound
    return webhook
