"""Requests and ticks read no more rows because there are many: counted by PostgreSQL, big beside small."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import psycopg
import pytest
from filled import Sizes
from growth import SMALL, Installation, calls, installation
from plans import plans
from sqlalchemy import Engine, event

from servers.postgres import new_database
from spike_core.domain import snapshots
from spike_sqlalchemy import SqlAlchemyDatabase

BIG: Final = Sizes(
    users=1_000,
    images_each=2,
    jobs_each=10,
    waiting=1_000,
    heavy_images=6_000,
    heavy_jobs=12_000,
    image_jobs=1_000,
    albums=SMALL.albums,
    album_images=300,
)
TRIES: Final = 3
SLACK_ROWS: Final = 20  # for a page or two more of an index
# what these read is bounded by the backlog, and read at most for a twentieth of a process' time
OF_THE_BACKLOG: Final = frozenset({"metrics", "GET job, waiting (service)"})
# this counts the jobs of the image itself
OF_ONE_IMAGE: Final = frozenset({"GET image with many jobs"})
# rows of tables, and entries of indexes, also where a count needs nothing but these
READ: Final = """
    SELECT (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)
        + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)
"""


@pytest.fixture(scope="module")
def both(postgres: str, postgres_template: str) -> Iterator[tuple[Installation, Installation]]:
    with (
        new_database(postgres, copy_of=postgres_template) as small_url,
        new_database(postgres, copy_of=postgres_template) as big_url,
        installation(SMALL, database_url=small_url) as small,
        installation(BIG, database_url=big_url) as big,
    ):
        for each in (small, big):
            event.listen(engine_of(each), "checkin", _report)
            engine_of(each).dispose()
        yield small, big


def _report(connection: psycopg.Connection[object] | None, _record: object) -> None:
    """Have a connection's process report what it has read, as it would within a second or at its end."""
    if connection is not None:
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.commit()


def engine_of(at: Installation) -> Engine:
    assert isinstance(at.spike.database, SqlAlchemyDatabase)
    return at.spike.database.engine


def rows_read(at: Installation, call: Callable[[], object], *, enough: int = 0) -> list[int]:
    """Return how many rows of tables each of a few calls reads, after a first one.

    `enough` rows, or fewer, end it, and as many as the time before.
    """
    call()
    counts, read = [_counted(at)], [-1]
    for _ in range(TRIES):
        call()
        counts.append(_counted(at))
        read.append(counts[-1] - counts[-2])
        if read[-1] <= enough or read[-1] == read[-2]:
            break
    return read[1:]


def _counted(at: Installation) -> int:
    """Return how many rows were read."""
    with engine_of(at).connect() as connection:
        return int(connection.exec_driver_sql(READ).scalar_one())


def test_no_request_and_no_tick_reads_more_rows_where_there_are_many(
    both: tuple[Installation, Installation], monkeypatch: pytest.MonkeyPatch
) -> None:
    # on a busy machine, each call would read the order of the queue, which a process reads once in a while
    monkeypatch.setattr(snapshots, "TIME_SHARE", 1_000_000)
    monkeypatch.setattr(snapshots, "SNAPSHOT_AGE_MAX", timedelta(hours=1))
    small, big = both
    of_small, of_big = calls(small), calls(big)
    bounded = OF_THE_BACKLOG | OF_ONE_IMAGE
    assert set(of_big) > bounded
    rows: dict[str, tuple[int, int]] = {}
    for name in of_big:
        if name not in bounded:
            few = min(rows_read(small, of_small[name]))
            rows[name] = (few, min(rows_read(big, of_big[name], enough=few + SLACK_ROWS)))
    assert min(rows["list images, 100"]) >= 100, "what is read is counted"
    assert {name: read for name, read in rows.items() if read[1] > read[0] + SLACK_ROWS} == {}, rows


def test_what_the_backlog_bounds_reads_rows_of_the_backlog_alone(both: tuple[Installation, Installation]) -> None:
    """Each row once or a few times, and none of the settled jobs."""
    _, big = both
    of_big = calls(big)
    rows = {name: max(rows_read(big, of_big[name])) for name in sorted(OF_THE_BACKLOG)}
    assert {name: read for name, read in rows.items() if read > 4 * BIG.waiting} == {}, rows


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_plans_of_a_call_say_which_indexes_its_statements_use(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The benchmark prints them for whatever takes longer where there are many rows."""
    url = f"sqlite:///{tmp_path / 'spike.db'}"
    if database == "postgresql":
        url = request.getfixturevalue("own_postgres_url")
    with installation(SMALL, database_url=url) as small:
        planned = dict(plans(engine_of(small), calls(small)["GET image"]))
        cancelled = dict(plans(engine_of(small), calls(small)["enhance and cancel"]))
    [of_jobs] = [plan for sql, plan in planned.items() if "FROM jobs" in sql]
    assert "jobs" in of_jobs
    assert any(sql.startswith("UPDATE") for sql in cancelled)
    assert all(cancelled.values()) or database == "sqlite"  # SQLite has no plan for an INSERT of values
