"""Sums: what each wallet has spent and was refunded, and the refunds of all.

The ledger is summed before anything is locked, so that requests wait for the update of the wallets alone. Entries that
are written meanwhile, or later by a release without sums, aren't covered: a wallet's row says how many are, and the
others are added when the wallet is read.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | Sequence[str] | None = "0007"

_SUMS = """
    coalesce(sum(CASE WHEN kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION') THEN -amount END), 0) AS spent,
    coalesce(sum(CASE WHEN kind = 'REFUND' THEN amount END), 0) AS refunded,
    coalesce(sum(CASE WHEN kind = 'REFUND' THEN 1 END), 0) AS refunds
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
    op.add_column("wallets", sa.Column("summed", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.execute(
        "UPDATE wallets SET spent = sums.spent, refunded = sums.refunded, summed = sums.entries FROM sums"
        " WHERE sums.owner_id = wallets.owner_id"
    )
    is_unsummed = sa.text("summed <> entries")
    op.create_index(
        "ix_wallets_unsummed", "wallets", ["owner_id"], sqlite_where=is_unsummed, postgresql_where=is_unsummed
    )
    op.create_table(
        "refund_totals",
        sa.Column("shard", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("refunds", sa.BigInteger, nullable=False),
        sa.Column("tokens", sa.BigInteger, nullable=False),
        sa.CheckConstraint("refunds >= 0 AND tokens >= 0", name="sums"),
    )
    op.execute("INSERT INTO refund_totals SELECT 0, sum(refunds), sum(refunded) FROM sums HAVING sum(refunds) > 0")
    op.execute("DROP TABLE sums")


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("refund_totals")
    op.drop_index("ix_wallets_unsummed", "wallets")
    for name in ("summed", "refunded", "spent"):
        op.drop_column("wallets", name)
