"""The laws of `WebhookRepository`, `WebhookDeliveries` and `WebhookSender`."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_body, an_owner
from spike_contracts.event_builders import a_movement, one_event_of_each_kind
from spike_core.domain.errors import UnsafeWebhookUrl, WebhookDeliveryNotFound, WebhookNotFound
from spike_core.domain.identifiers import EventId, OwnerId, WebhookDeliveryId, WebhookId
from spike_core.domain.secrets import Secret
from spike_core.domain.webhooks import (
    AttemptResult,
    ClaimedWebhook,
    DisabledBecause,
    LoggedAttempt,
    Webhook,
    WebhookDelivery,
    WebhookEvent,
    WebhookMessage,
    WebhookSecret,
    WebhookState,
    WebhookTest,
)
from spike_core.ports.transactions import Transactions
from spike_core.ports.webhooks import WebhookSender

MILLISECOND: Final = timedelta(milliseconds=1)
SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
CLAIMERS: Final = 4


def a_webhook(owner_id: OwnerId | None = None, *, created_at: datetime = NOON, is_slow: bool = False) -> Webhook:
    """Return a webhook that wants two types of events."""
    return Webhook(
        id=WebhookId.of(a_body()),
        owner_id=owner_id or an_owner(),
        url="https://example.org/hook",
        event_types=frozenset({"job.completed", "tokens.moved"}),
        secret=WebhookSecret.of(Secret("s" * 43)),
        created_at=created_at,
        is_slow=is_slow,
    )


def a_test(owner_id: OwnerId | None = None) -> WebhookTest:
    """Return the event that tests a webhook."""
    return WebhookTest(id=EventId.of(a_body()), owner_id=owner_id or an_owner(), occurred_at=NOON)


def a_delivery(webhook: Webhook, event: WebhookEvent | None = None, *, now: datetime = NOON) -> WebhookDelivery:
    """Return a delivery that is due."""
    event = event or a_movement()
    return WebhookDelivery.of(event, to=webhook.id, id_=WebhookDeliveryId.of(a_body()), now=now)


def store(transactions: Transactions, *webhooks: Webhook, due: bool = True) -> None:
    """Store webhooks, which are due at noon."""
    with transactions.begin() as tx:
        for webhook in webhooks:
            tx.webhooks.put(webhook)
            if due:
                tx.webhooks.wake(webhook.id, at=NOON)


def add(transactions: Transactions, *deliveries: WebhookDelivery) -> list[bool]:
    """Store deliveries, as the holder of their webhook's lock does."""
    with transactions.begin() as tx:
        return [tx.webhook_deliveries.add(each) for each in deliveries]


def claim(
    transactions: Transactions, *, after: timedelta = timedelta(0), limit: int = 9, is_slow: bool = False
) -> Sequence[ClaimedWebhook]:
    """Claim webhooks for a minute, so long after noon."""
    now = NOON + after
    with transactions.begin() as tx:
        return tx.webhooks.claim(now=now, until=now + MINUTE, limit=limit, is_slow=is_slow)


def first(claimed: Sequence[ClaimedWebhook]) -> ClaimedWebhook:
    """Return the only one."""
    assert len(claimed) == 1
    return claimed[0]


def is_held(transactions: Transactions, claimed: ClaimedWebhook) -> bool:
    """Return whether a claim holds."""
    with transactions.view() as tx:
        return tx.webhooks.holds(claimed)


def release(transactions: Transactions, claimed: ClaimedWebhook, due_at: datetime | None) -> bool:
    """End a claim."""
    with transactions.begin() as tx:
        return tx.webhooks.release(claimed, due_at=due_at)


def due(transactions: Transactions, webhook: Webhook, *, after: timedelta = timedelta(0)) -> Sequence[WebhookEvent]:
    """Return the events of what is due so long after noon."""
    with transactions.view() as tx:
        found = tx.webhook_deliveries.due(webhook.id, now=NOON + after, limit=99)
    return [each.event for each in found]  # type: ignore[misc]  # all can be read


class WebhooksContract:
    """Laws every WebhookRepository adapter keeps. Fixture: `transactions`, of an empty database."""

    def test_a_webhook_is_read_as_it_was_stored_last(self, transactions: Transactions) -> None:
        plain, owner_id = a_webhook(), an_owner()
        full = evolve(
            a_webhook(owner_id, is_slow=True),
            previous_secret=WebhookSecret.of(Secret("p" * 43)),
            previous_until=NOON + MINUTE,
            disabled_at=NOON + SECOND,
            disabled_because=DisabledBecause.GONE,
            failing_since=NOON,
            failures=3,
            resting_until=NOON + MINUTE,
        )
        store(transactions, plain, full, due=False)
        changed = evolve(plain, url="https://example.org/2", event_types=frozenset({"job.failed"}), failures=1)
        store(transactions, changed, due=False)
        with transactions.begin() as tx:
            assert tx.webhooks.get(full.id) == tx.webhooks.lock(full.id) == full
            assert tx.webhooks.get(plain.id) == changed
            with pytest.raises(WebhookNotFound):
                tx.webhooks.get(a_webhook().id)
            with pytest.raises(WebhookNotFound):
                tx.webhooks.lock(a_webhook().id)

    def test_an_owner_has_their_own_oldest_first(self, transactions: Transactions) -> None:
        owner_id = an_owner()
        young, old = a_webhook(owner_id, created_at=NOON + SECOND), a_webhook(owner_id)
        with transactions.view() as tx:
            assert not tx.webhooks.has_any()
        store(transactions, young, old, a_webhook())
        with transactions.begin() as tx:
            assert list(tx.webhooks.of_owner(owner_id)) == list(tx.webhooks.lock_owner(owner_id)) == [old, young]
            assert tx.webhooks.has_any()
            tx.webhooks.remove(old.id)
            tx.webhooks.remove(old.id)
            assert list(tx.webhooks.of_owner(owner_id)) == [young]

    def test_what_is_due_is_claimed_once_and_the_first_first(self, transactions: Transactions) -> None:
        first, second, later, never = (a_webhook() for _ in range(4))
        store(transactions, second, first, later, never, due=False)
        with transactions.begin() as tx:
            for webhook, seconds in ((second, 2), (first, 1), (later, 9)):
                tx.webhooks.wake(webhook.id, at=NOON + seconds * SECOND)
        with transactions.view() as tx:
            assert not tx.webhooks.has_due(now=NOON)
            assert tx.webhooks.has_due(now=NOON + SECOND)
        assert [each.webhook for each in claim(transactions, after=5 * SECOND, limit=1)] == [first]
        assert [each.webhook for each in claim(transactions, after=5 * SECOND)] == [second]
        assert list(claim(transactions, after=5 * SECOND)) == []

    def test_slow_ones_are_claimed_by_themselves(self, transactions: Transactions) -> None:
        slow, quick = a_webhook(is_slow=True), a_webhook()
        store(transactions, slow, quick)
        assert [each.webhook for each in claim(transactions, is_slow=True)] == [slow]
        assert [each.webhook for each in claim(transactions)] == [quick]

    def test_a_claim_that_isn_t_released_ends_and_its_holder_changes_nothing(self, transactions: Transactions) -> None:
        store(transactions, webhook := a_webhook())
        lost = first(claim(transactions))
        assert lost.until == NOON + MINUTE
        assert list(claim(transactions, after=MINUTE - SECOND)) == []
        again = first(claim(transactions, after=MINUTE))
        assert again.webhook == webhook
        assert not is_held(transactions, lost)
        assert not release(transactions, lost, NOON)
        assert is_held(transactions, again)
        assert release(transactions, again, NOON + 9 * MINUTE)
        assert not is_held(transactions, again)
        assert not release(transactions, again, NOON)
        assert list(claim(transactions, after=8 * MINUTE)) == []
        assert len(claim(transactions, after=9 * MINUTE)) == 1

    def test_a_webhook_that_is_released_without_a_time_waits_to_be_woken(self, transactions: Transactions) -> None:
        store(transactions, webhook := a_webhook())
        claimed = first(claim(transactions))
        assert release(transactions, claimed, None)
        assert list(claim(transactions, after=9 * MINUTE)) == []
        with transactions.begin() as tx:
            tx.webhooks.wake(webhook.id, at=NOON + 9 * MINUTE)
            tx.webhooks.wake(webhook.id, at=NOON + 10 * MINUTE)
        assert len(claim(transactions, after=9 * MINUTE)) == 1

    def test_a_claimed_webhook_that_is_woken_stays_claimed(self, transactions: Transactions) -> None:
        store(transactions, webhook := a_webhook())
        claim(transactions)
        with transactions.begin() as tx:
            tx.webhooks.wake(webhook.id, at=NOON)
            tx.webhooks.put(webhook)
        assert list(claim(transactions)) == []
        with transactions.begin() as tx:  # disabled and enabled, meanwhile the process has crashed
            tx.webhooks.put(webhook.disable(DisabledBecause.OWNER, now=NOON))
            tx.webhooks.put(webhook)
            tx.webhooks.wake(webhook.id, at=NOON)
        assert list(claim(transactions)) == []
        assert len(claim(transactions, after=MINUTE)) == 1

    def test_a_disabled_webhook_isn_t_due_until_it_is_woken_again(self, transactions: Transactions) -> None:
        store(transactions, webhook := a_webhook())
        disabled = webhook.disable(DisabledBecause.OWNER, now=NOON)
        store(transactions, disabled)
        assert list(claim(transactions, after=MINUTE)) == []
        store(transactions, disabled.enable(), due=False)
        assert list(claim(transactions, after=MINUTE)) == []
        store(transactions, disabled.enable())
        assert [each.webhook for each in claim(transactions)] == [webhook]

    def test_many_who_claim_at_once_get_each_webhook_once(self, transactions: Transactions) -> None:
        store(transactions, *(webhooks := [a_webhook() for _ in range(3 * CLAIMERS)]))
        start = threading.Barrier(CLAIMERS)

        def claim_all() -> list[WebhookId]:
            start.wait()
            return [each.webhook.id for _ in range(3 * CLAIMERS) for each in claim(transactions, limit=2)]

        with ThreadPoolExecutor(CLAIMERS) as pool:
            claimed = [each for done in [pool.submit(claim_all) for _ in range(CLAIMERS)] for each in done.result()]
        assert sorted(claimed) == sorted(webhook.id for webhook in webhooks)


class WebhookDeliveriesContract:
    """Laws every WebhookDeliveries adapter keeps. Fixture: `transactions`, of an empty database."""

    def test_every_kind_of_event_is_read_as_it_was_stored(self, transactions: Transactions) -> None:
        store(transactions, webhook := a_webhook())
        deliveries = [a_delivery(webhook, event) for event in (*one_event_of_each_kind(), a_test())]
        assert all(add(transactions, *deliveries))
        with transactions.view() as tx:
            page = list(tx.webhook_deliveries.page(webhook.id, before=None, limit=99))
            for stored, delivery in zip(page[::-1], deliveries, strict=True):
                assert stored == evolve(delivery, position=stored.position, due_at=stored.due_at)
                assert tx.webhook_deliveries.get(webhook.id, delivery.id) == stored
            with pytest.raises(WebhookDeliveryNotFound):
                tx.webhook_deliveries.get(a_webhook().id, deliveries[0].id)
            with pytest.raises(WebhookDeliveryNotFound):
                tx.webhook_deliveries.get(webhook.id, a_delivery(webhook).id)

    def test_an_event_is_stored_once_per_webhook(self, transactions: Transactions) -> None:
        one, other, event = a_webhook(), a_webhook(), a_movement()
        store(transactions, one, other)
        assert add(transactions, a_delivery(one, event), a_delivery(one, event), a_delivery(other, event)) == [
            True,
            False,
            True,
        ]
        with transactions.view() as tx:
            assert tx.webhook_deliveries.pending(one.id, count_max=9) == 1

    def test_of_a_subject_one_is_due_at_a_time_and_webhooks_are_independent(self, transactions: Transactions) -> None:
        one, other, owner_id = a_webhook(), a_webhook(), an_owner()
        store(transactions, one, other)
        events = [a_movement(number, owner_id=owner_id) for number in (1, 2, 3)]
        deliveries = [a_delivery(one, event) for event in events]
        add(transactions, *deliveries, a_delivery(other, events[1]), a_delivery(one, apart := a_movement()))
        assert due(transactions, other) == [events[1]]
        assert due(transactions, one) == [events[0], apart]
        for number, delivery in enumerate(deliveries):
            with transactions.begin() as tx:
                ended = evolve(
                    tx.webhook_deliveries.get(one.id, delivery.id), state=WebhookState.DELIVERED, due_at=None
                )
                tx.webhook_deliveries.put(ended)
                tx.webhook_deliveries.make_next_due(one.id, ended.subject, now=NOON + SECOND)
            assert due(transactions, one, after=SECOND) == [apart, *events[number + 1 : number + 2]]

    def test_a_later_one_waits_for_one_that_is_postponed(self, transactions: Transactions) -> None:
        store(transactions, webhook := a_webhook())
        owner_id = an_owner()
        first, second = (a_delivery(webhook, a_movement(number, owner_id=owner_id)) for number in (1, 2))
        add(transactions, first)
        with transactions.begin() as tx:
            held = tx.webhook_deliveries.get(webhook.id, first.id)
            log = (LoggedAttempt(at=NOON, took=20 * MILLISECOND, status=500, detail="é"),)
            tried = evolve(held, due_at=NOON + MINUTE, attempts=1, status=500, detail="x", log=log)
            tx.webhook_deliveries.put(tried)
            tx.webhook_deliveries.add(second)
            tx.webhook_deliveries.make_next_due(webhook.id, first.subject, now=NOON)
            assert tx.webhook_deliveries.next_due_at(webhook.id) == NOON + MINUTE
        assert due(transactions, webhook) == []
        assert due(transactions, webhook, after=MINUTE) == [first.event]
        with transactions.view() as tx:
            stored = tx.webhook_deliveries.get(webhook.id, first.id)
            assert (stored.attempts, stored.status, stored.detail, stored.log) == (1, 500, "x", log)
            assert tx.webhook_deliveries.next_due_at(a_webhook().id) is None

    def test_what_is_due_first_comes_first(self, transactions: Transactions) -> None:
        store(transactions, webhook := a_webhook())
        late, early = a_delivery(webhook, now=NOON + SECOND), a_delivery(webhook)
        add(transactions, late, early)
        assert due(transactions, webhook, after=SECOND) == [early.event, late.event]
        with transactions.view() as tx:
            assert len(tx.webhook_deliveries.due(webhook.id, now=NOON + SECOND, limit=1)) == 1

    def test_pages_follow_one_another_newest_first(self, transactions: Transactions) -> None:
        webhook, other = a_webhook(), a_webhook()
        store(transactions, webhook, other)
        deliveries = [a_delivery(webhook) for _ in range(5)]
        add(transactions, *deliveries, a_delivery(other))
        read: list[WebhookDelivery] = []
        with transactions.view() as tx:
            while page := tx.webhook_deliveries.page(webhook.id, before=read[-1].position if read else None, limit=2):
                assert len(page) <= 2
                read += page
            assert tx.webhook_deliveries.pending(webhook.id, count_max=3) == 3
            assert tx.webhook_deliveries.pending(webhook.id, count_max=9) == 5
        assert [each.id for each in read] == [each.id for each in deliveries[::-1]]

    def test_old_ones_are_deleted_in_portions_and_free_their_subject(self, transactions: Transactions) -> None:
        store(transactions, webhook := a_webhook())
        owner_id = an_owner()
        events = [a_movement(number, owner_id=owner_id) for number in (1, 2, 3)]
        times = (NOON, NOON, NOON + SECOND)
        add(transactions, *(a_delivery(webhook, event, now=at) for event, at in zip(events, times, strict=True)))
        with transactions.begin() as tx:
            assert tx.webhook_deliveries.purge(created_before=NOON, limit=9) == 0
            assert tx.webhook_deliveries.purge(created_before=NOON + SECOND, limit=1) == 1
        assert due(transactions, webhook, after=MINUTE) == [events[1]]
        with transactions.begin() as tx:
            assert tx.webhook_deliveries.purge(created_before=NOON + SECOND, limit=9) == 1
        assert due(transactions, webhook, after=MINUTE) == [events[2]]


class WebhookSenderContract:
    """Laws every WebhookSender adapter keeps.

    Fixtures: `webhook_sender`, and `receiver`, which returns a URL of a receiver that answers with a status; for
    `None` of one that can't be reached.
    """

    @pytest.mark.parametrize(
        ("status", "result"),
        [
            (200, AttemptResult.ACCEPTED),
            (299, AttemptResult.ACCEPTED),
            (302, AttemptResult.FAILED),
            (410, AttemptResult.GONE),
            (500, AttemptResult.FAILED),
            (None, AttemptResult.UNREACHED),
        ],
    )
    def test_the_receiver_s_status_says_what_became_of_an_attempt(
        self,
        webhook_sender: WebhookSender,
        receiver: Callable[[int | None], str],
        status: int | None,
        result: AttemptResult,
    ) -> None:
        url = receiver(status)
        webhook_sender.check(url)
        attempt = webhook_sender.send(a_message(url))
        assert (attempt.result, attempt.status) == (result, status)
        assert attempt.took >= timedelta(0)

    @pytest.mark.parametrize(
        "url", ["ftp://example.org/", "", "example.org", "http://127.1.2.3/", "https://[::1]:443/"]
    )
    def test_nothing_is_sent_where_nothing_may_be(self, webhook_sender: WebhookSender, url: str) -> None:
        with pytest.raises(UnsafeWebhookUrl):
            webhook_sender.check(url)
        attempt = webhook_sender.send(a_message(url))
        assert (attempt.result, attempt.status) == (AttemptResult.FAILED, None)
        assert attempt.detail


def a_message(url: str) -> WebhookMessage:
    """Return a message to this URL."""
    return WebhookMessage(url=url, secrets=(WebhookSecret.of(Secret("s" * 43)),), event=a_test(), sent_at=NOON)
