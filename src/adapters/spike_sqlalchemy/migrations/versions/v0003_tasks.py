"""Tasks: jobs that blend, generate and modify, jobs asked for together, and images on their way out.

A job needn't be about an image any more. SQLite can't take a NOT NULL back, so there the table is made anew; the
messages in the outbox wait in a copy, because dropping the old table takes them along.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.text_type import TEXT

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"

_KEPT = (
    "id, owner_id, image_id, tier, charged, request_id, created_at, status, attempt, deaths, started_at, claimed_at,"
    " leased_until, progress, result_key, result_format, result_width_px, result_height_px, result_size_bytes, reason,"
    " ended_at"
)
_TASK_COLUMNS = (
    ("source_image_id", TEXT),
    ("input_key", TEXT),
    ("input_width_px", sa.Integer),
    ("input_height_px", sa.Integer),
    ("prompt", TEXT),
    ("negative_prompt", TEXT),
    ("aspect_ratio", TEXT),
)
_TASK_CHECKS = (
    ("kind", "kind IN ('ENHANCEMENT', 'BLEND', 'GENERATION', 'MODIFICATION')"),
    ("image_id", "(image_id IS NOT NULL) = (kind IN ('ENHANCEMENT', 'BLEND'))"),
    ("source_image_id", "source_image_id IS NULL OR kind = 'BLEND'"),
    (
        "input_key",
        (
            "CASE kind WHEN 'BLEND' THEN (input_key IS NOT NULL) <> (source_image_id IS NOT NULL)"
            " ELSE (input_key IS NOT NULL) = (kind = 'MODIFICATION') END"
        ),
    ),
    (
        "input",
        (
            "(input_width_px IS NOT NULL) = (input_key IS NOT NULL)"
            " AND (input_height_px IS NOT NULL) = (input_key IS NOT NULL)"
        ),
    ),
    ("prompt", "(prompt IS NOT NULL) = (kind IN ('GENERATION', 'MODIFICATION'))"),
    ("negative_prompt", "negative_prompt IS NULL OR prompt IS NOT NULL"),
    ("aspect_ratio", "(aspect_ratio IS NOT NULL) = (kind = 'GENERATION')"),
)


def upgrade() -> None:
    """Apply the migration."""
    if op.get_bind().dialect.name == "sqlite":
        _replace_jobs(
            _image_and_task_columns(),
            [sa.Column("batch_id", TEXT)],
            [sa.CheckConstraint(sql, name=name) for name, sql in _TASK_CHECKS],
            copied=f"INSERT INTO [jobs] (kind, {_KEPT}) SELECT 'ENHANCEMENT', {_KEPT} FROM jobs_kept",  # noqa: S608  # constants
        )
    else:
        op.add_column("jobs", sa.Column("kind", TEXT, nullable=False, server_default="ENHANCEMENT"))
        op.alter_column("jobs", "kind", server_default=None)
        op.alter_column("jobs", "image_id", nullable=True)
        for name, type_ in (*_TASK_COLUMNS, ("batch_id", TEXT)):
            op.add_column("jobs", sa.Column(name, type_))
        for name, sql in _TASK_CHECKS:
            op.create_check_constraint(name, "jobs", sql)
    _partial_index("ix_jobs_batch_id", "jobs", ["batch_id"], where="batch_id IS NOT NULL")
    _partial_index(
        "ix_jobs_creations", "jobs", ["owner_id", "created_at", "id"], where="kind IN ('GENERATION', 'MODIFICATION')"
    )
    op.add_column("images", sa.Column("removed_at", sa.BigInteger))
    _partial_index("ix_images_removed_at", "images", ["removed_at", "id"], where="removed_at IS NOT NULL")


def downgrade() -> None:
    """Take the migration back. What the older schema can't hold is lost: the pictures made from words."""
    op.drop_index("ix_images_removed_at", "images")
    op.drop_column("images", "removed_at")
    op.execute("DELETE FROM [jobs] WHERE kind IN ('GENERATION', 'MODIFICATION')")
    op.drop_index("ix_jobs_creations", "jobs")
    op.drop_index("ix_jobs_batch_id", "jobs")
    if op.get_bind().dialect.name == "sqlite":
        image_id = sa.Column("image_id", TEXT, op.ForeignKey("images.id", ondelete="CASCADE"), nullable=False)
        _replace_jobs([image_id], [], [], copied=f"INSERT INTO [jobs] ({_KEPT}) SELECT {_KEPT} FROM jobs_kept")  # noqa: S608  # constants
        return
    for name, _ in _TASK_CHECKS:
        op.drop_constraint(f"ck_jobs_{name}", "jobs")
    for name in ("batch_id", "kind", *(name for name, _ in _TASK_COLUMNS)):
        op.drop_column("jobs", name)
    op.alter_column("jobs", "image_id", nullable=False)


def _image_and_task_columns() -> Sequence[sa.Column[Any]]:
    return [
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("image_id", TEXT, op.ForeignKey("images.id", ondelete="CASCADE")),
        *(sa.Column(name, type_) for name, type_ in _TASK_COLUMNS),
    ]


def _replace_jobs(
    about: Sequence[sa.Column[Any]],
    together: Sequence[sa.Column[Any]],
    checks: Sequence[sa.CheckConstraint],
    *,
    copied: str,
) -> None:
    """Make the table of jobs anew with these columns among the others, and copy back what was in the old one."""
    op.execute("CREATE TEMPORARY TABLE outbox_kept AS SELECT * FROM [outbox_messages]")
    op.execute("CREATE TEMPORARY TABLE jobs_kept AS SELECT * FROM [jobs]")
    op.drop_table("jobs")
    op.create_table(
        "jobs",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("owner_id", TEXT, nullable=False),
        *about,
        sa.Column("tier", TEXT, nullable=False),
        sa.Column("charged", sa.BigInteger, nullable=False),
        *together,
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
        *checks,
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
    op.execute(copied)
    op.execute("INSERT INTO [outbox_messages] SELECT * FROM outbox_kept")
    op.execute("DROP TABLE jobs_kept")
    op.execute("DROP TABLE outbox_kept")
    op.create_index("ix_jobs_image_id", "jobs", ["image_id", "created_at", "id"])
    _partial_index("ix_jobs_waiting", "jobs", ["created_at", "id"], where="claimed_at IS NULL AND ended_at IS NULL")
    _partial_index("ix_jobs_started_at", "jobs", ["started_at"], where="started_at IS NOT NULL")
    _partial_index("ix_jobs_leased_until", "jobs", ["leased_until"], where="leased_until IS NOT NULL")


def _partial_index(name: str, table: str, columns: Sequence[str], *, where: str) -> None:
    """Create an index over the rows of which `where` holds."""
    op.create_index(name, table, list(columns), sqlite_where=sa.text(where), postgresql_where=sa.text(where))
