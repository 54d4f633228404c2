"""The wallet repository port."""

from collections.abc import Sequence
from typing import Protocol

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import LedgerEntry, Reference
from spike_core.domain.wallet import Posting, Wallet


class WalletRepository(Protocol):
    """All wallets and their ledgers, within one transaction. Ledger entries are written by `open` and `post` alone."""

    def get(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet, without locking it.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """

    def lock(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet, locked until the transaction ends.

        Raises:
            WalletNotFound: the owner has never been granted a token.
        """

    def open(self, posting: Posting) -> None:
        """Store a new wallet together with its first entries.

        Raises:
            TransactionUndone: the owner has a wallet, perhaps since another transaction opened it at the same time.
        """

    def post(self, posting: Posting) -> None:
        """Store a locked wallet together with the ledger entries of its change, or neither.

        Raises:
            DuplicateEntry: a job of these entries was charged, or refunded, before; or the owner's ledger has the
                reference of one of them.
            StaleWrite: the wallet has changed since it was read, so it wasn't locked.
        """

    def entry(self, owner_id: OwnerId, reference: Reference) -> LedgerEntry:
        """Return the owner's ledger entry with this reference.

        Raises:
            EntryNotFound: there is none.
        """

    def entries(self, owner_id: OwnerId, *, before: int | None = None, limit: int) -> Sequence[LedgerEntry]:
        """Return at most `limit` of the owner's ledger entries with a number below `before`, newest first."""
