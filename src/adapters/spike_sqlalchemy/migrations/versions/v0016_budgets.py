"""Budgets: what each owner's jobs and images add up to, and the limits of an owner's own.

On PostgreSQL they are counted while requests are served. A release that doesn't count, and goes on serving for a while,
leaves the sums behind; the recount among the maintenance tasks corrects them.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import (
    ROWS_PER_UPDATE,
    add_column,
    committed_at_once,
    create_index,
    drop_index,
    is_postgresql,
)

revision: str = "0016"
down_revision: str | Sequence[str] | None = "0015"

_SUMS = ("parked", "free_jobs", "paid_jobs", "images", "stored_bytes")
_LIMITS = ("free_jobs_max", "paid_jobs_max", "images_max", "stored_bytes_max")
_ANONYMOUS = "user_anonymous000000000000000"  # has no tokens, but shares a budget
_COUNT = """
    CREATE TEMPORARY TABLE counted AS
    SELECT owner_id, sum(parked) AS parked, sum(free_jobs) AS free_jobs, sum(paid_jobs) AS paid_jobs,
        sum(images) AS images, sum(stored_bytes) AS stored_bytes
    FROM (
        SELECT owner_id,
            sum(CASE WHEN ended_at IS NULL THEN charged ELSE 0 END) AS parked,
            sum(CASE WHEN ended_at IS NULL AND charged = 0 THEN 1 ELSE 0 END) AS free_jobs,
            sum(CASE WHEN ended_at IS NULL AND charged > 0 THEN 1 ELSE 0 END) AS paid_jobs,
            0 AS images,
            sum(coalesce(result_size_bytes, 0)) AS stored_bytes
        FROM [jobs] GROUP BY owner_id
        UNION ALL
        SELECT owner_id, 0, 0, 0, count(*),
            sum(size_bytes * CASE WHEN substr(original, 1, 10) = 'originals/' THEN 2 ELSE 1 END)
        FROM [images] GROUP BY owner_id
    ) AS sums GROUP BY owner_id
"""
_STORE = """
    UPDATE [wallets] SET parked = counted.parked, free_jobs = counted.free_jobs, paid_jobs = counted.paid_jobs,
        images = counted.images, stored_bytes = counted.stored_bytes
    FROM counted WHERE counted.owner_id = [wallets].owner_id
"""
_PORTION_END = sa.text(
    "SELECT max(owner_id) FROM"
    " (SELECT owner_id FROM counted WHERE owner_id > :after ORDER BY owner_id LIMIT :rows_max) AS portion"
)
_STORE_PORTION = sa.text(f"{_STORE} AND counted.owner_id > :after AND counted.owner_id <= :last")


def upgrade() -> None:
    """Apply the migration."""
    for name in _SUMS:
        add_column("wallets", name, sa.BigInteger(), default="0", check=f"{name} >= 0")
    for name in _LIMITS:
        add_column("wallets", name, sa.BigInteger())
    add_column("wallets", "worked_ms", sa.BigInteger(), default="0")
    add_column("wallets", "worked_at", sa.BigInteger())
    create_index("ix_jobs_unsettled_image_id", "jobs", ["image_id"], where="ended_at IS NULL AND image_id IS NOT NULL")
    create_index("ix_jobs_owner_id", "jobs", ["owner_id"])
    op.execute(
        "INSERT INTO [wallets] (owner_id, balance, regenerated_at, entries)"  # noqa: S608  # a constant
        f" SELECT DISTINCT owner_id, 0, 0, 0 FROM [images] WHERE owner_id = '{_ANONYMOUS}'"
        " ON CONFLICT (owner_id) DO NOTHING"
    )
    if is_postgresql():
        _count_in_portions()
    else:
        _count_at_once()


def _count_in_portions() -> None:
    """Count in one query that locks nothing, and store the sums in portions, each of which is committed."""
    with committed_at_once() as connection:
        op.execute("DROP TABLE IF EXISTS pg_temp.counted")
        op.execute(_COUNT)
        op.execute("CREATE UNIQUE INDEX counted_owner_id ON counted (owner_id)")
        after = ""
        while last := connection.execute(_PORTION_END, {"after": after, "rows_max": ROWS_PER_UPDATE}).scalar_one():
            connection.execute(_STORE_PORTION, {"after": after, "last": last})
            after = last
        op.execute("DROP TABLE counted")


def _count_at_once() -> None:
    op.execute(_COUNT)
    op.execute("CREATE UNIQUE INDEX counted_owner_id ON counted (owner_id)")
    op.execute(_STORE)
    op.execute("DROP TABLE counted")


def downgrade() -> None:
    """Take the migration back."""
    op.execute(f"DELETE FROM [wallets] WHERE owner_id = '{_ANONYMOUS}'")  # noqa: S608  # a constant
    drop_index("ix_jobs_owner_id", "jobs")
    drop_index("ix_jobs_unsettled_image_id", "jobs")
    for name in ("worked_at", "worked_ms", *_LIMITS, *_SUMS):
        op.drop_column("wallets", name)
