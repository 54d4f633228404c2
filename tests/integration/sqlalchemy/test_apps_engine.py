"""Spike's transactions on the engine of an app: whatever becomes of them, its connections stay as they were."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any, Final

import psycopg
import pytest
from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, text

from spike_contracts.builders import an_image
from spike_core.domain.errors import DatabaseUnavailable, ImageNotFound, UnsuitableDatabase
from spike_core.domain.images import Image
from spike_sqlalchemy import AppDatabase, SqlAlchemyTransaction, from_engine

# how apps have transactions begin on SQLite
BY_DEFAULT: Final[dict[str, Any]] = {}
BY_NOTHING: Final[dict[str, Any]] = {"connect_args": {"isolation_level": None}}
BY_AUTOCOMMIT: Final[dict[str, Any]] = {"isolation_level": "AUTOCOMMIT"}
BY_THE_DRIVER: Final[dict[str, Any]] = {"connect_args": {"isolation_level": "IMMEDIATE"}}
BY_EVENT: Final[dict[str, Any]] = {**BY_NOTHING, "begin": "BEGIN"}  # as SQLAlchemy's manual proposes
BY_LOCKING_EVENT: Final[dict[str, Any]] = {**BY_NOTHING, "begin": "BEGIN IMMEDIATE"}


class Refused(Exception):
    """What a hook of the app raises."""


@pytest.fixture
def opened() -> Iterator[Callable[..., Engine]]:
    """Open an engine as an app does, with one connection."""
    engines: list[Engine] = []

    def open_one(url: str, *, begin: str = "", **options: Any) -> Engine:
        pool = {} if "poolclass" in options else {"pool_size": 1, "max_overflow": 0}
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), **pool, **options)
        engines.append(engine)
        if engine.dialect.name == "sqlite":

            @event.listens_for(engine, "connect")
            def prepare(connection: sqlite3.Connection, _record: object) -> None:
                for pragma in ("foreign_keys = ON", "journal_mode = WAL", "busy_timeout = 0"):
                    connection.execute(f"PRAGMA {pragma}")

        if begin:

            @event.listens_for(engine, "begin")
            def do_begin(connection: Connection) -> None:
                connection.exec_driver_sql(begin)

        return engine

    yield open_one
    for engine in engines:
        engine.dispose()


def is_stored(database: AppDatabase, image: Image) -> bool:
    with database.transactions.view() as tx:
        try:
            tx.images.get(image.id)
        except ImageNotFound:
            return False
        return True


def how_it_begins(engine: Engine) -> object:
    """Return what says when the driver begins a transaction by itself."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        return driver.isolation_level if engine.dialect.name == "sqlite" else driver.autocommit


@pytest.mark.parametrize(
    "way", [BY_DEFAULT, BY_NOTHING, BY_AUTOCOMMIT, BY_THE_DRIVER, BY_EVENT, BY_LOCKING_EVENT], ids=str
)
def test_what_fails_is_undone_however_the_app_begins(
    opened: Callable[..., Engine], sqlite_url: str, way: dict[str, Any]
) -> None:
    engine = opened(sqlite_url, **way)
    database, undone, kept = from_engine(engine), an_image(), an_image()
    database.migrate()
    before = how_it_begins(engine)
    with pytest.raises(Refused), database.transactions.begin() as tx:  # noqa: PT012
        tx.images.add(undone)
        raise Refused
    with database.transactions.begin() as tx:
        tx.images.add(kept)
    assert [is_stored(database, image) for image in (undone, kept)] == [False, True]
    assert how_it_begins(engine) == before
    database.ping()


def test_a_connection_refused_as_locked_stays_as_the_app_has_it(opened: Callable[..., Engine], sqlite_url: str) -> None:
    engine = opened(sqlite_url)
    database = from_engine(engine)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable), database.transactions.begin():
            pass
        other.execute("ROLLBACK")
    assert how_it_begins(engine) == ""
    image = an_image()
    with pytest.raises(Refused), database.transactions.begin() as tx:  # noqa: PT012
        tx.images.add(image)
        raise Refused
    assert not is_stored(database, image)


def test_rows_of_the_app_are_undone_with_spikes(opened: Callable[..., Engine], sqlite_url: str) -> None:
    """By the connection of SQLAlchemy, whose own events begin nothing a second time."""
    engine = opened(sqlite_url, **BY_EVENT)
    database = from_engine(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE app_orders (picture TEXT)"))
    for fails in (True, False):
        with suppress(Refused), database.transactions.begin() as tx:
            assert isinstance(tx, SqlAlchemyTransaction)
            tx.connection.execute(text("INSERT INTO app_orders VALUES ('a')"))
            if fails:
                raise Refused
        with engine.connect() as connection:
            assert len(connection.execute(text("SELECT * FROM app_orders")).all()) == (0 if fails else 1)


def test_a_transaction_of_spikes_holds_the_only_write_lock_whatever_the_app_begins(
    opened: Callable[..., Engine], sqlite_url: str
) -> None:
    database = from_engine(opened(sqlite_url, **BY_EVENT))
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None, timeout=0)) as other:
        with database.transactions.begin(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        with database.transactions.view():
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")


def test_a_connection_in_the_midst_of_the_apps_transaction_is_refused(
    opened: Callable[..., Engine], sqlite_url: str
) -> None:
    """As a pool of one shared connection hands it out: Spike would commit or undo what is the app's."""
    engine = opened(sqlite_url, poolclass=StaticPool)
    database = from_engine(engine)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE app_orders (picture TEXT)"))
        connection.execute(text("INSERT INTO app_orders VALUES ('a')"))
        with pytest.raises(UnsuitableDatabase, match="in a transaction"), database.transactions.begin():
            pass


@pytest.mark.parametrize("kind", ["begin", "view"])
def test_a_connection_lost_midway_is_reported_as_such_and_replaced(
    opened: Callable[..., Engine], postgres_url: str, kind: str
) -> None:
    engine = opened(postgres_url)
    database = from_engine(engine)
    with pytest.raises(DatabaseUnavailable), getattr(database.transactions, kind)() as tx:  # noqa: PT012
        end_session(postgres_url, tx.connection)
        tx.subscriptions.all()
    database.ping()
    assert how_it_begins(engine) is False


def test_a_lost_connection_hides_no_error_of_the_apps(opened: Callable[..., Engine], postgres_url: str) -> None:
    database = from_engine(opened(postgres_url))
    with pytest.raises(Refused), database.transactions.begin() as tx:  # noqa: PT012
        assert isinstance(tx, SqlAlchemyTransaction)
        end_session(postgres_url, tx.connection)
        raise Refused
    database.ping()


def end_session(url: str, connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (driver.info.backend_pid,))
