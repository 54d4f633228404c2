from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from spike_core.domain.errors import InvalidValue
from spike_core.ports.factories import DatabaseLimits, OpenDatabase
from spike_sqlalchemy import open_postgres, open_sqlite
from spike_sqlalchemy.table_names import TableNames

OPEN: OpenDatabase = open_sqlite  # mypy says that it is one


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///spike.db", "spike.db"),
        ("sqlite:///var/spike.db", "var/spike.db"),
        ("sqlite:////srv/spike.db", "/srv/spike.db"),
        ("sqlite+pysqlite:////srv/with space.db", "/srv/with space.db"),
    ],
)
def test_a_url_names_a_file(url: str, path: str) -> None:
    assert open_sqlite(url).path == Path(path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "spike.db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://host/spike.db",
        "sqlite:///spike.db?mode=ro",
        "sqlite:///file:spike.db",
        "postgresql://host/spike",
        "sqlite+aiosqlite:///spike.db",
    ],
)
def test_another_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="must look like"):
        open_sqlite(url)


def test_a_url_names_a_schema_and_a_prefix() -> None:
    assert open_sqlite("sqlite:///spike.db?prefix=spike_").names == TableNames(prefix="spike_")
    named = open_postgres("postgresql://host/app?schema=spike&sslmode=require&prefix=s_")
    assert named.names == TableNames(schema="spike", prefix="s_")
    assert dict(named.engine.url.query) == {"sslmode": "require"}
    named.close()


@pytest.mark.parametrize("query", ["prefix=a&prefix=b", "prefix=A", "schema=spike"])
def test_names_that_sqlite_cant_have_are_refused(query: str) -> None:
    with pytest.raises(InvalidValue):
        open_sqlite(f"sqlite:///spike.db?{query}")


def test_opening_touches_nothing(tmp_path: Path) -> None:
    database = OPEN(f"sqlite:///{tmp_path}/spike.db", limits=DatabaseLimits())
    assert list(tmp_path.iterdir()) == []
    database.close()


def test_the_entry_point_leads_here() -> None:
    point = EntryPoint("database.sqlite", "spike_sqlalchemy.plugin:open_sqlite", "spike.adapters")
    assert point.load() is open_sqlite


OPEN_POSTGRES: OpenDatabase = open_postgres


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://host/spike",
        "postgresql+psycopg://host/spike",
        "postgres://user:p%40ss@host:5433/spike?sslmode=require",
        "postgresql:///spike?host=/run/postgresql",
    ],
)
def test_a_url_names_a_database_on_a_server(url: str) -> None:
    """No connection is opened before the first use."""
    database = open_postgres(url)
    assert database.engine.url.database == "spike"
    assert database.engine.dialect.driver == "psycopg"
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql://host",
        "postgresql://host/",
        "postgresql://host/spike?dbname=other",
        "postgresql+psycopg2://host/spike",
        "postgresql+asyncpg://host/spike",
        "postgresql://host:port/spike",
        "sqlite:///spike.db",
        "mysql://host/spike",
    ],
)
def test_a_url_that_names_no_database_on_a_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="must look like"):
        open_postgres(url)


def test_a_parameter_that_libpq_does_not_know_is_named() -> None:
    with pytest.raises(InvalidValue, match="'sslmodus'"):
        open_postgres("postgresql://user:swordfish@host/spike?sslmodus=require")


def test_a_url_that_is_refused_is_not_repeated() -> None:
    """It contains a password."""
    with pytest.raises(InvalidValue) as refusal:
        open_postgres("postgresql://user:swordfish@host/")
    assert "swordfish" not in str(refusal.value)


def test_the_operators_parameters_go_before_ours() -> None:
    database = open_postgres("postgresql://host/spike?application_name=mine&connect_timeout=2")
    assert database.engine.url.query["application_name"] == "mine"
    database.close()


@pytest.mark.parametrize(
    ("name", "opens"), [("database.postgresql", open_postgres), ("database.postgres", open_postgres)]
)
def test_entry_points_lead_to_postgresql(name: str, opens: OpenDatabase) -> None:
    [point] = entry_points(group="spike.adapters", name=name)
    assert point.load() is opens
