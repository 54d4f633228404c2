"""Wallets and ledgers in memory."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from spike_core.domain.errors import DuplicateEntry, EntryNotFound, StaleWrite, TransactionUndone, WalletNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import EntryKind, LedgerEntry, Reference
from spike_core.domain.wallet import Posting, Wallet
from spike_memory.state import Rows


@frozen
class MemoryWallets:
    """See the port."""

    _rows: Rows

    def get(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet."""
        try:
            return self._rows.state.wallets[owner_id]
        except KeyError as error:
            raise WalletNotFound from error

    def lock(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet; the one writer there is has all locks."""
        self._rows.check_writable()
        return self.get(owner_id)

    def open(self, posting: Posting) -> None:
        """Store a new wallet with its first entries."""
        state = self._rows.check_writable()
        if posting.wallet.owner_id in state.wallets:
            raise TransactionUndone
        self.post(posting)

    def post(self, posting: Posting) -> None:
        """Store a wallet with the entries that explain its change."""
        state = self._rows.check_writable()
        owner_id = posting.wallet.owner_id
        ledger = (*state.ledgers.get(owner_id, ()), *posting.entries)
        if [entry.sequence for entry in ledger] != list(range(1, posting.wallet.entries + 1)):
            raise StaleWrite("wallet")
        if posting.entries:
            _check_unique(entry for entries in (*state.ledgers.values(), posting.entries) for entry in entries)
        state.ledgers[owner_id] = ledger
        state.wallets[owner_id] = posting.wallet

    def entry(self, owner_id: OwnerId, reference: Reference) -> LedgerEntry:
        """Return the owner's entry with this reference."""
        for entry in self._rows.state.ledgers.get(owner_id, ()):
            if entry.reference == reference:
                return entry
        raise EntryNotFound

    def entries(self, owner_id: OwnerId, *, before: int | None = None, limit: int) -> Sequence[LedgerEntry]:
        """Return a page of entries, newest first."""
        entries = self._rows.state.ledgers.get(owner_id, ())
        return [entry for entry in reversed(entries) if before is None or entry.sequence < before][:limit]


def _check_unique(entries: Iterable[LedgerEntry]) -> None:
    """Check that each job has at most one charge and at most one refund, and each reference of an owner one entry."""
    seen: set[tuple[object, object]] = set()
    for entry in entries:
        if entry.job_id is not None:
            movement: tuple[object, object] = (entry.job_id, entry.kind is EntryKind.REFUND)
        elif entry.reference is not None:
            movement = (entry.owner_id, entry.reference)
        else:
            continue
        if movement in seen:
            raise DuplicateEntry
        seen.add(movement)
