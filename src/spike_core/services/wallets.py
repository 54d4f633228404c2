"""Wallets: balances, their history, and grants."""

from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from spike_core.domain.accounts import Email
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import EntryKind, LedgerEntry, LedgerTotals
from spike_core.domain.limits import PAGE_SIZE, check_page_size
from spike_core.domain.regeneration import next_token_at
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Wallet
from spike_core.ports.clock import Clock
from spike_core.ports.transactions import Transactions
from spike_core.services.billing import Billing
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class Account:
    """A wallet after regeneration, with its ledger's totals."""

    wallet: Wallet
    cap: Tokens
    next_token_at: datetime | None  # `None` while the wallet is full
    totals: LedgerTotals


@frozen(kw_only=True)
class HistoryPage:
    """A page of a wallet's ledger, newest first."""

    entries: Sequence[LedgerEntry]
    next_before: int | None  # where the next page starts, `None` behind the last


@frozen(kw_only=True)
class Wallets:
    """Reads wallets and their history, and grants tokens."""

    transactions: Transactions
    clock: Clock
    billing: Billing

    def account(self, owner_id: OwnerId) -> Account:
        """Return the owner's account. Regenerated tokens are included but not yet stored.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """
        with self.transactions.view() as tx:
            stored = tx.wallets.get(owner_id)
            wallet = self.billing.balance(tx, owner_id, now=self.clock.now())
        policy = self.billing.policy
        return Account(
            wallet=wallet,
            cap=policy.cap,
            next_token_at=next_token_at(wallet, policy),
            totals=evolve(stored.totals, earned=stored.totals.earned + (wallet.balance - stored.balance)),
        )

    def history(self, owner_id: OwnerId, *, before: int | None = None, limit: int = PAGE_SIZE) -> HistoryPage:
        """Return a page of the owner's ledger, newest first; `limit` is 1 to `PAGE_SIZE_MAX`.

        Raises:
            InvalidValue: `limit` is out of range.
        """
        check_page_size(limit)
        with self.transactions.view() as tx:
            entries = tx.wallets.entries(owner_id, before=before, limit=limit + 1)
        page = entries[:limit]
        return HistoryPage(entries=page, next_before=page[-1].sequence if len(entries) > limit else None)

    @retry_on_conflict
    def grant(self, email: Email, tokens: Tokens, *, reason: str = "Granted by the operator") -> Tokens:
        """Add tokens to the wallet of the user with this address and return the new balance.

        Raises:
            UserNotFound: there is no such user.
        """
        with self.transactions.begin() as tx:
            now = self.clock.now()
            user = tx.users.user_by_email(email)
            posting = self.billing.lock(tx, user.id, now=now)
            kind = EntryKind.EARN_ADJUSTMENT
            granted = posting.wallet.credit(tokens, kind=kind, now=now, reason=reason).after(posting)
            tx.wallets.post(granted)
        return granted.wallet.balance
