"""Methods: how the engine made a result is kept with the job."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from spike_sqlalchemy.texts import TEXT

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("jobs", sa.Column("result_method", TEXT))


def downgrade() -> None:
    """Take the migration back."""
    op.drop_column("jobs", "result_method")
