"""Statements that PostgreSQL has prepared stay prepared, whatever happens to the transactions that execute them."""

from collections.abc import Iterator, Mapping

import pytest

from spike_contracts.builders import NOON, an_album, an_album_image_id, an_image, an_image_id
from spike_core.domain.errors import ImageNotFound
from spike_core.ports.factories import DatabaseLimits
from spike_sqlalchemy import PostgresDatabase, open_postgres

PREPARED_AT = 6  # psycopg prepares what a connection executes so often


@pytest.fixture
def database(own_postgres_url: str) -> Iterator[PostgresDatabase]:
    """A single connection, so that all transactions use it."""
    database = open_postgres(own_postgres_url, limits=DatabaseLimits(connections_max=1))
    yield database
    database.close()


def executions(database: PostgresDatabase, *, begins: str) -> Mapping[str, int]:
    """Return how often the connection has executed each prepared statement, by its text."""
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements"
        ).all()
    return {sql: number for sql, number in rows if sql.startswith(begins)}


def test_a_statement_is_prepared_once_for_views_refusals_and_commits(database: PostgresDatabase) -> None:
    image = an_image()
    for _ in range(2):
        with database.transactions.view() as tx, pytest.raises(ImageNotFound):
            tx.images.get(an_image_id())
        with pytest.raises(ImageNotFound), database.transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.images.count_view(image.id)
            tx.images.get(an_image_id())
        with database.transactions.begin() as tx:
            tx.images.count_view(image.id)
    assert list(executions(database, begins="SELECT images").values()) == [2, 2]  # one locks, one doesn't
    assert list(executions(database, begins="UPDATE images").values()) == [4]


def test_what_is_prepared_outlives_a_column_that_a_newer_version_adds(database: PostgresDatabase) -> None:
    """As during a rolling upgrade, while processes of the old version still run."""
    image = an_image()
    with database.transactions.begin() as tx:
        tx.images.add(image)
        assert tx.images.get(image.id) == image
    with database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE images ADD COLUMN mood TEXT")
    with database.transactions.begin() as tx:
        assert tx.images.get(image.id) == image
        tx.images.add(an_image())
    assert len(executions(database, begins="INSERT INTO images")) == 1


def test_ids_in_an_album_are_known_to_whoever_plans(database: PostgresDatabase) -> None:
    """Otherwise each image of the album may be compared with each id: forty times as long for 500 of 10,000."""
    album = an_album()
    images = [an_image(owner_id=album.owner_id) for _ in range(2)]
    ids = [image.id for image in images]
    with database.transactions.begin() as tx:
        tx.images.add(*images)
        tx.albums.add(album)
        for _ in range(PREPARED_AT + 1):
            tx.albums.append_images(album.id, [(an_album_image_id(), id_) for id_ in ids], now=NOON)
            assert tx.albums.remove_images(album.id, ids) == len(ids)
    assert len(executions(database, begins="INSERT INTO album_images")) == 1
    assert executions(database, begins="SELECT album_images") == {}
    assert executions(database, begins="DELETE FROM album_images") == {}
