"""Sums: what each wallet has spent and was refunded, and the refunds of all.

The ledger is summed before anything is locked. Entries that were written meanwhile are added under the lock, so that
requests wait for the update of the wallets alone.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"

_SUMS = """
    coalesce(sum(CASE WHEN kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION') THEN -amount END), 0) AS spent,
    coalesce(sum(CASE WHEN kind = 'REFUND' THEN amount END), 0) AS refunded
"""


def upgrade() -> None:
    """Apply the migration."""
    op.execute(
        f"CREATE TEMPORARY TABLE sums AS SELECT owner_id, max(sequence) AS entries, {_SUMS}"  # noqa: S608  # constants
        " FROM ledger_entries GROUP BY owner_id"
    )
    op.execute("CREATE UNIQUE INDEX sums_owner_id ON sums (owner_id)")
    for name in ("spent", "refunded"):
        op.add_column(
            "wallets",
            sa.Column(
                name,
                sa.BigInteger,
                sa.CheckConstraint(f"{name} >= 0", name=name),
                nullable=False,
                server_default=sa.text("0"),
            ),
        )
    op.execute(
        "UPDATE wallets SET spent = sums.spent, refunded = sums.refunded FROM sums"
        " WHERE sums.owner_id = wallets.owner_id AND (sums.spent > 0 OR sums.refunded > 0)"
    )
    op.execute(
        f"UPDATE wallets SET spent = added.spent, refunded = added.refunded FROM (SELECT owner_id, {_SUMS}"  # noqa: S608
        " FROM ledger_entries WHERE owner_id IN (SELECT wallets.owner_id FROM wallets"
        " LEFT JOIN sums ON sums.owner_id = wallets.owner_id WHERE wallets.entries <> coalesce(sums.entries, 0))"
        " GROUP BY owner_id) AS added WHERE added.owner_id = wallets.owner_id"
    )
    op.execute("DROP TABLE sums")
    op.create_table(
        "refund_totals",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("refunds", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.CheckConstraint("refunds >= 0 AND tokens >= 0", name="sums"),
    )
    op.execute(
        "INSERT INTO refund_totals SELECT 0, count(*), sum(amount) FROM ledger_entries WHERE kind = 'REFUND'"
        " HAVING count(*) > 0"
    )


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("refund_totals")
    for name in ("refunded", "spent"):
        op.drop_column("wallets", name)
