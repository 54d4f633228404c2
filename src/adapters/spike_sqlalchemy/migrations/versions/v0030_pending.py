"""Pending jobs in their order: an index that returns an owner's oldest ones.

The earlier index returned all of an owner's pending jobs, to be sorted, and its condition was a part of that of the
index of all unclaimed jobs. So PostgreSQL sometimes read that one, hence the whole backlog, for an owner's few. A
server of an earlier release uses the index of unsettled jobs instead.
"""

from collections.abc import Sequence

from spike_sqlalchemy.migrations.online import create_index, drop_index

revision: str = "0030"
down_revision: str | Sequence[str] | None = "0029"

_WAS_PENDING = "started_at IS NULL AND claimed_at IS NULL AND ended_at IS NULL"


def upgrade() -> None:
    """Apply the migration."""
    create_index("ix_jobs_pending_owner_id", "jobs", ["owner_id", "created_at", "id"], where="status = 'PENDING'")
    drop_index("ix_jobs_pending", "jobs")


def downgrade() -> None:
    """Take the migration back."""
    create_index("ix_jobs_pending", "jobs", ["owner_id"], where=_WAS_PENDING)
    drop_index("ix_jobs_pending_owner_id", "jobs")
