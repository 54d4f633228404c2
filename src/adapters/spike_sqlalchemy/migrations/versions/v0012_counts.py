"""Counts of albums' images; and started jobs in the order of their messages, by an index for each of the two queues.

On PostgreSQL the albums are counted in portions. The triggers are there before, so that what is written meanwhile
counts; each portion is locked before it is counted, so that it counts once.
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

revision: str = "0012"
down_revision: str | Sequence[str] | None = "0011"

_IS_STARTED = "started_at IS NOT NULL"
_IS_PLAIN = "kind IN ('ENHANCEMENT', 'BLEND')"
_QUEUES = {  # by the suffix of the index
    "quick": f"{_IS_PLAIN} AND tier = 'TIER_1K'",
    "long": f"NOT ({_IS_PLAIN} AND tier IN ('FREE', 'TIER_1K'))",
    "free": f"{_IS_PLAIN} AND tier = 'FREE'",
}

_ON_SQLITE = (
    """CREATE TRIGGER [count_added_images] AFTER INSERT ON [album_images] BEGIN
    UPDATE [albums] SET image_count = image_count + 1 WHERE id = NEW.album_id;
END""",
    """CREATE TRIGGER [count_removed_images] AFTER DELETE ON [album_images] BEGIN
    UPDATE [albums] SET image_count = image_count - 1 WHERE id = OLD.album_id;
END""",
)
_ON_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION [count_album_images]() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM id FROM [albums] WHERE id IN (SELECT album_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
    UPDATE [albums] SET image_count = image_count + CASE TG_OP WHEN 'INSERT' THEN rows ELSE -rows END
        FROM (SELECT album_id, count(*) AS rows FROM changed GROUP BY album_id) AS counted
        WHERE [albums].id = counted.album_id;
    RETURN NULL;
END $$""",
    """CREATE OR REPLACE TRIGGER [count_added_images] AFTER INSERT ON [album_images]
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION [count_album_images]()""",
    """CREATE OR REPLACE TRIGGER [count_removed_images] AFTER DELETE ON [album_images]
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION [count_album_images]()""",
)
_COUNTED = "(SELECT count(*) FROM [album_images] WHERE [album_images].album_id = [albums].id)"
_PORTION_END = sa.text(
    "SELECT max(id) FROM (SELECT id FROM [albums] WHERE id > :after ORDER BY id LIMIT :rows_max) AS portion"
)
# a function of this session: each of its statements sees what was committed before it
_COUNT_PORTION = f"""CREATE FUNCTION pg_temp.count_albums(after text, last text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM id FROM [albums] WHERE id > after AND id <= last ORDER BY id FOR NO KEY UPDATE;
    UPDATE [albums] SET image_count = {_COUNTED} WHERE id > after AND id <= last;
END $$"""  # noqa: S608  # constants


def upgrade() -> None:
    """Apply the migration."""
    for suffix, condition in _QUEUES.items():
        create_index(f"ix_jobs_started_{suffix}", "jobs", ["started_at", "id"], where=f"{_IS_STARTED} AND {condition}")
    drop_index("ix_jobs_started_at", "jobs")
    add_column("albums", "image_count", sa.BigInteger(), default="0", check="image_count >= 0")
    if is_postgresql():
        _count_in_portions()
        return
    for statement in _ON_SQLITE:
        op.execute(statement)
    op.execute(f"UPDATE [albums] SET image_count = {_COUNTED}")  # noqa: S608  # constants


def _count_in_portions() -> None:
    with committed_at_once() as connection:
        for statement in (*_ON_POSTGRESQL, _COUNT_PORTION):
            connection.exec_driver_sql(statement)
        after = ""
        while last := connection.execute(_PORTION_END, {"after": after, "rows_max": ROWS_PER_UPDATE}).scalar_one():
            connection.execute(sa.text("SELECT pg_temp.count_albums(:after, :last)"), {"after": after, "last": last})
            after = last
        connection.exec_driver_sql("DROP FUNCTION pg_temp.count_albums")


def downgrade() -> None:
    """Take the migration back."""
    for name in ("count_added_images", "count_removed_images"):
        op.execute(f"DROP TRIGGER [{name}] ON [album_images]" if is_postgresql() else f"DROP TRIGGER [{name}]")
    if is_postgresql():
        op.execute("DROP FUNCTION [count_album_images]")
    op.drop_column("albums", "image_count")
    condition = sa.text(_IS_STARTED)
    op.create_index("ix_jobs_started_at", "jobs", ["started_at"], sqlite_where=condition, postgresql_where=condition)
    for suffix in _QUEUES:
        op.drop_index(f"ix_jobs_started_{suffix}", "jobs")
