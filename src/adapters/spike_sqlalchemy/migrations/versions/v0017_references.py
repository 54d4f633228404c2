"""References of credits and debits, debits that name no job, and the policy by which a wallet regenerates.

SQLite can't change a constraint, so there the table of entries is made anew.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import (
    add_column,
    create_index,
    drop_index,
    is_postgresql,
    replace_check,
)
from spike_sqlalchemy.text_type import TEXT

revision: str = "0017"
down_revision: str | Sequence[str] | None = "0016"

_CHARGES = "'SPEND_ENHANCEMENT', 'SPEND_GENERATION'"
_COLUMNS = "owner_id, sequence, kind, amount, balance_after, job_id, reason, created_at, hash"


def upgrade() -> None:
    """Apply the migration."""
    if is_postgresql():
        add_column("ledger_entries", "reference", TEXT)
        replace_check("ledger_entries", "amount", _amount(f"{_CHARGES}, 'SPEND_ADJUSTMENT'"))
    else:
        _make_anew(f"{_CHARGES}, 'SPEND_ADJUSTMENT'", [sa.Column("reference", TEXT)])
    create_index(
        "uq_ledger_entries_reference",
        "ledger_entries",
        ["owner_id", "reference"],
        where="reference IS NOT NULL",
        unique=True,
    )
    add_column("wallets", "regeneration_us", sa.BigInteger())
    add_column("wallets", "regeneration_cap", sa.BigInteger())


def downgrade() -> None:
    """Take the migration back. Debits without a job, which the older schema can't hold, keep it from being taken."""
    op.drop_column("wallets", "regeneration_cap")
    op.drop_column("wallets", "regeneration_us")
    drop_index("uq_ledger_entries_reference", "ledger_entries")
    if is_postgresql():
        replace_check("ledger_entries", "amount", _amount(_CHARGES))
        op.drop_column("ledger_entries", "reference")
    else:
        _make_anew(_CHARGES, [])


def _amount(spend_kinds: str) -> str:
    return f"amount <> 0 AND (amount < 0) = (kind IN ({spend_kinds}))"


def _make_anew(spend_kinds: str, added: "Sequence[sa.Column[str]]") -> None:
    for name in ("uq_ledger_entries_spend", "uq_ledger_entries_refund"):
        op.drop_index(name, "ledger_entries")
    op.rename_table("ledger_entries", "ledger_entries_kept")
    op.create_table(
        "ledger_entries",
        sa.Column("owner_id", TEXT, op.ForeignKey("wallets.owner_id"), primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("balance_after", sa.BigInteger, nullable=False),
        sa.Column("job_id", TEXT),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary),
        *added,
        sa.CheckConstraint("sequence >= 1", name="sequence"),
        sa.CheckConstraint("balance_after >= 0", name="balance_after"),
        sa.CheckConstraint(_amount(spend_kinds), name="amount"),
        sa.CheckConstraint(f"(job_id IS NOT NULL) = (kind IN ({_CHARGES}, 'REFUND'))", name="job_id"),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO [ledger_entries] ({_COLUMNS}) SELECT {_COLUMNS} FROM [ledger_entries_kept]")  # noqa: S608  # constants
    op.drop_table("ledger_entries_kept")
    for name, where in (
        ("uq_ledger_entries_spend", f"kind IN ({_CHARGES})"),
        ("uq_ledger_entries_refund", "kind = 'REFUND'"),
    ):
        op.create_index(name, "ledger_entries", ["job_id"], unique=True, sqlite_where=sa.text(where))
