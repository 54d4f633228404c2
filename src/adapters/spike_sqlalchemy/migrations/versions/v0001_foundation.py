"""Foundation: wallets, images, jobs, albums, accounts and the outbox.

Instants are whole microseconds since 1970, UTC. Names are completed by the naming convention of `tables.METADATA`.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.text_type import TEXT

revision: str = "0001"
down_revision: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "wallets",
        sa.Column("owner_id", TEXT, primary_key=True),
        sa.Column("balance", sa.BigInteger, nullable=False),
        sa.Column("regenerated_at", sa.BigInteger, nullable=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.CheckConstraint("balance >= 0", name="balance"),
        sa.CheckConstraint("entries >= 0", name="entries"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger_entries",
        sa.Column("owner_id", TEXT, op.ForeignKey("wallets.owner_id"), primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("balance_after", sa.BigInteger, nullable=False),
        sa.Column("job_id", TEXT),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("sequence >= 1", name="sequence"),
        sa.CheckConstraint("balance_after >= 0", name="balance_after"),
        sa.CheckConstraint(
            "amount <> 0 AND (amount < 0) = (kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION'))", name="amount"
        ),
        sa.CheckConstraint(
            "(job_id IS NOT NULL) = (kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION', 'REFUND'))", name="job_id"
        ),
        sqlite_with_rowid=False,
    )
    _partial_index(
        "uq_ledger_entries_spend",
        "ledger_entries",
        ["job_id"],
        where="kind IN ('SPEND_ENHANCEMENT', 'SPEND_GENERATION')",
        unique=True,
    )
    _partial_index("uq_ledger_entries_refund", "ledger_entries", ["job_id"], where="kind = 'REFUND'", unique=True)
    op.create_table(
        "images",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("format", TEXT, nullable=False),
        sa.Column("width_px", sa.Integer, nullable=False),
        sa.Column("height_px", sa.Integer, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("original", TEXT, nullable=False),
        sa.Column("is_public", sa.Boolean, nullable=False),
        sa.Column("view_count", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("width_px >= 1 AND height_px >= 1", name="dimensions"),
        sa.CheckConstraint("size_bytes >= 1", name="size_bytes"),
        sa.CheckConstraint("view_count >= 0", name="view_count"),
    )
    op.create_index("ix_images_owner_id", "images", ["owner_id", "created_at", "id"])
    op.create_table(
        "jobs",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("image_id", TEXT, op.ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
        sa.Column("tier", TEXT, nullable=False),
        sa.Column("charged", sa.BigInteger, nullable=False),
        sa.Column("request_id", TEXT),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("deaths", sa.Integer, nullable=False),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("claimed_at", sa.BigInteger),
        sa.Column("leased_until", sa.BigInteger),
        sa.Column("progress", sa.Integer),
        sa.Column("result_key", TEXT),
        sa.Column("result_format", TEXT),
        sa.Column("result_width_px", sa.Integer),
        sa.Column("result_height_px", sa.Integer),
        sa.Column("result_size_bytes", sa.BigInteger),
        sa.Column("reason", TEXT),
        sa.Column("ended_at", sa.BigInteger),
        sa.CheckConstraint("charged >= 0 AND attempt >= 0 AND deaths >= 0", name="counts"),
        sa.CheckConstraint(
            "status IN ('PENDING', 'PROCESSING', 'COMPLETED', 'FAILED', 'REFUNDED', 'CANCELLED')", name="status"
        ),
        sa.CheckConstraint(
            "CASE WHEN status = 'PROCESSING' THEN (started_at IS NULL) <> (leased_until IS NULL)"
            " ELSE started_at IS NULL AND leased_until IS NULL END",
            name="started_or_leased",
        ),
        sa.CheckConstraint(
            "CASE WHEN status IN ('FAILED', 'REFUNDED', 'CANCELLED') THEN 1 = 1"
            " ELSE (claimed_at IS NOT NULL) = (leased_until IS NOT NULL OR status = 'COMPLETED') END",
            name="claimed",
        ),
        sa.CheckConstraint(
            "CASE WHEN leased_until IS NULL THEN progress IS NULL"
            " ELSE progress IS NOT NULL AND progress BETWEEN 0 AND 99 END",
            name="progress",
        ),
        sa.CheckConstraint(
            "CASE WHEN status = 'COMPLETED' THEN result_key IS NOT NULL AND result_format IS NOT NULL"
            " AND result_width_px IS NOT NULL AND result_height_px IS NOT NULL AND result_size_bytes IS NOT NULL"
            " ELSE result_key IS NULL AND result_format IS NULL"
            " AND result_width_px IS NULL AND result_height_px IS NULL AND result_size_bytes IS NULL END",
            name="result",
        ),
        sa.CheckConstraint("(reason IS NOT NULL) = (status IN ('FAILED', 'REFUNDED'))", name="reason"),
        sa.CheckConstraint(
            "(ended_at IS NOT NULL) = (status IN ('COMPLETED', 'FAILED', 'REFUNDED', 'CANCELLED'))", name="ended"
        ),
        sa.CheckConstraint(
            "CASE status WHEN 'FAILED' THEN charged = 0 WHEN 'REFUNDED' THEN charged > 0 ELSE 1 = 1 END",
            name="refunded",
        ),
    )
    _partial_index("ix_jobs_waiting", "jobs", ["created_at", "id"], where="claimed_at IS NULL AND ended_at IS NULL")
    _partial_index("ix_jobs_started_at", "jobs", ["started_at"], where="started_at IS NOT NULL")
    _partial_index("ix_jobs_leased_until", "jobs", ["leased_until"], where="leased_until IS NOT NULL")
    op.create_index("ix_jobs_image_id", "jobs", ["image_id", "created_at", "id"])
    op.create_table(
        "outbox_messages",
        sa.Column("job_id", TEXT, op.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("refused_since", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_outbox_messages_due_at", "outbox_messages", ["due_at", "job_id"])
    op.create_table(
        "albums",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("owner_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT),
        sa.Column("privacy", TEXT, nullable=False),
        sa.Column("default_tier", TEXT, nullable=False),
        sa.Column("auto_enhance", sa.Boolean, nullable=False),
        sa.Column("cover_image_id", TEXT, op.ForeignKey("images.id", ondelete="SET NULL")),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("default_tier <> 'FREE'", name="default_tier"),
    )
    op.create_index("ix_albums_cover_image_id", "albums", ["cover_image_id"])
    op.create_table(
        "album_images",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("album_id", TEXT, op.ForeignKey("albums.id", ondelete="CASCADE"), nullable=False),
        sa.Column("image_id", TEXT, op.ForeignKey("images.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("album_id", "image_id"),
        sa.UniqueConstraint("album_id", "position"),
    )
    op.create_index("ix_album_images_image_id", "album_images", ["image_id"])
    op.create_table(
        "users",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("email", TEXT, nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("hash", TEXT, primary_key=True),
        sa.Column("user_id", TEXT, op.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "api_keys",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("user_id", TEXT, op.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False, unique=True),
        sa.Column("shown", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])


def downgrade() -> None:
    """Take the migration back."""
    op.drop_table("api_keys")
    op.drop_table("sessions")
    op.drop_table("users")
    op.drop_table("album_images")
    op.drop_table("albums")
    op.drop_table("outbox_messages")
    op.drop_table("jobs")
    op.drop_table("images")
    op.drop_table("ledger_entries")
    op.drop_table("wallets")


def _partial_index(name: str, table: str, columns: list[str], *, where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
