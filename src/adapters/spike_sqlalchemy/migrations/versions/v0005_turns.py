"""Turns: an owner's jobs that haven't ended are counted with each request."""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op

revision: str = "0005"
down_revision: str | Sequence[str] | None = "0004"

_WHERE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Apply the migration."""
    op.create_index(
        "ix_jobs_unsettled",
        "jobs",
        ["owner_id", "created_at", "id"],
        sqlite_where=_WHERE,
        postgresql_where=_WHERE,
    )


def downgrade() -> None:
    """Take the migration back."""
    op.drop_index("ix_jobs_unsettled", "jobs")
