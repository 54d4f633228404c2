"""Jobs of an image by a smaller index: without the job's id, which only decides between jobs of one microsecond."""

from collections.abc import Sequence

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import create_index, drop_index

revision: str = "0011"
down_revision: str | Sequence[str] | None = "0010"


def upgrade() -> None:
    """Apply the migration."""
    create_index("ix_jobs_image_id_created_at", "jobs", ["image_id", "created_at"])
    drop_index("ix_jobs_image_id", "jobs")


def downgrade() -> None:
    """Take the migration back."""
    op.create_index("ix_jobs_image_id", "jobs", ["image_id", "created_at", "id"])
    op.drop_index("ix_jobs_image_id_created_at", "jobs")
