"""The laws of `Subscriptions`."""

from attrs import evolve

from spike_contracts.builders import NOON
from spike_contracts.event_builders import a_movement
from spike_contracts.events import INDEX, MAIL, SECOND, backlog, record
from spike_core.domain.event_deliveries import SubscriberName, Subscription
from spike_core.ports.transactions import Transactions


class SubscriptionsContract:
    """Laws every Subscriptions adapter keeps. Fixture: `transactions`."""

    def test_subscriptions_are_listed_by_name_and_replaced(self, transactions: Transactions) -> None:
        mail = Subscription(name=MAIL, event_types=frozenset({"job.completed", "image.deleted"}), seen_at=NOON)
        index = Subscription(name=INDEX, event_types=frozenset({"image.uploaded"}), seen_at=NOON)
        with transactions.begin() as tx:
            tx.subscriptions.put(index)
            tx.subscriptions.put(mail)
        with transactions.view() as tx:
            assert list(tx.subscriptions.all()) == [mail, index]
        changed = evolve(mail, event_types=frozenset({"job.failed"}), seen_at=NOON + SECOND)
        with transactions.begin() as tx:
            tx.subscriptions.put(changed)
        with transactions.view() as tx:
            assert list(tx.subscriptions.all()) == [changed, index]

    def test_seeing_a_subscriber_changes_nothing_else_and_makes_none(self, transactions: Transactions) -> None:
        mail = Subscription(name=MAIL, event_types=frozenset({"job.completed"}), seen_at=NOON)
        other = evolve(mail, name=INDEX)
        with transactions.begin() as tx:
            tx.subscriptions.put(mail)
            tx.subscriptions.put(other)
            tx.subscriptions.see(MAIL, now=NOON + SECOND)
            tx.subscriptions.see(SubscriberName("unknown"), now=NOON)
        with transactions.view() as tx:
            assert list(tx.subscriptions.all()) == [evolve(mail, seen_at=NOON + SECOND), other]

    def test_a_removed_subscription_is_gone_and_its_deliveries_stay(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            for name in (MAIL, INDEX):
                tx.subscriptions.put(Subscription(name=name, event_types=frozenset({"job.failed"}), seen_at=NOON))
        record(transactions, a_movement())
        with transactions.begin() as tx:
            tx.subscriptions.remove(MAIL)
            tx.subscriptions.remove(MAIL)
        with transactions.view() as tx:
            assert [each.name for each in tx.subscriptions.all()] == [INDEX]
        assert backlog(transactions).waiting == 1
