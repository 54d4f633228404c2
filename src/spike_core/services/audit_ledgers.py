"""The audit of wallets and ledgers, which are read in the same order, each once."""

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from spike_core.domain.identifiers import ANONYMOUS, OwnerId, UserId
from spike_core.domain.invariants import Check, Finding, LedgerChain, check_times
from spike_core.domain.ledger import LedgerEntry, LedgerPosition
from spike_core.domain.wallet import Wallet
from spike_core.ports.audit import AuditPage
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.audit_run import AUDIT_PAGE, AuditRun, unreadable


@frozen(kw_only=True)
class LedgerAudit:
    """Compares each wallet with its ledger, and all ledgers with the running sum of refunds (I1)."""

    transactions: Transactions
    run: AuditRun

    def wallets(self, *, now: datetime) -> Iterator[Finding]:
        """Yield what is wrong between wallets and ledgers."""
        with self.transactions.view() as tx:
            first = tx.audit.users(limit=1)
        keeps_users = bool(first.rows or first.unreadable)  # an app that embeds Spike may have users of its own only
        after: OwnerId | None = None
        while True:
            with self.transactions.view() as tx:
                page = tx.audit.wallets(after=after, limit=AUDIT_PAGE)
                users = tx.audit.users_among([wallet.owner_id for wallet in page])
                findings = list(self._compared(tx, page, after=after, now=now))
            yield from unreadable(page)
            yield from findings
            for wallet in page:
                if keeps_users and _is_users(wallet.owner_id) and wallet.owner_id not in users:
                    yield from self.run.without_account(wallet.owner_id, "the wallet's owner isn't a user")
            if page.next is None:
                return
            after = page.next

    def refunds(self) -> Iterator[Finding]:
        """Yield the running sum of all refunds if the ledgers add up to another."""
        with self.transactions.view() as tx:
            kept, counted = tx.statistics.refunds(), tx.audit.refunds()
        if kept != counted:
            message = (
                f"{kept.refunds} refunds of {kept.tokens} tokens are counted, the ledgers explain"
                f" {counted.refunds} of {counted.tokens}"
            )
            yield Finding(check=Check.REFUND_TOTALS, subject="refunds", message=message)

    def _compared(
        self, tx: Transaction, page: AuditPage[Wallet, OwnerId], *, after: OwnerId | None, now: datetime
    ) -> Iterator[Finding]:
        """Yield what is wrong with these consecutive wallets, the first of which follows `after`."""
        until = tx.audit.unchained_until()
        chains = {wallet.owner_id: LedgerChain(owner_id=wallet.owner_id, unchained_until=until) for wallet in page}
        incomplete = set(page.damaged)
        position = None if after is None else LedgerPosition.after(after)
        while True:
            ledger = tx.audit.ledger(after=position, until=page.next, limit=AUDIT_PAGE)
            yield from unreadable(ledger)
            incomplete |= ledger.damaged
            for entry in ledger:
                yield from self._followed(entry, chains, incomplete, now=now)
            if ledger.next is None:
                break
            position = ledger.next
        for wallet in page:
            chain = chains[wallet.owner_id]
            self.run.coverage.unchained += chain.unchained
            yield from check_times(wallet, subject=str(wallet.owner_id), now=now, leeway={})
            if wallet.owner_id.text not in incomplete:
                yield from chain.check(wallet)

    def _followed(
        self, entry: LedgerEntry, chains: dict[OwnerId, LedgerChain], incomplete: set[str], *, now: datetime
    ) -> Iterator[Finding]:
        """Follow an owner's chain by one entry."""
        owner_id = entry.owner_id
        if owner_id in chains:
            chains[owner_id] = chains[owner_id].then(entry)
        elif owner_id.text not in incomplete:
            yield from self.run.without_account(owner_id, "there are ledger entries, but no wallet")
        yield from check_times(entry, subject=f"{owner_id}/{entry.sequence}", now=now, leeway={})


def _is_users(owner_id: OwnerId) -> bool:
    """Return whether the id is of the form that a user of Spike's has; owners of an app's own have others."""
    return owner_id != ANONYMOUS and UserId.pattern.fullmatch(owner_id.text) is not None
