"""Waiting: the owners of pending jobs, and the sessions that have expired, by indexes of their own."""

from collections.abc import Sequence

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import create_index

revision: str = "0009"
down_revision: str | Sequence[str] | None = "0008"

_IS_PENDING = "started_at IS NULL AND claimed_at IS NULL AND ended_at IS NULL"


def upgrade() -> None:
    """Apply the migration."""
    create_index("ix_jobs_pending", "jobs", ["owner_id"], where=_IS_PENDING)
    create_index("ix_sessions_expires_at", "sessions", ["expires_at"])


def downgrade() -> None:
    """Take the migration back."""
    op.drop_index("ix_sessions_expires_at", "sessions")
    op.drop_index("ix_jobs_pending", "jobs")
