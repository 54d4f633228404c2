"""Domain events: the subscribers, and the events to be handed to them.

What happens before a process of this release runs is recorded for no subscriber.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import create_index
from spike_sqlalchemy.text_type import TEXT

revision: str = "0018"
down_revision: str | Sequence[str] | None = "0017"


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "event_subscribers",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("event_types", TEXT, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    op.create_table(
        "event_deliveries",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("subscriber", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("set_aside_at", sa.BigInteger()),
        sa.CheckConstraint("set_aside_at IS NULL OR due_at IS NULL", name="set_aside_at"),
        sa.PrimaryKeyConstraint("position"),
        if_not_exists=True,
    )
    table = "event_deliveries"
    create_index("ix_event_deliveries_due_at", table, ["subscriber", "due_at", "position"], where="due_at IS NOT NULL")
    create_index(
        "ix_event_deliveries_subject", table, ["subscriber", "subject", "position"], where="set_aside_at IS NULL"
    )
    create_index("ix_event_deliveries_set_aside", table, ["subscriber", "position"], where="set_aside_at IS NOT NULL")
    create_index("ix_event_deliveries_recorded_at", table, ["subscriber", "recorded_at", "position"])
    create_index(
        "ix_event_deliveries_oldest", table, ["subscriber", "recorded_at", "position"], where="set_aside_at IS NULL"
    )


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("event_deliveries")
    op.drop_table("event_subscribers")
