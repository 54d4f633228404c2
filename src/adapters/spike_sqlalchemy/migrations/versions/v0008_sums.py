"""Sums: what each wallet has spent and was refunded, and the refunds of all.

On PostgreSQL the wallets are summed in portions, while requests are served. Entries that are written meanwhile, or
later by a release without sums, aren't covered: a wallet's row says how many are, and the others are added when the
wallet is read.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import (
    ROWS_PER_UPDATE,
    add_column,
    committed_at_once,
    create_index,
    is_postgresql,
)

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"

_SUMS = """
    coalesce(sum(CASE WHEN kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION') THEN -amount END), 0) AS spent,
    coalesce(sum(CASE WHEN kind = 'REFUND' THEN amount END), 0) AS refunded,
    coalesce(sum(CASE WHEN kind = 'REFUND' THEN 1 END), 0) AS refunds
"""
_PORTION_END = sa.text(
    "SELECT max(owner_id) FROM"
    " (SELECT owner_id FROM [wallets] WHERE owner_id > :after ORDER BY owner_id LIMIT :rows_max) AS portion"
)
# A wallet whose row another transaction has changed meanwhile is looked at again: it may have been summed.
_SUM_PORTION = sa.text(f"""
    WITH sums AS (
        SELECT owner_id, max(sequence) AS entries, {_SUMS}
        FROM [ledger_entries] WHERE owner_id > :after AND owner_id <= :last GROUP BY owner_id
    ), summed AS (
        UPDATE [wallets] SET spent = sums.spent, refunded = sums.refunded, summed = sums.entries
        FROM sums WHERE sums.owner_id = [wallets].owner_id AND [wallets].summed = 0
        RETURNING sums.refunds, sums.refunded
    )
    INSERT INTO [refund_totals] SELECT 0, sum(refunds), sum(refunded) FROM summed HAVING sum(refunds) > 0
    ON CONFLICT (shard) DO UPDATE
        SET refunds = [refund_totals].refunds + excluded.refunds, tokens = [refund_totals].tokens + excluded.tokens
""")  # noqa: S608  # constants


def upgrade() -> None:
    """Apply the migration."""
    for name in ("spent", "refunded"):
        add_column("wallets", name, sa.BigInteger(), default="0", check=f"{name} >= 0")
    add_column("wallets", "summed", sa.BigInteger(), default="0")
    op.create_table(
        "refund_totals",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("refunds", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.CheckConstraint("refunds >= 0 AND tokens >= 0", name="sums"),
        if_not_exists=True,
    )
    if is_postgresql():
        _sum_in_portions()
    else:
        _sum_at_once()
    create_index("ix_wallets_unsummed", "wallets", ["owner_id"], where="summed <> entries")


def _sum_in_portions() -> None:
    """Sum the wallets in portions, each of which is committed; those of an interrupted attempt are left out."""
    with committed_at_once() as connection:
        after = ""
        while last := connection.execute(_PORTION_END, {"after": after, "rows_max": ROWS_PER_UPDATE}).scalar_one():
            connection.execute(_SUM_PORTION, {"after": after, "last": last})
            after = last


def _sum_at_once() -> None:
    op.execute(
        f"CREATE TEMPORARY TABLE sums AS SELECT owner_id, max(sequence) AS entries, {_SUMS}"  # noqa: S608  # constants
        " FROM [ledger_entries] GROUP BY owner_id"
    )
    op.execute("CREATE UNIQUE INDEX sums_owner_id ON sums (owner_id)")
    op.execute(
        "UPDATE [wallets] SET spent = sums.spent, refunded = sums.refunded, summed = sums.entries FROM sums"
        " WHERE sums.owner_id = [wallets].owner_id"
    )
    op.execute("INSERT INTO [refund_totals] SELECT 0, sum(refunds), sum(refunded) FROM sums HAVING sum(refunds) > 0")
    op.execute("DROP TABLE sums")


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("refund_totals")
    op.drop_index("ix_wallets_unsummed", "wallets")
    for name in ("summed", "refunded", "spent"):
        op.drop_column("wallets", name)
