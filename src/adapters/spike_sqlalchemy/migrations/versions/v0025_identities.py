"""Identities of other programs that sign people in, each linked to a user.

A release that doesn't know the table signs no one in by them.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import create_index
from spike_sqlalchemy.text_type import TEXT

revision: str = "0025"
down_revision: str | Sequence[str] | None = "0024"


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "identities",
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("user_id", TEXT, op.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    create_index("ix_identities_user_id", "identities", ["user_id"])


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("identities")
