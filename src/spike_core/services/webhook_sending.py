"""Webhook sending: deliveries that are due are sent, each webhook by one process at a time and by itself."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum, auto
from typing import Final

from attrs import evolve, frozen

from spike_core.domain.errors import UnsafeWebhookUrl, WebhookDeliveryNotFound, WebhookNotFound
from spike_core.domain.event_deliveries import Subscription, UnreadableEvent
from spike_core.domain.events import EVENT_TYPES
from spike_core.domain.webhooks import (
    LOG_RETENTION,
    WEBHOOKS,
    AttemptResult,
    ClaimedWebhook,
    Webhook,
    WebhookAttempt,
    WebhookDelivery,
    WebhookMessage,
    WebhookState,
)
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transaction
from spike_core.ports.webhooks import WebhookSender
from spike_core.services.event_recording import RecordingTransactions
from spike_core.services.transaction_retries import retry_on_conflict

CLAIM: Final = timedelta(minutes=1)  # longer than `SEND_FOR` and the last attempt together
SEND_FOR: Final = timedelta(seconds=20)  # to one webhook, before others have their turn
DELIVERIES_PER_CLAIM: Final = 20
PURGE_BATCH: Final = 500

_log: Final = logging.getLogger(__name__)


class _Next(Enum):
    """What follows an attempt."""

    ATTEMPT = auto()
    OTHERS = auto()  # this webhook has had its turn
    NOTHING = auto()  # another process has it, or it was deleted


@frozen
class NoWebhooks:
    """A sender for an application without webhooks, which allows no URL."""

    def check(self, url: str) -> None:  # noqa: ARG002  # the port's
        """Refuse every URL.

        Raises:
            UnsafeWebhookUrl: always.
        """
        raise UnsafeWebhookUrl

    def send(self, message: WebhookMessage) -> WebhookAttempt:  # noqa: ARG002  # the port's
        """Send nothing."""
        return WebhookAttempt(result=AttemptResult.FAILED, took=timedelta(0), detail="webhooks are off")


@frozen(kw_only=True)
class WebhookSending:
    """Sends what is due. Any number of processes and threads may do so at once.

    A process that dies leaves its webhooks claimed for `CLAIM`; then another one sends to them, and repeats what wasn't
    recorded.
    """

    transactions: RecordingTransactions
    sender: WebhookSender
    clock: Clock

    def claim(self, *, slots: int, slow_slots: int) -> Sequence[ClaimedWebhook]:
        """Claim at most `slots` webhooks that are due, of them at most `slow_slots` slow ones.

        The claimed ones must be given to `send`, in threads of their own: one may take as long as a time-out.

        Raises:
            DatabaseUnavailable: nothing is claimed.
        """
        if slots <= 0:
            return ()
        with self.transactions.view() as tx:  # usually nothing is due, and this takes no lock
            if not tx.webhooks.has_due(now=self.clock.now()):
                return ()
        return self._claim(slots, slow_slots)

    @retry_on_conflict
    def _claim(self, slots: int, slow_slots: int) -> Sequence[ClaimedWebhook]:
        now = self.clock.now()
        until = now + CLAIM
        with self.transactions.begin() as tx:
            quick = tx.webhooks.claim(now=now, until=until, limit=slots, is_slow=False)
            left = min(slots - len(quick), slow_slots)
            slow = tx.webhooks.claim(now=now, until=until, limit=left, is_slow=True) if left > 0 else ()
        return [*quick, *slow]

    def send(self, claimed: ClaimedWebhook) -> int:
        """Send a claimed webhook's due deliveries, one after the other, and release it; return how many were accepted.

        The first failure ends its turn. Those of one subject are sent in their order.

        Raises:
            DatabaseUnavailable: what wasn't recorded is sent again after the claim.
        """
        now = self.clock.now()
        ends_at = min(now + SEND_FOR, claimed.until - SEND_FOR)
        with self.transactions.view() as tx:
            due = tx.webhook_deliveries.due(claimed.webhook.id, now=now, limit=DELIVERIES_PER_CLAIM)
        webhook, accepted = claimed.webhook, 0
        for number, delivery in enumerate(due, start=1):
            attempt = self._attempt(webhook, delivery)
            is_last = number == len(due) or self.clock.now() >= ends_at
            following = self._record(claimed, delivery, attempt, is_last)
            accepted += attempt.result is AttemptResult.ACCEPTED
            if following is not _Next.ATTEMPT:
                return accepted
        self._release(claimed)  # nothing was due
        return accepted

    def purge(self) -> int:
        """Delete what is older than the log, and end the recording of events if no webhook is left; return how many.

        Raises:
            DatabaseUnavailable: the next run continues.
        """
        self._keep_subscription()
        total = 0
        while True:
            purged = self._purge()
            total += purged
            if purged < PURGE_BATCH:
                return total

    @retry_on_conflict
    def _purge(self) -> int:
        before = self.clock.now() - LOG_RETENTION
        with self.transactions.begin() as tx:
            return tx.webhook_deliveries.purge(created_before=before, limit=PURGE_BATCH)

    @retry_on_conflict
    def _keep_subscription(self) -> None:
        """Store the subscription as just seen, or delete it. Creating a webhook stores it, too."""
        with self.transactions.view() as tx:
            if all(each.name != WEBHOOKS for each in tx.subscriptions.all()):
                return
        with self.transactions.begin() as tx:
            tx.subscriptions.remove(WEBHOOKS)  # first, which waits for a transaction that is creating a webhook
            if tx.webhooks.has_any():
                types = frozenset(EVENT_TYPES)
                tx.subscriptions.put(Subscription(name=WEBHOOKS, event_types=types, seen_at=self.clock.now()))

    def _attempt(self, webhook: Webhook, delivery: WebhookDelivery) -> WebhookAttempt:
        if isinstance(delivery.event, UnreadableEvent):
            detail = "this release can't read the event"
            return WebhookAttempt(result=AttemptResult.FAILED, took=timedelta(0), detail=detail)
        now = self.clock.now()
        message = WebhookMessage(url=webhook.url, secrets=webhook.secrets(now=now), event=delivery.event, sent_at=now)
        try:
            return self.sender.send(message)
        except Exception:  # noqa: BLE001  # a sender's own error is a failure of this webhook alone
            _log.exception("the webhook %s can't be sent to", webhook.id)
            return WebhookAttempt(result=AttemptResult.FAILED, took=timedelta(0), detail="internal error")

    @retry_on_conflict
    def _record(
        self,
        claimed: ClaimedWebhook,
        delivery: WebhookDelivery,
        attempt: WebhookAttempt,
        is_last: bool,  # noqa: FBT001  # of the turn
    ) -> _Next:
        """Store what became of an attempt, and release the webhook after its last one."""
        now = self.clock.now()
        with self.transactions.begin() as tx:
            try:
                webhook = tx.webhooks.lock(claimed.webhook.id)
                stored = tx.webhook_deliveries.get(webhook.id, delivery.id)
            except (WebhookNotFound, WebhookDeliveryNotFound):  # deleted meanwhile
                return _Next.NOTHING
            if not tx.webhooks.holds(claimed):
                return _Next.NOTHING
            if stored.state is WebhookState.PENDING:
                stored = stored.after(attempt, now=now)
                tx.webhook_deliveries.put(stored)
            if stored.state is not WebhookState.PENDING:
                tx.webhook_deliveries.make_next_due(webhook.id, stored.subject, now=now)
            webhook = webhook.after(attempt, now=now)
            tx.webhooks.put(webhook)
            if webhook.disabled_at is not None:
                _log.info("the webhook %s is disabled: %s", webhook.id, webhook.disabled_because)
            if not is_last and attempt.result is AttemptResult.ACCEPTED and webhook.disabled_at is None:
                return _Next.ATTEMPT
            self._release_within(tx, evolve(claimed, webhook=webhook))
            return _Next.OTHERS

    @retry_on_conflict
    def _release(self, claimed: ClaimedWebhook) -> None:
        with self.transactions.begin() as tx:
            try:
                webhook = tx.webhooks.lock(claimed.webhook.id)
            except WebhookNotFound:
                return
            self._release_within(tx, evolve(claimed, webhook=webhook))

    def _release_within(self, tx: Transaction, claimed: ClaimedWebhook) -> None:
        webhook = claimed.webhook
        due_at = tx.webhook_deliveries.next_due_at(webhook.id)
        if due_at is not None and webhook.failures:
            due_at = max(due_at, self.clock.now() + webhook.backoff)
        tx.webhooks.release(claimed, due_at=None if webhook.disabled_at else due_at)
