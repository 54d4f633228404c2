"""MaintenanceRuns: which process did what last, and is at it."""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.text_type import TEXT

revision: str = "0007"
down_revision: str | Sequence[str] | None = "0006"


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "chores",
        sa.Column("chore", TEXT, primary_key=True),
        sa.Column("rounds", sa.BigInteger, nullable=False),
        sa.Column("begun_at", sa.BigInteger),
        sa.Column("held_until", sa.BigInteger),
        sa.CheckConstraint("rounds >= 0", name="rounds"),
        sa.CheckConstraint("(begun_at IS NOT NULL) = (rounds >= 1)", name="begun_at"),
        sa.CheckConstraint("held_until IS NULL OR begun_at IS NOT NULL", name="held_until"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("chores")
