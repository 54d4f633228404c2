"""The entry points `database.sqlite` and `database.postgresql`."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from spike_core.domain.errors import InvalidValue
from spike_core.ports.factories import DatabaseLimits
from spike_sqlalchemy.app_database import check_sqlite_names
from spike_sqlalchemy.database import PostgresDatabase, SqliteDatabase
from spike_sqlalchemy.engine import postgres_engine, sqlite_engine, unpooled_postgres_engine
from spike_sqlalchemy.table_names import TableNames
from spike_sqlalchemy.transactions import SqlAlchemyTransactions

ADAPTER_API: Final = 1

_SQLITE: Final = frozenset({"sqlite", "sqlite+pysqlite"})
_NAMES: Final = ("schema", "prefix")
_POSTGRESQL: Final = frozenset({"postgresql", "postgresql+psycopg", "postgres"})


def open_sqlite(url: str, *, limits: DatabaseLimits | None = None) -> SqliteDatabase:
    """Open the SQLite file at `url`, `sqlite:///relative/path.db` or `sqlite:////absolute/path.db`.

    `?prefix=spike_` begins the names of all tables, which may then be beside an app's.

    Raises:
        InvalidValue: it isn't such a URL. A database in memory isn't one: `spike_memory` has that.
    """
    path, names = _path(url)
    engine = sqlite_engine(path, limits)
    transactions = SqlAlchemyTransactions(engine, names=names)
    return SqliteDatabase(path=path, engine=engine, transactions=transactions, names=names)


def open_postgres(url: str, *, limits: DatabaseLimits | None = None) -> PostgresDatabase:
    """Open the PostgreSQL database at `url`, `postgresql://user:password@host:5432/database`.

    A query may follow: parameters of libpq, such as `sslmode`; `schema`, which holds all tables, and `prefix`, which
    begins their names. Nothing goes over the network yet.

    Raises:
        InvalidValue: it isn't such a URL, or the driver isn't installed.
    """
    try:
        server, names = _without_names(_server(url))
        engine = postgres_engine(server, limits)
        _check_parameters(server)
    except ImportError as error:
        raise InvalidValue(what="the PostgreSQL URL", rule="needs the extra spike-core[postgres]") from error
    return PostgresDatabase(
        engine=engine,
        unpooled_engine=unpooled_postgres_engine(server, limits),
        transactions=SqlAlchemyTransactions(engine, names=names),
        names=names,
    )


def _path(url: str) -> tuple[Path, TableNames]:
    wrong = InvalidValue(what="the SQLite URL", rule="must look like sqlite:///path/to/file.db")
    parsed, names = _without_names(_parsed(url, wrong))
    name = parsed.database or ""
    if parsed.drivername not in _SQLITE or parsed.host or parsed.query or not name or name.startswith((":", "file:")):
        raise wrong
    check_sqlite_names(names.schema)
    return Path(name), names


def _without_names(url: URL) -> tuple[URL, TableNames]:
    """Return the URL without `schema` and `prefix`, and these."""
    given = {name: value for name in _NAMES if (value := url.query.get(name)) is not None}
    for name, value in given.items():
        if not isinstance(value, str) or not value:
            raise InvalidValue(what=f"{name} in the URL of the database", rule="must be given once, and not be empty")
    return url.difference_update_query(_NAMES), TableNames(**{name: str(value) for name, value in given.items()})


def _server(url: str) -> URL:
    wrong = InvalidValue(what="the PostgreSQL URL", rule="must look like postgresql://user:password@host:5432/database")
    parsed = _parsed(url, wrong)
    if parsed.drivername not in _POSTGRESQL or not parsed.database or "dbname" in parsed.query:
        raise wrong
    return parsed.set(drivername="postgresql+psycopg")


def _check_parameters(server: URL) -> None:
    """Refuse parameters that libpq doesn't know; it would say so at each connection."""
    import psycopg  # noqa: PLC0415  # an extra
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415

    for name in server.query:
        try:
            make_conninfo(f"{name}=''")
        except psycopg.ProgrammingError as error:
            raise InvalidValue(what="the PostgreSQL URL", rule=f"has no parameter {name!r}") from error


def _parsed(url: str, wrong: InvalidValue) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise wrong from error
