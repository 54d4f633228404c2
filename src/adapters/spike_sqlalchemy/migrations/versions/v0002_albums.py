"""Albums: share tokens, and an index for the albums of an owner.

A column and two indexes are added in place: SQLite would copy the table for a constraint, and dropping the old one
would take all places in albums along.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.text_type import TEXT

revision: str = "0002"
down_revision: str | Sequence[str] | None = "0001"


def upgrade() -> None:
    """Apply the migration."""
    op.add_column("albums", sa.Column("share_token", TEXT))
    op.create_index("uq_albums_share_token", "albums", ["share_token"], unique=True)
    op.create_index("ix_albums_owner_id", "albums", ["owner_id", "created_at", "id"])


def downgrade() -> None:
    """Take the migration back."""
    op.drop_index("ix_albums_owner_id", "albums")
    op.drop_index("uq_albums_share_token", "albums")
    op.drop_column("albums", "share_token")
