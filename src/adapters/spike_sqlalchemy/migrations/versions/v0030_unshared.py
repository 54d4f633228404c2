"""Unshared conditions: indexes of pending jobs and of images' open jobs, whose conditions no other statement implies.

The earlier index returned all of an owner's pending jobs, to be sorted, and its condition implied that of the index of
all unclaimed jobs. So PostgreSQL sometimes read that one, hence the whole backlog, for an owner's few; and it looked an
image's open jobs up in the index of all unsettled ones. A server of an earlier release uses the indexes of unsettled
jobs and of an image's jobs instead.
"""

from collections.abc import Sequence

from spike_sqlalchemy.migrations.online import create_index, drop_index

revision: str = "0030"
down_revision: str | Sequence[str] | None = "0029"

_IS_PENDING = "status = 'PENDING' AND started_at IS NULL"
_IS_OPEN_ON_IMAGE = "status IN ('PENDING', 'PROCESSING') AND image_id IS NOT NULL"
_WAS_PENDING = "started_at IS NULL AND claimed_at IS NULL AND ended_at IS NULL"
_WAS_OPEN_ON_IMAGE = "ended_at IS NULL AND image_id IS NOT NULL"


def upgrade() -> None:
    """Apply the migration."""
    create_index("ix_jobs_pending_created_at", "jobs", ["owner_id", "created_at", "id"], where=_IS_PENDING)
    drop_index("ix_jobs_pending", "jobs")
    create_index("ix_jobs_open_image_id", "jobs", ["image_id"], where=_IS_OPEN_ON_IMAGE)
    drop_index("ix_jobs_unsettled_image_id", "jobs")


def downgrade() -> None:
    """Take the migration back."""
    create_index("ix_jobs_unsettled_image_id", "jobs", ["image_id"], where=_WAS_OPEN_ON_IMAGE)
    drop_index("ix_jobs_open_image_id", "jobs")
    create_index("ix_jobs_pending", "jobs", ["owner_id"], where=_WAS_PENDING)
    drop_index("ix_jobs_pending_created_at", "jobs")
