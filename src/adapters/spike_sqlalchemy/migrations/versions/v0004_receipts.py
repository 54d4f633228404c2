"""IdempotencyRecords: requests with an idempotency key, and their answers."""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.text_type import TEXT

revision: str = "0004"
down_revision: str | Sequence[str] | None = "0003"


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "receipts",
        sa.Column("caller", TEXT, primary_key=True),
        sa.Column("key", TEXT, primary_key=True),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_receipts_created_at", "receipts", ["created_at"])


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("receipts")
