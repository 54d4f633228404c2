"""Unshared conditions: indexes of pending jobs and of images' open jobs, whose conditions no other statement implies.

Where PostgreSQL took pending jobs for rare, since it last looked at the table before they came, it read all of them to
change one by its id, because the change compares the status too; and it looked an image's open jobs up in the index of
all unsettled ones, whose condition was a part of theirs. A server of an earlier release uses the indexes of unsettled
jobs and of an image's jobs instead.
"""

from collections.abc import Sequence

from spike_sqlalchemy.migrations.online import create_index, drop_index

revision: str = "0031"
down_revision: str | Sequence[str] | None = "0030"

_IS_PENDING = "status = 'PENDING' AND started_at IS NULL"
_IS_OPEN_ON_IMAGE = "status IN ('PENDING', 'PROCESSING') AND image_id IS NOT NULL"
_WAS_OPEN_ON_IMAGE = "ended_at IS NULL AND image_id IS NOT NULL"


def upgrade() -> None:
    """Apply the migration."""
    create_index("ix_jobs_pending_created_at", "jobs", ["owner_id", "created_at", "id"], where=_IS_PENDING)
    drop_index("ix_jobs_pending_owner_id", "jobs")
    create_index("ix_jobs_open_image_id", "jobs", ["image_id"], where=_IS_OPEN_ON_IMAGE)
    drop_index("ix_jobs_unsettled_image_id", "jobs")


def downgrade() -> None:
    """Take the migration back."""
    create_index("ix_jobs_unsettled_image_id", "jobs", ["image_id"], where=_WAS_OPEN_ON_IMAGE)
    drop_index("ix_jobs_open_image_id", "jobs")
    create_index("ix_jobs_pending_owner_id", "jobs", ["owner_id", "created_at", "id"], where="status = 'PENDING'")
    drop_index("ix_jobs_pending_created_at", "jobs")
