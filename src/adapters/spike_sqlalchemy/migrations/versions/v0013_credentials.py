"""Credentials: scopes, expiry and monthly limits of API keys, and the use of sessions.

Keys of earlier releases keep all scopes. Sessions of earlier releases may have been opened by an API key.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column, create_index
from spike_sqlalchemy.text_type import TEXT

revision: str = "0013"
down_revision: str | Sequence[str] | None = "0012"


def upgrade() -> None:
    """Apply the migration."""
    add_column("sessions", "last_used_at", sa.BigInteger())
    add_column("sessions", "is_link", sa.Boolean(), default="false")
    add_column("sessions", "may_descend_from_key", sa.Boolean(), default="true")
    add_column("api_keys", "scopes", TEXT, default="'manage,read,spend'")
    add_column("api_keys", "expires_at", sa.BigInteger())
    add_column("api_keys", "monthly_limit", sa.BigInteger(), check="monthly_limit >= 1")
    op.create_table(
        "api_key_charges",
        sa.Column("job_id", TEXT, nullable=False),
        sa.Column("api_key_id", TEXT, nullable=False),
        sa.Column("month", TEXT, nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("tokens >= 1", name="tokens"),
        op.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )
    create_index("ix_api_key_charges_api_key_id", "api_key_charges", ["api_key_id"])
    op.create_table(
        "api_key_months",
        sa.Column("api_key_id", TEXT, nullable=False),
        sa.Column("month", TEXT, nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("tokens >= 0", name="tokens"),
        op.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("api_key_id", "month"),
        sqlite_with_rowid=False,
        if_not_exists=True,
    )


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("api_key_months")
    op.drop_table("api_key_charges")
    op.drop_column("api_keys", "monthly_limit")
    op.drop_column("api_keys", "expires_at")
    op.drop_column("api_keys", "scopes")
    op.drop_column("sessions", "may_descend_from_key")
    op.drop_column("sessions", "is_link")
    op.drop_column("sessions", "last_used_at")
