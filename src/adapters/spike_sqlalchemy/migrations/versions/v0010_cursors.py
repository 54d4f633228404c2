"""Cursors: where an interrupted maintenance run resumes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from spike_sqlalchemy.texts import TEXT

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("chores", sa.Column("cursor", TEXT))


def downgrade() -> None:
    """Take the migration back."""
    op.drop_column("chores", "cursor")
