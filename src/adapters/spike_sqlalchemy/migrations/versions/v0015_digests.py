"""Digests of objects, and checksums of the rows of images and jobs; those of earlier rows stay empty."""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column

revision: str = "0015"
down_revision: str | Sequence[str] | None = "0014"

_COLUMNS = (
    ("images", "sha256", sa.LargeBinary()),
    ("images", "shown_size_bytes", sa.BigInteger()),
    ("images", "shown_sha256", sa.LargeBinary()),
    ("images", "checksum", sa.LargeBinary()),
    ("jobs", "input_size_bytes", sa.BigInteger()),
    ("jobs", "input_sha256", sa.LargeBinary()),
    ("jobs", "result_sha256", sa.LargeBinary()),
    ("jobs", "checksum", sa.LargeBinary()),
)


def upgrade() -> None:
    """Apply the migration."""
    for table, name, type_ in _COLUMNS:
        add_column(table, name, type_)


def downgrade() -> None:
    """Take the migration back."""
    for table, name, _type in reversed(_COLUMNS):
        op.drop_column(table, name)
