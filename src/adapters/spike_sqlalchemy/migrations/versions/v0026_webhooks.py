"""Webhooks and the deliveries to them.

A release that doesn't know the tables records events for webhooks as for any other subscriber, and sends nothing.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import create_index
from spike_sqlalchemy.text_type import TEXT

revision: str = "0026"
down_revision: str | Sequence[str] | None = "0025"


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "webhooks",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("event_types", TEXT, nullable=False),
        sa.Column("secret", TEXT, nullable=False),
        sa.Column("previous_secret", TEXT),
        sa.Column("previous_until", sa.BigInteger()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.Column("disabled_because", TEXT),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("is_slow", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("claims", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("claimed_until", sa.BigInteger()),
        sa.CheckConstraint("disabled_at IS NULL OR due_at IS NULL", name="disabled_at"),
        sa.PrimaryKeyConstraint("id"),
        if_not_exists=True,
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("webhook_id", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("event_type", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("event", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", sa.BigInteger()),
        sa.Column("status", sa.Integer()),
        sa.Column("detail", TEXT, nullable=False),
        sa.CheckConstraint("due_at IS NULL OR state = 'PENDING'", name="due_at"),
        sa.PrimaryKeyConstraint("position"),
        if_not_exists=True,
    )
    create_index("ix_webhooks_owner_id", "webhooks", ["owner_id", "created_at", "id"])
    create_index("ix_webhooks_due_at", "webhooks", ["is_slow", "due_at", "id"], where="due_at IS NOT NULL")
    table, prefix = "webhook_deliveries", "ix_webhook_deliveries"
    create_index("uq_webhook_deliveries_id", table, ["id"], unique=True)
    create_index("uq_webhook_deliveries_event_id", table, ["webhook_id", "event_id"], unique=True)
    create_index(f"{prefix}_webhook_id", table, ["webhook_id", "position"])
    create_index(f"{prefix}_created_at", table, ["created_at", "position"])
    create_index(f"{prefix}_due_at", table, ["webhook_id", "due_at", "position"], where="due_at IS NOT NULL")
    create_index(f"{prefix}_pending", table, ["webhook_id", "subject", "position"], where="state = 'PENDING'")


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
