"""Of each delivery to a webhook the latest attempts, and how long a webhook is left alone after one that failed.

An earlier release leaves both columns as they are: then the log lacks its attempts, and a webhook rests too little.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column
from spike_sqlalchemy.text_type import TEXT

revision: str = "0027"
down_revision: str | Sequence[str] | None = "0026"


def upgrade() -> None:
    """Apply the migration."""
    add_column("webhooks", "resting_until", sa.BigInteger())
    add_column("webhook_deliveries", "log", TEXT)


def downgrade() -> None:
    """Take the migration back."""
    op.drop_column("webhook_deliveries", "log")
    op.drop_column("webhooks", "resting_until")
