"""What was ordered beside the tier is stored with each job: format, quality, strength and mode of its result.

All are null where the order leaves them to the engine: in rows that are older, or that a server of an earlier release
still writes. A worker of such a release makes its jobs with the defaults.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column
from spike_sqlalchemy.text_type import TEXT

revision: str = "0021"
down_revision: str | Sequence[str] | None = "0020"


def upgrade() -> None:
    """Apply the migration."""
    add_column("jobs", "ordered_format", TEXT)
    add_column("jobs", "ordered_quality", sa.Integer())
    add_column("jobs", "ordered_strength", sa.Integer())
    add_column("jobs", "ordered_mode", TEXT)


def downgrade() -> None:
    """Take the migration back."""
    for name in ("ordered_mode", "ordered_strength", "ordered_quality", "ordered_format"):
        op.drop_column("jobs", name)
