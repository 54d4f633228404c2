"""Wallets and their ledger in responses."""

from datetime import datetime

from attrs import frozen

from spike_core.domain.identifiers import JobId
from spike_core.domain.ledger import EntryKind, LedgerEntry
from spike_core.domain.tokens import Tokens
from spike_core.services.wallets import Account, HistoryPage


@frozen(kw_only=True)
class BalanceStatsView:
    """The sums behind a balance: earned - spent + refunded is the balance."""

    total_earned: Tokens
    total_spent: Tokens
    total_refunded: Tokens
    transaction_count: int


@frozen(kw_only=True)
class BalanceView:
    """The answer to `GET /api/tokens/balance`."""

    balance: Tokens
    max_balance: Tokens
    last_regeneration: datetime
    next_regeneration_at: datetime | None
    stats: BalanceStatsView

    @classmethod
    def of(cls, account: Account) -> "BalanceView":
        """Return the view of an account."""
        return cls(
            balance=account.wallet.balance,
            max_balance=account.cap,
            last_regeneration=account.wallet.regenerated_at,
            next_regeneration_at=account.next_token_at,
            stats=BalanceStatsView(
                total_earned=account.totals.earned,
                total_spent=account.totals.spent,
                total_refunded=account.totals.refunded,
                transaction_count=account.totals.entries,
            ),
        )


@frozen(kw_only=True)
class TransactionView:
    """One entry of a wallet's history."""

    id: str
    type: EntryKind
    amount: int
    balance_after: Tokens
    job_id: JobId | None
    reason: str
    reference: str | None  # of a credit or debit, such as the id of a payment
    created_at: datetime

    @classmethod
    def of(cls, entry: LedgerEntry) -> "TransactionView":
        """Return the view of a ledger entry."""
        return cls(
            id=f"txn_{entry.sequence}",
            type=entry.kind,
            amount=entry.amount,
            balance_after=entry.balance_after,
            job_id=entry.job_id,
            reason=entry.reason,
            reference=None if entry.reference is None else entry.reference.text,
            created_at=entry.created_at,
        )


@frozen(kw_only=True)
class HistoryView:
    """The answer to `GET /api/tokens/history`, newest first."""

    transactions: list[TransactionView]
    next_cursor: str | None
    has_more: bool

    @classmethod
    def of(cls, page: HistoryPage) -> "HistoryView":
        """Return the view of a page."""
        return cls(
            transactions=[TransactionView.of(entry) for entry in page.entries],
            next_cursor=None if page.next_before is None else str(page.next_before),
            has_more=page.next_before is not None,
        )
