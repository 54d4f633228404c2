"""Postponed deletions: how often the objects of a hidden image couldn't be deleted.

When they are tried again is in `removed_at`, which a server of an earlier release only orders by: it tries earlier.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column

revision: str = "0029"
down_revision: str | Sequence[str] | None = "0028"


def upgrade() -> None:
    """Apply the migration."""
    add_column("images", "removal_failures", sa.Integer(), default="0")


def downgrade() -> None:
    """Take the migration back; postponed deletions are tried again in the same order."""
    op.drop_column("images", "removal_failures")
