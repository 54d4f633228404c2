"""Webhook sending: deliveries that are due are sent, each webhook by one process at a time and by itself."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from attrs import field, frozen

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
from spike_core.services.webhook_outage import OutageWatch

CLAIM: Final = timedelta(minutes=1)  # longer than `SEND_FOR` and the last attempt together
SEND_FOR: Final = timedelta(seconds=20)  # to one webhook, before others have their turn
DELIVERIES_PER_CLAIM: Final = 20
PURGE_BATCH: Final = 500

_log: Final = logging.getLogger(__name__)


@frozen(kw_only=True)
class _Turn:
    """What a process is about to send to a webhook: the first of these deliveries."""

    webhook: Webhook
    due: Sequence[WebhookDelivery]


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
    outage: OutageWatch = field(factory=OutageWatch, init=False, repr=False)

    def claim(self, *, slots: int, quick_slots: int, slow_slots: int) -> Sequence[ClaimedWebhook]:
        """Claim at most `slots` webhooks that are due, of them at most `slow_slots` slow and `quick_slots` other ones.

        The claimed ones must be given to `send`, in threads of their own: one may take as long as a time-out.

        Raises:
            DatabaseUnavailable: nothing is claimed.
        """
        if slots <= 0:
            return ()
        with self.transactions.view() as tx:  # usually nothing is due, and this takes no lock
            if not tx.webhooks.has_due(now=self.clock.now()):
                return ()
        return self._claim(slots, quick_slots, slow_slots)

    @retry_on_conflict
    def _claim(self, slots: int, quick_slots: int, slow_slots: int) -> Sequence[ClaimedWebhook]:
        now = self.clock.now()
        until = now + CLAIM
        with self.transactions.begin() as tx:
            claimed: list[ClaimedWebhook] = []
            for is_slow, most in ((False, quick_slots), (True, slow_slots)):
                limit = min(most, slots - len(claimed))
                if limit > 0:
                    claimed += tx.webhooks.claim(now=now, until=until, limit=limit, is_slow=is_slow)
        return claimed

    def send(self, claimed: ClaimedWebhook) -> int:
        """Send a claimed webhook's due deliveries, one after the other, and release it; return how many were accepted.

        The first failure ends its turn. Those of one subject are sent in their order.

        Raises:
            DatabaseUnavailable: what wasn't recorded is sent again after the claim.
        """
        now = self.clock.now()
        ends_at = min(now + SEND_FOR, claimed.until - SEND_FOR)
        if now >= ends_at:  # this process was paused; there is no time left for an attempt
            self._release(claimed)
            return 0
        with self.transactions.view() as tx:
            due = tx.webhook_deliveries.due(claimed.webhook.id, now=now, limit=DELIVERIES_PER_CLAIM)
        if not due:
            self._release(claimed)
            return 0
        turn: _Turn | None = _Turn(webhook=claimed.webhook, due=due)
        sent = accepted = 0
        while turn is not None:
            attempt = self._attempt(turn)
            sent += 1
            accepted += attempt.result is AttemptResult.ACCEPTED
            left = 0 if self.clock.now() >= ends_at else DELIVERIES_PER_CLAIM - sent
            is_outage = self.outage.is_outage(turn.webhook.url, attempt, now=self.clock.now())
            turn = self._record(claimed, turn, attempt, left, is_outage=is_outage)
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

    def _attempt(self, turn: _Turn) -> WebhookAttempt:
        webhook, delivery = turn.webhook, turn.due[0]
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
        self, claimed: ClaimedWebhook, turn: _Turn, attempt: WebhookAttempt, left: int, *, is_outage: bool
    ) -> _Turn | None:
        """Store what became of an attempt; return the rest of the turn, or release the webhook and return `None`.

        At most `left` attempts follow. There is none, too, if another process has the webhook, or it was deleted.
        """
        now = self.clock.now()
        with self.transactions.begin() as tx:
            try:
                webhook = tx.webhooks.lock(claimed.webhook.id)
            except WebhookNotFound:  # deleted meanwhile
                return None
            if not tx.webhooks.holds(claimed):
                return None
            try:
                stored = tx.webhook_deliveries.get(webhook.id, turn.due[0].id)
            except WebhookDeliveryNotFound:  # purged meanwhile
                self._release_within(tx, claimed, webhook)
                return None
            if stored.state is WebhookState.PENDING:
                stored = stored.after(attempt, now=now)
                tx.webhook_deliveries.put(stored)
            if stored.state is not WebhookState.PENDING:
                tx.webhook_deliveries.make_next_due(webhook.id, stored.subject, now=now)
            webhook = webhook.resting(attempt, now=now) if is_outage else webhook.after(attempt, now=now)
            tx.webhooks.put(webhook)
            if webhook.disabled_at is not None:
                _log.info("the webhook %s is disabled: %s", webhook.id, webhook.disabled_because)
            if left > 0 and attempt.result is AttemptResult.ACCEPTED and webhook.disabled_at is None:
                due = turn.due[1:] or tx.webhook_deliveries.due(webhook.id, now=now, limit=left)
                if due:
                    return _Turn(webhook=webhook, due=due)
            self._release_within(tx, claimed, webhook)
            return None

    @retry_on_conflict
    def _release(self, claimed: ClaimedWebhook) -> None:
        with self.transactions.begin() as tx:
            try:
                webhook = tx.webhooks.lock(claimed.webhook.id)
            except WebhookNotFound:
                return
            self._release_within(tx, claimed, webhook)

    def _release_within(self, tx: Transaction, claimed: ClaimedWebhook, webhook: Webhook) -> None:
        """Release a locked webhook. One with more to send gets behind all that are due already."""
        due_at = tx.webhook_deliveries.next_due_at(webhook.id)
        if due_at is not None:
            due_at = webhook.rested(max(due_at, self.clock.now()))
        tx.webhooks.release(claimed, due_at=None if webhook.disabled_at else due_at)
