"""Started jobs in the order of their messages, by an index for each of the two queues."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from spike_sqlalchemy.migrations.online import create_index, drop_index

revision: str = "0017"
down_revision: str | Sequence[str] | None = "0011"

_IS_QUICK = "kind IN ('ENHANCEMENT', 'BLEND') AND tier IN ('FREE', 'TIER_1K')"


def upgrade() -> None:
    """Apply the migration."""
    create_index("ix_jobs_started_quick", "jobs", ["started_at", "id"], where=f"started_at IS NOT NULL AND {_IS_QUICK}")
    create_index(
        "ix_jobs_started_long", "jobs", ["started_at", "id"], where=f"started_at IS NOT NULL AND NOT ({_IS_QUICK})"
    )
    drop_index("ix_jobs_started_at", "jobs")


def downgrade() -> None:
    """Take the migration back."""
    condition = "started_at IS NOT NULL"
    op.create_index(
        "ix_jobs_started_at",
        "jobs",
        ["started_at"],
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )
    op.drop_index("ix_jobs_started_long", "jobs")
    op.drop_index("ix_jobs_started_quick", "jobs")
