"""Failures: how often the objects of a hidden image couldn't be deleted, and an index of failed jobs by image.

When a deletion is tried again is in `removed_at`, which a server of an earlier release only orders by: it tries
earlier. The index serves lists of images whose newest job has failed.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column, create_index, drop_index

revision: str = "0029"
down_revision: str | Sequence[str] | None = "0028"


def upgrade() -> None:
    """Apply the migration."""
    add_column("images", "removal_failures", sa.Integer(), default="0")
    create_index("ix_jobs_failed", "jobs", ["image_id", "status"], where="status IN ('FAILED', 'REFUNDED')")


def downgrade() -> None:
    """Take the migration back; postponed deletions are tried again in the same order."""
    drop_index("ix_jobs_failed", "jobs")
    op.drop_column("images", "removal_failures")
