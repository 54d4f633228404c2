"""Spike's tables beside those of others: by a schema on PostgreSQL, by a prefix on both."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, inspect, text

from services import Services
from spike_core.domain.errors import DatabaseUnavailable, InvalidValue, UnsuitableDatabase
from spike_sqlalchemy import PostgresDatabase, SqlAlchemyDatabase, migrations, open_postgres, open_sqlite
from spike_sqlalchemy.schema import migration_connection, run_migrations
from spike_sqlalchemy.table_names import DEFAULT_NAMES, NAME_MAX, TableNames
from spike_sqlalchemy.tables import METADATA
from statement_plans import READ_EVERYTHING, STATEMENTS, whole_tables

OF_THE_APP: Final = ("users", "jobs", "alembic_version")
APPS_TABLES: Final = (
    "CREATE TABLE users (name TEXT)",
    "CREATE TABLE jobs (title TEXT)",
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
    "INSERT INTO users VALUES ('of the app')",
    "INSERT INTO alembic_version VALUES ('ae1027a6acf')",
)
DESCRIPTIONS: Final = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = '{schema}'",
    """SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = '{schema}'::regnamespace""",
    """SELECT tgname, pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND relnamespace = '{schema}'::regnamespace""",
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace",
    """SELECT table_name || '.' || column_name, data_type || coalesce(collation_name, '') || is_nullable
    FROM information_schema.columns WHERE table_schema = '{schema}'""",
)
Open = Callable[..., SqlAlchemyDatabase]


@pytest.fixture(params=["sqlite", "postgresql"])
def open_named(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open the same database under names; it isn't migrated yet."""
    opened: list[SqlAlchemyDatabase] = []
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/app.db" if is_sqlite else request.getfixturevalue("empty_postgres_url")

    def opening(query: str = "") -> SqlAlchemyDatabase:
        named = f"{url}?{query}" if query else url
        opened.append(open_sqlite(named) if is_sqlite else open_postgres(named))
        return opened[-1]

    yield opening
    for database in opened:
        database.close()


def two(database: SqlAlchemyDatabase) -> tuple[str, str]:
    """Return the names of two installations."""
    if isinstance(database, PostgresDatabase):
        return ("schema=spike", "schema=spike&prefix=second_")
    return ("prefix=spike_", "prefix=second_")


def execute(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def rows(database: SqlAlchemyDatabase) -> dict[str, int]:
    """Count the rows of each table."""
    with database.engine.connect() as connection:
        count = "SELECT count(*) FROM {}"
        return {
            name: connection.exec_driver_sql(count.format(database.names.table(name))).scalar_one()
            for name in METADATA.tables
        }


def everything(database: SqlAlchemyDatabase) -> Services:
    """Upload, work, order, cancel, delete and sweep, with an album, and audit it."""
    services = Services.build(transactions=database.transactions)
    owner = services.owner()
    album = services.album(owner).id
    first = services.upload(owner, album_id=album)
    services.work()
    services.upload(owner)
    services.images.deletion.remove(owner, first.image.id)
    services.upload(owner, album_id=album)
    services.jobs.dispatch.relay()
    services.work()
    assert services.findings() == []
    return services


def test_two_installations_and_an_app_share_a_database_and_touch_nothing_of_each_other(open_named: Open) -> None:
    default = open_named()
    execute(default.engine, *APPS_TABLES)
    first, second = (open_named(names) for names in two(default))
    for database in (first, second):
        with pytest.raises(DatabaseUnavailable):
            database.ping()
        database.migrate()
        database.ping()
    empty = rows(second)

    everything(first)

    assert rows(second) == empty
    assert sum(rows(first).values()) > sum(empty.values()) + 10
    everything(second)
    with default.engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM users")).all() == [("of the app",)]
        assert connection.execute(text("SELECT * FROM alembic_version")).all() == [("ae1027a6acf",)]
        assert set(inspect(connection).get_table_names()) & set(METADATA.tables) == {"users", "jobs"}


def _described(database: SqlAlchemyDatabase) -> dict[str, Any]:
    """Return tables, columns, indexes, constraints and triggers, without schema and prefix."""
    names = database.names
    if isinstance(database, PostgresDatabase):
        queries = [query.format(schema=names.schema or "public") for query in DESCRIPTIONS]
    else:
        queries = ["SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"]
    found: dict[str, Any] = {}
    with database.engine.connect() as connection:
        for query in queries:
            found |= {row[0]: row[1] for row in connection.exec_driver_sql(query)}
    plain = re.compile(rf'"?{names.schema or "public"}"?\.|"|\b{names.prefix}|(?<=[a-z]_){names.prefix}')
    return {plain.sub("", name): re.sub(r"\s+", " ", plain.sub("", what)) for name, what in found.items()}


def test_named_tables_are_the_same_as_others_to_the_letter(open_named: Open) -> None:
    """Columns, checks, indexes, foreign keys, triggers and functions, apart from the names."""
    default = open_named()
    default.migrate()
    wanted = _described(default)
    longest = "z" * (NAME_MAX - 1) + "_"  # PostgreSQL would cut off longer names
    for query in (f"prefix={longest}", *(["schema=zz"] if isinstance(default, PostgresDatabase) else [])):
        named = open_named(query)
        named.migrate()
        found = _described(named)
        if not named.names.schema:  # the others are in the same schema
            found = {name: found[name] for name in found if name in wanted}
        assert found == wanted


def test_migrations_lead_down_and_up_again_with_rows(open_named: Open) -> None:
    """Data that migrations move are those of the named tables."""
    default = open_named()
    execute(default.engine, *APPS_TABLES)
    named = open_named(two(default)[0])
    named.migrate()
    services = everything(named)
    before = rows(named)
    for revision in ("0002", "base"):
        with migration_connection(named.engine, named.names) as connection:
            run_migrations(connection, to=revision, command="downgrade", names=named.names)
        if revision == "0002":
            named.migrate()
            after = rows(named)
            assert after == {**before, "ledger_chain": 1}  # earlier entries may be without a hash
            assert services.findings() == []
    with default.engine.connect() as connection:
        inspector = inspect(connection)
        left = {*inspector.get_table_names(), *inspector.get_table_names(schema=named.names.schema or None)}
        assert left - {named.names.unqualified("spike_version")} == set(OF_THE_APP)


def test_every_statement_is_one_of_the_named_tables_and_reads_none_as_a_whole(open_named: Open) -> None:
    named = open_named(two(open_named())[1])
    named.migrate()
    names = sorted(STATEMENTS.keys() - READ_EVERYTHING)
    with named.engine.connect() as connection:
        slow = {name: whole_tables(connection, STATEMENTS[name], named.names) for name in names}
    assert {name: steps for name, steps in slow.items() if steps} == {}


def test_others_tables_are_refused_with_the_remedy_and_left_alone(open_named: Open) -> None:
    database = open_named()
    execute(database.engine, *APPS_TABLES)
    way_out = (
        r"schema of its own, by \?schema=" if isinstance(database, PostgresDatabase) else r"a prefix, by \?prefix="
    )
    with pytest.raises(UnsuitableDatabase, match=rf"jobs, users already, and not of Spike; give Spike.* {way_out}"):
        database.migrate()
    with database.engine.connect() as connection:
        assert sorted(inspect(connection).get_table_names()) == sorted(OF_THE_APP)


def test_an_alembic_version_of_the_app_is_no_obstacle(open_named: Open) -> None:
    database = open_named()
    execute(database.engine, *APPS_TABLES[2:3], APPS_TABLES[4])
    database.migrate()
    database.ping()
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM alembic_version")).all() == [("ae1027a6acf",)]


def test_the_alembic_version_of_an_earlier_release_is_taken_over(open_named: Open) -> None:
    """Whose table of that name is free for the app then."""
    database = open_named()
    database.migrate()
    services = everything(database)
    execute(database.engine, "ALTER TABLE spike_version RENAME TO alembic_version")
    if isinstance(database, PostgresDatabase):
        execute(
            database.engine, "ALTER TABLE alembic_version RENAME CONSTRAINT spike_version_pkc TO alembic_version_pkc"
        )
    before = rows(database)
    with pytest.raises(DatabaseUnavailable):
        database.ping()

    database.migrate()

    database.ping()
    assert rows(database) == before
    assert services.findings() == []
    execute(
        database.engine,
        "CREATE TABLE alembic_version (version_num VARCHAR(32), CONSTRAINT alembic_version_pkc"
        " PRIMARY KEY (version_num))",
    )
    database.migrate()
    database.ping()


def test_numbers_in_an_alembic_version_without_our_wallets_arent_ours(open_named: Open) -> None:
    database = open_named()
    execute(database.engine, APPS_TABLES[2], "INSERT INTO alembic_version VALUES ('0016')", APPS_TABLES[0])
    with pytest.raises(UnsuitableDatabase, match="users already"):
        database.migrate()


def test_a_damage_is_found_in_named_tables_and_none_in_the_apps(open_named: Open) -> None:
    default = open_named()
    execute(default.engine, "CREATE TABLE pets (owner INTEGER PRIMARY KEY)")
    named = open_named(two(default)[0])
    named.migrate()
    sessions = named.names.table("sessions")
    orphan = f"INSERT INTO {sessions} (hash, user_id, created_at, expires_at) VALUES ('s', 'nobody', 0, 1)"  # noqa: S608
    if isinstance(named, PostgresDatabase):
        execute(
            named.engine,
            "CREATE TABLE cats (owner INTEGER REFERENCES pets)",
            "ALTER TABLE cats DISABLE TRIGGER ALL",
            f"ALTER TABLE {sessions} DISABLE TRIGGER ALL",
            orphan,
        )
    else:
        with named.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.exec_driver_sql(orphan)
            connection.invalidate()
    with named.transactions.view() as tx:
        damage = [(each.subject, each.message) for each in tx.audit.damage()]
    assert ("sessions", "1 rows refer to rows of users that don't exist") in damage
    assert not {subject for subject, _ in damage} & {"cats", "pets"}
    assert len(damage) == (2 if isinstance(named, PostgresDatabase) else 1)


def test_installations_have_advisory_locks_of_their_own() -> None:
    names = [DEFAULT_NAMES, TableNames(prefix="a_"), TableNames(schema="a_"), TableNames(schema="a", prefix="a_")]
    locks = {each.advisory_lock(0x5350494B45) for each in names}
    assert len(locks) == len(names)
    assert DEFAULT_NAMES.advisory_lock(0x5350494B45) == 0x5350494B45
    assert all(0 <= lock < 2**63 for lock in locks)


@pytest.mark.parametrize("name", ["Spike", "1st", "a-b", 'a"; DROP TABLE users; --', "a" * (NAME_MAX + 1), "ä"])
@pytest.mark.parametrize("what", ["schema", "prefix"])
def test_a_name_that_needs_quotes_or_is_too_long_is_refused(what: str, name: str) -> None:
    with pytest.raises(InvalidValue, match="lower-case letters"):
        TableNames(**{what: name})


def _migration_sources() -> Sequence[tuple[str, str]]:
    folder = Path(str(migrations.__file__)).parent
    return [(path.name, path.read_text()) for path in sorted([*folder.glob("versions/v*.py"), folder / "online.py"])]


def test_no_migration_names_a_table_but_by_its_mark_or_through_op() -> None:
    """What isn't marked misses the table of an installation with a prefix; see `migrations/op.py`."""
    tables = "|".join(sorted(METADATA.tables, key=len, reverse=True))
    unmarked = re.compile(
        rf"\b(?:FROM|INTO|UPDATE|JOIN|TABLE|REFERENCES|EXISTS|ON|ONLY)\s+(?:{tables})\b(?!\()|\bCONSTRAINT\s+\w+_(?:{tables})_"
        rf"|\b(?:TRIGGER|FUNCTION)\s+(?!pg_temp\b|IF\b|\[|\{{)[a-z]\w+",
    )
    bypasses = re.compile(r"from alembic import|import alembic|\bsa\.ForeignKey")
    wrong = [
        f"{name}: {match[0]}"
        for name, source in _migration_sources()
        for pattern in (unmarked, bypasses)
        for match in pattern.finditer(source)
    ]
    assert wrong == []
