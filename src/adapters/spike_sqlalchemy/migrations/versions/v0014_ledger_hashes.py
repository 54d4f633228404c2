"""Ledger hashes: each entry's hash covers the entry before it, and a wallet's row holds the newest entry's.

On PostgreSQL the entries are hashed in portions, while requests are served. Entries that are written meanwhile, or
later by a release without hashes, are chained when their wallet is locked, if they are of the day after the migration;
entries without a hash that are younger are findings of the audit.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from spike_core.domain.hash_chain import entry_hash
from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import ROWS_PER_UPDATE, add_column, committed_at_once, is_postgresql

revision: str = "0014"
down_revision: str | Sequence[str] | None = "0013"

_PORTION = sa.text("""
    SELECT e.owner_id, e.sequence, e.kind, e.amount, e.balance_after, e.job_id, e.reason, e.created_at, w.head
    FROM [ledger_entries] e JOIN [wallets] w ON w.owner_id = e.owner_id
    WHERE (e.owner_id, e.sequence) > (:owner_id, :sequence) AND e.sequence > w.chained
    ORDER BY e.owner_id, e.sequence LIMIT :rows_max
""")
_SET_HASH = sa.text("UPDATE [ledger_entries] SET hash = :hash WHERE owner_id = :owner_id AND sequence = :sequence")
_SET_HEAD = sa.text("UPDATE [wallets] SET head = :hash, chained = :sequence WHERE owner_id = :owner_id")
_NOW_US = {
    "postgresql": "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
    "sqlite": "CAST(strftime('%s', 'now') AS INTEGER) * 1000000",
}
_DAY_US = 24 * 3600 * 1_000_000  # for servers of the older release, which go on until they are restarted


def upgrade() -> None:
    """Apply the migration."""
    add_column("ledger_entries", "hash", sa.LargeBinary())
    add_column("wallets", "head", sa.LargeBinary())
    add_column("wallets", "chained", sa.BigInteger(), default="0")
    op.create_table(
        "ledger_chain",
        sa.Column("chain", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("unchained_until", sa.BigInteger, nullable=False),
        if_not_exists=True,
    )
    with _connection() as connection:
        _hash_in_portions(connection)
    now_us = _NOW_US[op.get_context().dialect.name]
    op.execute(
        "INSERT INTO [ledger_chain] (chain, unchained_until)"  # noqa: S608  # constants
        f" SELECT 1, {now_us} + {_DAY_US} WHERE EXISTS (SELECT 1 FROM [wallets])"
    )


@contextmanager
def _connection() -> Iterator[sa.Connection]:
    if not is_postgresql():
        yield op.get_bind()
        return
    with committed_at_once() as connection:
        yield connection


def _hash_in_portions(connection: sa.Connection) -> None:
    """Hash the entries after each wallet's newest hashed one, which is where an interrupted attempt ended."""
    owner_id, sequence, head = "", 0, b""
    while True:
        position = {"owner_id": owner_id, "sequence": sequence, "rows_max": ROWS_PER_UPDATE}
        portion = connection.execute(_PORTION, position).all()
        hashes: list[Mapping[str, Any]] = []
        for row in portion:
            if row.owner_id != owner_id:
                owner_id, head = row.owner_id, row.head or b""
            sequence = row.sequence
            head = entry_hash(
                head,
                owner_id=owner_id,
                sequence=sequence,
                kind=row.kind,
                amount=row.amount,
                balance_after=row.balance_after,
                job_id=row.job_id,
                reason=row.reason,
                created_at_us=row.created_at,
            )
            hashes.append({"owner_id": owner_id, "sequence": sequence, "hash": head})
        if hashes:
            connection.execute(_SET_HASH, hashes)  # before the heads: what isn't covered by a head is hashed again
            connection.execute(_SET_HEAD, list({each["owner_id"]: each for each in hashes}.values()))
        if len(portion) < ROWS_PER_UPDATE:
            return


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("ledger_chain")
    op.drop_column("wallets", "chained")
    op.drop_column("wallets", "head")
    op.drop_column("ledger_entries", "hash")
