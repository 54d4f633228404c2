"""Wallets and ledgers in a database."""

from collections.abc import Sequence
from typing import Final, NoReturn
from zlib import crc32

from attrs import frozen
from sqlalchemy import bindparam, delete, insert, select, update

from spike_core.domain.errors import DuplicateEntry, StaleWrite, WalletNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import SEQUENCE_MAX, EntryKind, LedgerEntry
from spike_core.domain.wallet import Posting, Wallet
from spike_sqlalchemy.prepared import Prepared, counted_upsert, insert_unless
from spike_sqlalchemy.rows import entry_of, entry_row, wallet_of, wallet_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import ledger_entries, refund_totals, wallets

_WALLET: Final = select(wallets).where(wallets.c.owner_id == bindparam("owner"))
_GET: Final = Prepared(_WALLET)
_LOCK: Final = Prepared(_WALLET.with_for_update())
_OPEN: Final = Prepared(insert(wallets).inline())
_STORE: Final = Prepared(
    update(wallets)
    .where(wallets.c.owner_id == bindparam("owner"), wallets.c.entries == bindparam("earlier_entries"))
    .values(
        balance=bindparam("new_balance"),
        regenerated_at=bindparam("new_regenerated_at"),
        entries=bindparam("new_entries"),
        spent=bindparam("new_spent"),
        refunded=bindparam("new_refunded"),
    )
)
_EXPLAIN_OPENING: Final = Prepared(insert(ledger_entries).inline())
_EXPLAIN: Final = insert_unless(ledger_entries)
_TAKE_BACK: Final = Prepared(
    delete(ledger_entries).where(
        ledger_entries.c.owner_id == bindparam("owner"), ledger_entries.c.sequence > bindparam("behind")
    )
)
_PAGE: Final = Prepared(
    select(ledger_entries)
    .where(ledger_entries.c.owner_id == bindparam("owner"), ledger_entries.c.sequence < bindparam("before"))
    .order_by(ledger_entries.c.sequence.desc())
    .limit(bindparam("rows_max"))
)
_COUNT_REFUNDS: Final = counted_upsert(refund_totals, adds=("refunds", "tokens"))
REFUND_SHARDS: Final = 16  # rows that the refunds are counted in, so that they rarely wait for each other


@frozen
class SqlAlchemyWallets:
    """See the port."""

    _statements: Statements

    def get(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet."""
        for row in self._statements.rows(_GET, {"owner": owner_id.text}):
            return wallet_of(row)
        raise WalletNotFound

    def lock(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet, locked; on SQLite the one writer there is has all locks."""
        for row in self._statements.locked_rows(_LOCK, {"owner": owner_id.text}):
            return wallet_of(row)
        raise WalletNotFound

    def open(self, posting: Posting) -> None:
        """Store a new wallet with its first entries."""
        self._statements.write_all(_OPEN, [wallet_row(posting.wallet)])
        self._statements.write_all(_EXPLAIN_OPENING, [entry_row(entry) for entry in posting.entries])
        self._count_refunds(posting.wallet.owner_id, posting.entries)

    def post(self, posting: Posting) -> None:
        """Store a wallet with the entries that explain its change, or neither.

        The entries go first: one that is refused leaves the wallet as it was.
        """
        wallet, entries = posting.wallet, [entry_row(entry) for entry in posting.entries]
        earlier_entries = wallet.entries - len(entries)
        if self._statements.write_all(_EXPLAIN, entries) < len(entries):
            self._refuse(wallet.owner_id, earlier_entries)
        hit = self._statements.write(
            _STORE,
            {
                "owner": wallet.owner_id.text,
                "earlier_entries": earlier_entries,
                "new_balance": wallet.balance.amount,
                "new_regenerated_at": wallet.regenerated_at,
                "new_entries": wallet.entries,
                "new_spent": wallet.spent.amount,
                "new_refunded": wallet.refunded.amount,
            },
        )
        if hit != 1:
            raise StaleWrite("wallet")
        self._count_refunds(wallet.owner_id, posting.entries)

    def _count_refunds(self, owner_id: OwnerId, entries: Sequence[LedgerEntry]) -> None:
        """Add the refunds to the owner's shard of the totals, whose row stays locked until the transaction ends."""
        amounts = [entry.amount for entry in entries if entry.kind is EntryKind.REFUND]
        if amounts:
            row = {
                "shard": crc32(owner_id.text.encode()) % REFUND_SHARDS,
                "refunds": len(amounts),
                "tokens": sum(amounts),
            }
            self._statements.write(_COUNT_REFUNDS, row)

    def _refuse(self, owner_id: OwnerId, earlier_entries: int) -> NoReturn:
        """Take back those entries that weren't refused."""
        if self.get(owner_id).entries != earlier_entries:
            raise StaleWrite("wallet")
        self._statements.write(_TAKE_BACK, {"owner": owner_id.text, "behind": earlier_entries})
        raise DuplicateEntry

    def entries(self, owner_id: OwnerId, *, before: int | None = None, limit: int) -> Sequence[LedgerEntry]:
        """Return a page of entries, newest first."""
        below = SEQUENCE_MAX if before is None else before
        rows = self._statements.rows(_PAGE, {"owner": owner_id.text, "before": below, "rows_max": limit})
        return [entry_of(row) for row in rows]
