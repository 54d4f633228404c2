"""The ports of webhooks: their repository, the deliveries to them, and who sends."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from spike_core.domain.identifiers import OwnerId, WebhookDeliveryId, WebhookId
from spike_core.domain.webhooks import ClaimedWebhook, Webhook, WebhookAttempt, WebhookDelivery, WebhookMessage


class WebhookRepository(Protocol):
    """All webhooks, within one transaction, and which process sends to which.

    A webhook is due from `wake` until a `release` says otherwise. Only what is due and enabled is claimed.
    """

    def lock_owner(self, owner_id: OwnerId) -> Sequence[Webhook]:
        """Return the owner's webhooks, oldest first; none is added by others until the transaction ends."""

    def of_owner(self, owner_id: OwnerId) -> Sequence[Webhook]:
        """Return the owner's webhooks, oldest first."""

    def get(self, webhook_id: WebhookId) -> Webhook:
        """Return the webhook with this id.

        Raises:
            WebhookNotFound: there is none.
        """

    def lock(self, webhook_id: WebhookId) -> Webhook:
        """Return the webhook with this id, locked until the transaction ends.

        Its deliveries are written under this lock.

        Raises:
            WebhookNotFound: there is none.
        """

    def put(self, webhook: Webhook) -> None:
        """Store a webhook, in place of the one with its id.

        When it is due, and who has claimed it, stays; but a disabled one isn't due.
        """

    def remove(self, webhook_id: WebhookId) -> None:
        """Delete the webhook with this id, if there is one; its deliveries stay until they are purged."""

    def has_any(self) -> bool:
        """Return whether any owner has a webhook."""

    def wake(self, webhook_id: WebhookId, *, at: datetime) -> None:
        """Make a locked webhook due at `at`, unless it is due earlier, or disabled.

        If it is claimed until later, its `release` decides; it is due when the claim ends at the latest.
        """

    def has_due(self, *, now: datetime) -> bool:
        """Return whether a claim may find a webhook."""

    def claim(self, *, now: datetime, until: datetime, limit: int, is_slow: bool) -> Sequence[ClaimedWebhook]:
        """Return at most `limit` enabled webhooks that are due, those due first first, and claim them `until` then.

        Only slow ones, or only others. Concurrent callers get disjoint webhooks. If a caller crashes, its webhooks are
        due again when the claim ends.
        """

    def holds(self, claimed: ClaimedWebhook) -> bool:
        """Return whether a locked webhook is still claimed by this fencing token."""

    def release(self, claimed: ClaimedWebhook, *, due_at: datetime | None) -> bool:
        """End a claim, so that the webhook is due then, or not at all.

        Return whether it was still claimed by this fencing token; otherwise nothing changes.
        """


class WebhookDeliveries(Protocol):
    """The deliveries to webhooks, within one transaction. All writes happen under the lock of the webhook."""

    def add(self, delivery: WebhookDelivery) -> bool:
        """Store a delivery, unless the webhook has one of the same event; return whether it was stored.

        Behind an earlier pending one of its subject it has no `due_at`.
        """

    def get(self, webhook_id: WebhookId, delivery_id: WebhookDeliveryId) -> WebhookDelivery:
        """Return a webhook's delivery.

        Raises:
            WebhookDeliveryNotFound: the webhook has none with this id.
        """

    def put(self, delivery: WebhookDelivery) -> None:
        """Store what has changed of a stored delivery: its state, when it is due, and its latest attempt."""

    def make_next_due(self, webhook_id: WebhookId, subject: str, *, now: datetime) -> None:
        """Make the first pending delivery of a subject due now, if it has waited for an earlier one."""

    def due(self, webhook_id: WebhookId, *, now: datetime, limit: int) -> Sequence[WebhookDelivery]:
        """Return at most `limit` deliveries that are due, those due first first."""

    def next_due_at(self, webhook_id: WebhookId) -> datetime | None:
        """Return when the first delivery is due; `None` if none is."""

    def pending(self, webhook_id: WebhookId, *, count_max: int) -> int:
        """Return how many deliveries are pending, counted up to `count_max`."""

    def page(self, webhook_id: WebhookId, *, before: int | None, limit: int) -> Sequence[WebhookDelivery]:
        """Return at most `limit` deliveries with a position less than `before`, newest first."""

    def purge(self, *, created_before: datetime, limit: int) -> int:
        """Delete at most `limit` deliveries created before then, of all webhooks, oldest first; return how many.

        Where a pending one is deleted, the next one of its subject is due.
        """


class WebhookSender(Protocol):
    """Sends events to addresses that untrusted users choose."""

    def check(self, url: str) -> None:
        """Check that something may be sent to a URL now.

        Raises:
            UnsafeWebhookUrl: it isn't http or https, or leads to a host that isn't public, or to none.
        """

    def send(self, message: WebhookMessage) -> WebhookAttempt:
        """Make one attempt, which checks the URL again, follows no redirect, and ends after `WEBHOOK_TIME_MAX`.

        Whatever the receiver does is a result, and no error. It is `UNREACHED` where no connection was made, which
        may be a fault of our own network.
        """
