"""Preview cards: where the card of a shared result is.

All columns are empty in earlier rows, and in those that a server of an earlier release still writes. Such a server
leaves a card behind when it deletes an image; the collection of orphaned objects removes it.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column
from spike_sqlalchemy.text_type import TEXT

revision: str = "0028"
down_revision: str | Sequence[str] | None = "0027"

_COLUMNS = (("card_key", TEXT), ("card_size_bytes", sa.BigInteger()), ("card_sha256", sa.LargeBinary()))


def upgrade() -> None:
    """Apply the migration."""
    for name, type_ in _COLUMNS:
        add_column("jobs", name, type_)


def downgrade() -> None:
    """Take the migration back; cards stay until they are collected as orphans."""
    for name, _type in reversed(_COLUMNS):
        op.drop_column("jobs", name)
