"""The ledger port: reading only. Entries are written by `Wallets.post`, together with the balance."""

from collections.abc import Sequence
from typing import Protocol

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import LedgerEntry, LedgerTotals


class Ledger(Protocol):
    """The append-only ledgers of all owners, within one transaction."""

    def page(self, owner_id: OwnerId, *, before: int | None = None, limit: int) -> Sequence[LedgerEntry]:
        """Return at most `limit` of the owner's entries, newest first: those numbered below `before`, or the last."""

    def totals(self, owner_id: OwnerId) -> LedgerTotals:
        """Return the sums over the owner's whole ledger; zeros for an owner without entries."""
