"""Cursors: where an interrupted maintenance run resumes."""

from collections.abc import Sequence

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column
from spike_sqlalchemy.text_type import TEXT

revision: str = "0010"
down_revision: str | Sequence[str] | None = "0009"


def upgrade() -> None:
    """Apply the migration."""
    add_column("chores", "cursor", TEXT)


def downgrade() -> None:
    """Take the migration back."""
    op.drop_column("chores", "cursor")
