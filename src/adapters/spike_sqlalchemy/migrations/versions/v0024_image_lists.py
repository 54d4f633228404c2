"""Lists of images by name, by state and by tier: two indexes, which an earlier release keeps up to date as well."""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import create_index

revision: str = "0024"
down_revision: str | Sequence[str] | None = "0022"


def upgrade() -> None:
    """Apply the migration."""
    create_index("ix_images_name", "images", ["owner_id", sa.text("lower(name)"), "id"])
    create_index("ix_jobs_completed", "jobs", ["image_id", "tier"], where="status = 'COMPLETED'")


def downgrade() -> None:
    """Take the migration back."""
    op.drop_index("ix_jobs_completed", "jobs")
    op.drop_index("ix_images_name", "images")
