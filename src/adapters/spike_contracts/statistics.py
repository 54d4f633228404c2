"""The laws of `Statistics`."""

from datetime import timedelta

from spike_contracts.builders import NOON, a_job, a_started_job, an_image, an_opening
from spike_contracts.jobs import a_job_of_each_kind, store
from spike_core.domain.ledger import EntryKind
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.statistics import QueueStatistics, RefundStatistics
from spike_core.domain.tokens import Tokens
from spike_core.ports.transactions import Transactions

NOTHING = QueueStatistics(waiting=0, announced=0, started=0, claimed=0, oldest_unclaimed_at=None)


class StatisticsContract:
    """Laws every Statistics adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_where_there_is_nothing_everything_is_zero(self, transactions: Transactions) -> None:
        with transactions.view() as tx:
            assert tx.statistics.queue() == NOTHING
            assert tx.statistics.refunds() == RefundStatistics(refunds=0, tokens=0)

    def test_jobs_are_counted_by_how_far_they_are(self, transactions: Transactions) -> None:
        """Settled jobs aren't counted; the oldest job is the oldest unclaimed one."""
        each = a_job_of_each_kind()  # including one pending, one started and one claimed
        announced = a_job(now=NOON - timedelta(minutes=5))
        started = a_started_job(now=NOON)
        with transactions.begin() as tx:
            store(tx, *each, announced, started)
            tx.outbox.put([OutboxMessage(job_id=announced.id, due_at=NOON)])
        with transactions.view() as tx:
            assert tx.statistics.queue() == QueueStatistics(
                waiting=1, announced=1, started=2, claimed=1, oldest_unclaimed_at=announced.spec.created_at
            )

    def test_refunds_are_summed_over_all_owners(self, transactions: Transactions) -> None:
        with transactions.begin() as tx:
            for price in (2, 5):
                opening = an_opening(20)
                owner = opening.wallet.owner_id
                tx.wallets.open(opening)
                job = a_job(image=an_image(owner_id=owner))
                store(tx, job)
                spent = opening.wallet.spend(
                    Tokens(price), job_id=job.id, now=NOON, reason="spent", kind=EntryKind.SPEND_ENHANCEMENT
                )
                tx.wallets.post(spent)
                tx.wallets.post(spent.wallet.refund(Tokens(price), job_id=job.id, now=NOON, reason="refunded"))
        with transactions.view() as tx:
            assert tx.statistics.refunds() == tx.audit.refunds() == RefundStatistics(refunds=2, tokens=7)
