"""Wallets and ledgers in a database."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, NoReturn
from zlib import crc32

from attrs import evolve, frozen
from sqlalchemy import bindparam, case, delete, func, insert, select, text, update

from spike_core.domain.errors import DuplicateEntry, EntryNotFound, StaleWrite, TransactionUndone, WalletNotFound
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.ledger import SEQUENCE_MAX, EntryKind, LedgerEntry, Reference
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting, Wallet
from spike_sqlalchemy.prepared_statements import Prepared, Row, counted_upsert, insert_unless
from spike_sqlalchemy.rows import entry_of, entry_row, wallet_of, wallet_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import IS_REFUND, IS_SPEND, ledger_chain, ledger_entries, refund_totals, wallets

_WALLET: Final = select(wallets).where(wallets.c.owner_id == bindparam("owner"))
_GET: Final = Prepared(_WALLET)
_LOCK: Final = Prepared(_WALLET.with_for_update())
_OPEN: Final = insert_unless(wallets)
_STORE: Final = Prepared(
    update(wallets).where(wallets.c.owner_id == bindparam("owner"), wallets.c.entries == bindparam("earlier_entries")),
    sets=[column.name for column in wallets.columns if not column.primary_key],
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
_BY_REFERENCE: Final = Prepared(
    select(ledger_entries).where(
        ledger_entries.c.owner_id == bindparam("owner"), ledger_entries.c.reference == bindparam("reference")
    )
)
_UNSUMMED: Final = Prepared(
    select(
        func.coalesce(func.sum(case((text(IS_SPEND), -ledger_entries.c.amount), else_=0)), 0),
        func.coalesce(func.sum(case((text(IS_REFUND), ledger_entries.c.amount), else_=0)), 0),
        func.coalesce(func.sum(case((text(IS_REFUND), 1), else_=0)), 0),
    ).where(ledger_entries.c.owner_id == bindparam("owner"), ledger_entries.c.sequence > bindparam("summed"))
)
_CATCH_UP: Final = Prepared(
    update(wallets)
    .where(wallets.c.owner_id == bindparam("owner"))
    .values(spent=bindparam("new_spent"), refunded=bindparam("new_refunded"), summed=wallets.c.entries)
)
_UNCHAINED_UNTIL: Final = Prepared(
    select(ledger_chain.c.unchained_until).where(ledger_chain.c.chain == bindparam("chain"))
)
_UNCHAINED: Final = Prepared(
    select(ledger_entries)
    .where(ledger_entries.c.owner_id == bindparam("owner"), ledger_entries.c.sequence > bindparam("chained"))
    .order_by(ledger_entries.c.sequence)
    .limit(bindparam("rows_max"))
)
_CHAIN_ENTRY: Final = Prepared(
    update(ledger_entries)
    .where(ledger_entries.c.owner_id == bindparam("owner"), ledger_entries.c.sequence == bindparam("entry"))
    .values(hash=bindparam("new_hash"))
)
_CHAIN: Final = Prepared(
    update(wallets)
    .where(wallets.c.owner_id == bindparam("owner"))
    .values(chained=bindparam("new_chained"), head=bindparam("new_head"))
)
_COUNT_REFUNDS: Final = counted_upsert(refund_totals, adds=("refunds", "tokens"))
_COLUMNS: Final = [column.name for column in wallets.columns]
_OWNER: Final = _COLUMNS.index("owner_id")
_ENTRIES: Final = _COLUMNS.index("entries")
_SUMMED: Final = _COLUMNS.index("summed")
_CHAINED: Final = _COLUMNS.index("chained")
ONLY_CHAIN: Final = 1  # the table's one row
ENTRIES_PER_PAGE: Final = 500  # of those that an older release wrote
REFUND_SHARDS: Final = 16  # rows that the refunds are counted in, so that they rarely wait for each other


@frozen
class SqlAlchemyWallets:
    """See the port."""

    _statements: Statements

    def get(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet."""
        for row in self._statements.rows(_GET, {"owner": owner_id.text}):
            return summed_wallet(self._statements, row)
        raise WalletNotFound

    def lock(self, owner_id: OwnerId) -> Wallet:
        """Return the owner's wallet, locked; on SQLite the one writer there is has all locks."""
        for row in self._statements.locked_rows(_LOCK, {"owner": owner_id.text}):
            if _is_summed(row) and _is_chained(row):
                return wallet_of(row)
            return self._caught_up(row)
        raise WalletNotFound

    def open(self, posting: Posting) -> None:
        """Store a new wallet with its first entries."""
        if not self._statements.write(_OPEN, wallet_row(posting.wallet)):
            raise TransactionUndone  # another transaction has opened it at the same time
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
        where = {"owner": wallet.owner_id.text, "earlier_entries": earlier_entries}
        hit = self._statements.write(_STORE, {**wallet_row(wallet), **where})
        if hit != 1:
            raise StaleWrite("wallet")
        self._count_refunds(wallet.owner_id, posting.entries)

    def _count_refunds(self, owner_id: OwnerId, entries: Sequence[LedgerEntry]) -> None:
        amounts = [entry.amount for entry in entries if entry.kind is EntryKind.REFUND]
        self._add_refunds(owner_id, refunds=len(amounts), tokens=sum(amounts))

    def _add_refunds(self, owner_id: OwnerId, *, refunds: int, tokens: int) -> None:
        """Add refunds to the owner's shard of the totals, whose row stays locked until the transaction ends."""
        if refunds:
            shard = crc32(owner_id.text.encode()) % REFUND_SHARDS
            self._statements.write(_COUNT_REFUNDS, {"shard": shard, "refunds": refunds, "tokens": tokens})

    def _caught_up(self, row: Row) -> Wallet:
        """Store the sums and hashes of a locked wallet to which an older release has added entries."""
        wallet = summed_wallet(self._statements, row)
        if not _is_summed(row):
            more = unsummed(self._statements, row)
            self._add_refunds(wallet.owner_id, refunds=more.refunds, tokens=more.refunded)
            sums = {"new_spent": wallet.spent.amount, "new_refunded": wallet.refunded.amount}
            self._statements.write(_CATCH_UP, {"owner": wallet.owner_id.text, **sums})
        return wallet if _is_chained(row) else self._chained(wallet, row[_CHAINED])

    def _chained(self, wallet: Wallet, chained: int) -> Wallet:
        """Chain the entries of a locked wallet after number `chained`, except those that no older release wrote.

        Those remain without a hash, which the audit reports.
        """
        until = unchained_until(self._statements)
        head = wallet.head
        for entry in self._unchained(wallet.owner_id, chained):
            if until is None or entry.created_at > until:
                break
            head, chained = entry.hash_after(head), entry.sequence
            where = {"owner": wallet.owner_id.text, "entry": chained}
            self._statements.write(_CHAIN_ENTRY, {**where, "new_hash": head})
        if head != wallet.head:
            new = {"new_chained": chained, "new_head": head}
            self._statements.write(_CHAIN, {"owner": wallet.owner_id.text, **new})
        return evolve(wallet, head=head)

    def _unchained(self, owner_id: OwnerId, chained: int) -> Iterator[LedgerEntry]:
        while True:
            parameters = {"owner": owner_id.text, "chained": chained, "rows_max": ENTRIES_PER_PAGE}
            page = [entry_of(row) for row in self._statements.rows(_UNCHAINED, parameters)]
            yield from page
            if len(page) < ENTRIES_PER_PAGE:
                return
            chained = page[-1].sequence

    def _refuse(self, owner_id: OwnerId, earlier_entries: int) -> NoReturn:
        """Take back those entries that weren't refused."""
        if self.get(owner_id).entries != earlier_entries:
            raise StaleWrite("wallet")
        self._statements.write(_TAKE_BACK, {"owner": owner_id.text, "behind": earlier_entries})
        raise DuplicateEntry

    def entry(self, owner_id: OwnerId, reference: Reference) -> LedgerEntry:
        """Return the owner's entry with this reference."""
        for row in self._statements.rows(_BY_REFERENCE, {"owner": owner_id.text, "reference": reference.text}):
            return entry_of(row)
        raise EntryNotFound

    def entries(self, owner_id: OwnerId, *, before: int | None = None, limit: int) -> Sequence[LedgerEntry]:
        """Return a page of entries, newest first."""
        below = SEQUENCE_MAX if before is None else before
        rows = self._statements.rows(_PAGE, {"owner": owner_id.text, "before": below, "rows_max": limit})
        return [entry_of(row) for row in rows]


@frozen(kw_only=True)
class Unsummed:
    """The sums of the entries of a wallet that its row's sums don't cover."""

    spent: int
    refunded: int
    refunds: int


def summed_wallet(statements: Statements, row: Row) -> Wallet:
    """Return the wallet in a row, with the sums of all its entries."""
    wallet = wallet_of(row)
    if _is_summed(row):
        return wallet
    more = unsummed(statements, row)
    return evolve(wallet, spent=wallet.spent + Tokens(more.spent), refunded=wallet.refunded + Tokens(more.refunded))


def unsummed(statements: Statements, row: Row) -> Unsummed:
    """Return the sums of the entries that a wallet's row doesn't cover."""
    [(spent, refunded, refunds)] = statements.rows(_UNSUMMED, {"owner": row[_OWNER], "summed": row[_SUMMED]})
    return Unsummed(spent=int(spent), refunded=int(refunded), refunds=int(refunds))  # PostgreSQL's are numeric


def unchained_until(statements: Statements) -> datetime | None:
    """Return until when a release without hashes may have written entries; `None` where there never was one."""
    for (until,) in statements.rows(_UNCHAINED_UNTIL, {"chain": ONLY_CHAIN}):
        moment: datetime = until
        return moment
    return None


def _is_summed(row: Row) -> bool:
    return bool(row[_ENTRIES] == row[_SUMMED])


def _is_chained(row: Row) -> bool:
    return bool(row[_ENTRIES] == row[_CHAINED])
