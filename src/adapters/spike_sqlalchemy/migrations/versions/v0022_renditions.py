"""Renditions: where the small copies of each original and result are, and which pictures have none yet.

All columns are empty in earlier rows, and in those that a server of an earlier release still writes: a maintenance task
makes what is missing. An index on an owner's digests finds earlier uploads of the same bytes.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column, create_index, drop_index
from spike_sqlalchemy.text_type import TEXT

revision: str = "0022"
down_revision: str | Sequence[str] | None = "0021"

_COLUMNS = (
    ("thumbnail_key", TEXT),
    ("thumbnail_size_bytes", sa.BigInteger()),
    ("thumbnail_sha256", sa.LargeBinary()),
    ("preview_key", TEXT),
    ("preview_size_bytes", sa.BigInteger()),
    ("preview_sha256", sa.LargeBinary()),
    ("thumbhash", sa.LargeBinary()),
)
_INDEXES = (
    (
        "ix_images_without_renditions",
        "images",
        ["created_at", "id"],
        "thumbnail_key IS NULL AND removed_at IS NULL AND rendition_attempts < 3",
    ),
    (
        "ix_jobs_without_renditions",
        "jobs",
        ["ended_at", "id"],
        "thumbnail_key IS NULL AND status = 'COMPLETED' AND rendition_attempts < 3",
    ),
    (
        "ix_images_sha256",
        "images",
        ["owner_id", "sha256", "created_at", "id"],
        "sha256 IS NOT NULL AND removed_at IS NULL",
    ),
)


def upgrade() -> None:
    """Apply the migration."""
    for table in ("images", "jobs"):
        for name, type_ in _COLUMNS:
            add_column(table, name, type_)
        add_column(table, "rendition_attempts", sa.Integer(), default="0")
    for name, table, columns, where in _INDEXES:
        create_index(name, table, columns, where=where)


def downgrade() -> None:
    """Take the migration back."""
    for name, table, _columns, _where in _INDEXES:
        drop_index(name, table)
    for table in ("jobs", "images"):
        op.drop_column(table, "rendition_attempts")
        for name, _type in reversed(_COLUMNS):
            op.drop_column(table, name)
