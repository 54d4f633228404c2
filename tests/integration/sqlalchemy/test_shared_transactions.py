"""A transaction of an app that use cases take part in: the app's rows and Spike's are stored together or not at all."""

import contextvars
import io
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.rows import dict_row
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from effort import examples
from services import VGA, Services
from spike_contracts.database import DatabaseContract
from spike_contracts.shared_transactions import AppTransaction, SharedTransactionsContract
from spike_core.domain.errors import (
    DatabaseUnavailable,
    InvalidValue,
    InvariantViolated,
    NotEnoughTokens,
    SharedTransactionUndone,
    SpikeError,
    UnsuitableDatabase,
)
from spike_core.domain.event_deliveries import SubscriberName
from spike_core.domain.events import Event, ImageUploaded
from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import ImageName
from spike_core.domain.tiers import Tier
from spike_core.ports.factories import Database
from spike_core.ports.transactions import Transaction
from spike_core.services.event_delivery import Handed
from spike_memory.engine import a_picture
from spike_sqlalchemy import (
    AppDatabase,
    PostgresDatabase,
    SqlAlchemyTransaction,
    SqlAlchemyTransactions,
    from_engine,
    open_sqlite,
)

MAKE: Final = "CREATE TABLE app_orders (owner TEXT NOT NULL, picture TEXT NOT NULL)"


class RolledBack(Exception):
    """What the app raises."""


def apps_engine(url: str, **options: Any) -> Engine:
    """Return an engine as an app makes it, with the settings of SQLite that Spike asks for."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), **options)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def prepare(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_mode = WAL")

    return engine


@pytest.fixture
def app(url: str) -> Iterator[Engine]:
    """The app's own engine on the database, with a table of the app's."""
    engine = apps_engine(url)
    with engine.begin() as connection:
        connection.execute(text(MAKE))
    yield engine
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE app_orders"))
    engine.dispose()


@pytest.fixture
def services(transactions: SqlAlchemyTransactions) -> Services:
    return Services.build(transactions=transactions)


def order(connection: Connection, owner: OwnerId, picture: object = "") -> None:
    connection.execute(
        text("INSERT INTO app_orders VALUES (:owner, :picture)"), {"owner": owner.text, "picture": str(picture)}
    )


def orders(app: Engine) -> Sequence[str]:
    with app.connect() as connection:
        return connection.execute(text("SELECT picture FROM app_orders ORDER BY 1")).scalars().all()


def pictures(services: Services, owner: OwnerId) -> Sequence[str]:
    return sorted(str(image.id) for image in services.inventory().images.values() if image.owner_id == owner)


class TestSqlAlchemySharedTransactions(SharedTransactionsContract):
    """By a connection of SQLAlchemy, from an engine of the app's."""

    @pytest.fixture
    def app_transaction(self, transactions: SqlAlchemyTransactions, app: Engine) -> AppTransaction:
        @contextmanager
        def begin() -> Iterator[None]:
            with app.begin() as connection, transactions.sharing(connection) as shared:
                yield
            shared.committed()

        return begin


class TestDriversSharedTransactions(SharedTransactionsContract):
    """By a connection of the driver, whose rows the app has as dictionaries or the like."""

    @pytest.fixture
    def app_transaction(self, transactions: SqlAlchemyTransactions, url: str) -> AppTransaction:
        @contextmanager
        def begin() -> Iterator[None]:
            with drivers_transaction(url) as connection, transactions.sharing(connection) as shared:
                yield
            shared.committed()

        return begin


@contextmanager
def drivers_transaction(url: str) -> Iterator[Any]:
    if url.startswith("postgresql"):
        with psycopg.connect(url, row_factory=dict_row) as connection:
            yield connection
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as file:
        file.row_factory = sqlite3.Row
        file.execute("PRAGMA foreign_keys = ON")
        file.execute("BEGIN IMMEDIATE")
        with file:
            yield file


def test_an_upload_and_the_apps_row_are_stored_together(
    services: Services, transactions: SqlAlchemyTransactions, app: Engine
) -> None:
    """Charged, and handed to the queue after the commit."""
    owner = services.owner(tokens=10)
    with app.begin() as connection, transactions.sharing(connection) as shared:
        uploaded = services.upload(owner)
        order(connection, owner, uploaded.image.id)
        assert uploaded.balance.amount == 8
        assert services.balance(owner) == 8
        assert not services.inbox.messages
    assert not services.inbox.messages
    shared.committed()
    assert uploaded.job is not None
    assert list(services.inbox.messages) == [uploaded.job.id]
    assert orders(app) == [str(uploaded.image.id)] == pictures(services, owner)
    services.work()
    assert services.findings() == []


def test_without_a_word_of_the_commit_the_relay_hands_jobs_to_the_queue(
    services: Services, transactions: SqlAlchemyTransactions, app: Engine
) -> None:
    owner = services.owner()
    with app.begin() as connection, transactions.sharing(connection):
        services.upload(owner)
    services.jobs.dispatch.relay()
    assert len(services.inbox.messages) == 1


def test_a_rollback_leaves_nothing_but_objects_that_collection_removes(
    services: Services, transactions: SqlAlchemyTransactions, app: Engine
) -> None:
    owner = services.owner()
    before = services.inventory()
    with pytest.raises(RolledBack), app.begin() as connection, transactions.sharing(connection) as shared:  # noqa: PT012
        order(connection, owner, services.upload(owner).image.id)
        raise RolledBack
    shared.committed()  # a mistake of the app
    services.jobs.dispatch.relay()
    assert services.work() == 0
    assert orders(app) == []
    left = services.inventory()
    assert left.wallets == before.wallets
    assert left.objects > before.objects
    services.pass_time(services.limits.orphan_age * 2)
    services.maintenance.recovery.collect_orphans()
    assert services.inventory().objects == before.objects


@define
class Recorder:
    """A subscriber that keeps what it gets."""

    name: str = "mail"
    kinds: Collection[type[Event]] = frozenset({ImageUploaded})
    events: list[Event] = field(factory=list)

    def handle(self, event: Event) -> None:
        self.events.append(event)


def test_events_are_handed_over_after_the_apps_commit_and_never_after_its_rollback(
    transactions: SqlAlchemyTransactions, app: Engine
) -> None:
    """They are rows of the app's transaction, also for those who ask for them meanwhile."""
    mail = Recorder()
    services = Services.build(transactions=transactions, subscribers=[mail])
    services.events.register()
    owner = services.owner()

    def waiting() -> int:
        return services.events.backlogs()[0].waiting

    with ThreadPoolExecutor(1) as others:
        with app.begin() as connection, transactions.sharing(connection) as shared:
            order(connection, owner, services.upload(owner).image.id)
            assert waiting() == 1
            assert others.submit(services.events.deliver, SubscriberName("mail")).result() == Handed()
        shared.committed()
        assert others.submit(services.events.deliver, SubscriberName("mail")).result() == Handed(handled=1)
        with pytest.raises(RolledBack), app.begin() as connection, transactions.sharing(connection):  # noqa: PT012
            order(connection, owner, services.upload(owner).image.id)
            assert waiting() == 1
            raise RolledBack
        assert waiting() == 0
        assert others.submit(services.events.deliver, SubscriberName("mail")).result() == Handed()
    [uploaded] = mail.events
    assert isinstance(uploaded, ImageUploaded)
    assert orders(app) == [str(uploaded.image_id)]


def test_a_refusal_undoes_itself_alone(services: Services, transactions: SqlAlchemyTransactions, app: Engine) -> None:
    owner = services.owner(tokens=3)
    with app.begin() as connection, transactions.sharing(connection) as shared:
        first = services.upload(owner)
        order(connection, owner, first.image.id)
        with pytest.raises(NotEnoughTokens):
            services.upload(owner)
        order(connection, owner, "sorry")
    shared.committed()
    assert orders(app) == sorted([str(first.image.id), "sorry"])
    assert pictures(services, owner) == [str(first.image.id)]


def test_a_deleted_images_objects_outlive_a_rollback(
    services: Services, transactions: SqlAlchemyTransactions, app: Engine
) -> None:
    """Objects can't be brought back, so they go after the commit."""
    owner = services.owner()
    uploaded = services.upload(owner)
    services.work()
    before = services.inventory()
    with pytest.raises(RolledBack), app.begin() as connection, transactions.sharing(connection) as shared:  # noqa: PT012
        services.images.deletion.remove(owner, uploaded.image.id)
        with pytest.raises(InvariantViolated):
            shared.committed()
        raise RolledBack
    shared.committed()  # a mistake of the app
    assert services.inventory() == before
    with app.begin() as connection, transactions.sharing(connection) as shared:
        services.images.deletion.remove(owner, uploaded.image.id)
    shared.committed()
    assert services.inventory().objects == frozenset()


def test_an_app_writes_into_a_transaction_of_spikes(services: Services, app: Engine) -> None:
    """By the hook that a use case calls before it commits."""
    owner = services.owner(tokens=5)

    def add_order(tx: Transaction, uploaded: Any) -> None:
        assert isinstance(tx, SqlAlchemyTransaction)
        order(tx.connection, owner, uploaded.image.id)

    def fail(tx: Transaction, uploaded: Any) -> None:
        add_order(tx, uploaded)
        raise RolledBack

    def upload(hook: Callable[[Transaction, Any], None]) -> None:
        uploads = services.images.uploads.before_commit(hook)
        uploads.upload(owner, name=ImageName.parse("photo.jpg"), content=io.BytesIO(a_picture(VGA)))

    upload(add_order)
    with pytest.raises(RolledBack):
        upload(fail)
    assert orders(app) == pictures(services, owner)
    assert services.balance(owner) == 3


def test_a_connection_without_a_transaction_is_refused(transactions: SqlAlchemyTransactions, url: str) -> None:
    """What a use case writes would be stored at once, whatever the app does then."""
    connection: Any
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    else:
        connection = psycopg.connect(url, autocommit=True)
    refused = pytest.raises(UnsuitableDatabase, match="no transaction is in progress")
    with closing(connection), refused, transactions.sharing(connection):
        pass


class Autocommitting(sqlite3.Connection):
    """A connection as `sqlite3` has it with `autocommit=True`, from Python 3.12 on: `commit` does nothing."""

    autocommit = True


def test_an_engine_that_stores_each_statement_by_itself_is_refused(
    transactions: SqlAlchemyTransactions, app: Engine, url: str
) -> None:
    """The app's row is stored already when Spike's are to be stored with it or not at all."""
    ways: list[dict[str, Any]] = [{"isolation_level": "AUTOCOMMIT"}]
    if app.dialect.name == "sqlite":
        ways += [{"connect_args": {"isolation_level": None}}, {"connect_args": {"factory": Autocommitting}}]
    for way in ways:
        engine = apps_engine(url, **way)
        with engine.begin() as connection:
            order(connection, OwnerId("42"))
            with pytest.raises(UnsuitableDatabase, match="stored by itself"), transactions.sharing(connection):
                pass
        engine.dispose()


def test_a_connection_of_another_driver_is_refused(transactions: SqlAlchemyTransactions) -> None:
    with pytest.raises(UnsuitableDatabase, match="can't be shared"), transactions.sharing(object()):
        pass


def test_two_threads_with_one_context_dont_mix_their_savepoints(
    transactions: SqlAlchemyTransactions, app: Engine
) -> None:
    refused: list[BaseException] = []

    def upload() -> None:
        try:
            with transactions.begin():
                pass
        except InvariantViolated as error:
            refused.append(error)

    with app.begin() as connection, transactions.sharing(connection), transactions.begin():
        thread = threading.Thread(target=contextvars.copy_context().run, args=(upload,))
        thread.start()
        thread.join()
    assert len(refused) == 1


def test_a_transaction_that_is_lost_takes_no_further_part(
    transactions: SqlAlchemyTransactions, services: Services, app: Engine
) -> None:
    """SQLite rolls back by itself when the disk is full, PostgreSQL ends the session of who is idle for too long."""
    owner = services.owner()
    with suppress(DBAPIError), app.connect() as connection, transactions.sharing(connection) as shared:
        services.upload(owner)
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "sqlite":
            driver.rollback()
        else:
            driver.close()
        with pytest.raises(DatabaseUnavailable):
            services.upload(owner)
        with pytest.raises(DatabaseUnavailable):
            services.upload(owner)
        connection.commit()
    shared.committed()
    assert pictures(services, owner) == []


def test_a_deadlock_is_for_the_app_to_retry(postgres_database: PostgresDatabase) -> None:
    """No use case tries again inside, since the app's earlier statements may be undone, too."""
    services = Services.build(transactions=postgres_database.transactions)
    ada, bob = services.owner(), services.owner("bob@example.org")
    app = apps_engine(postgres_database.engine.url.render_as_string(hide_password=False))
    both_hold_one, outcomes = threading.Barrier(2), list[object]()

    def grant(first: OwnerId, second: OwnerId) -> None:
        with app.connect() as connection, postgres_database.sharing(connection):
            with postgres_database.transactions.begin() as tx:
                tx.wallets.lock(first)
            both_hold_one.wait()
            try:
                services.upload(second)
            except SharedTransactionUndone as error:
                outcomes.append(error)
            else:
                outcomes.append(None)
                connection.commit()

    threads = [threading.Thread(target=grant, args=pair) for pair in ((ada, bob), (bob, ada))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    app.dispose()
    assert sorted(map(type, outcomes), key=str) == sorted([type(None), SharedTransactionUndone], key=str)


ACTIONS: Final = ("upload", "order", "cancel", "delete", "too many tokens")


@settings(max_examples=examples(30), deadline=None)
@given(
    transactions_of_the_app=st.lists(
        st.tuples(st.lists(st.sampled_from(ACTIONS), max_size=4), st.booleans(), st.booleans()), max_size=5
    )
)
def test_whatever_an_app_commits_and_rolls_back_its_rows_are_spikes(
    transactions_of_the_app: list[tuple[list[str], bool, bool]],
    template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Each upload has a row of the app's and the reverse; the invariants hold, and workers find what was committed."""
    path = tmp_path_factory.mktemp("app") / "spike.db"
    shutil.copyfile(template, path)
    app = apps_engine(f"sqlite:///{path}")
    database = from_engine(app)
    services = Services.build(transactions=database.transactions)
    owner = services.owner(tokens=9)
    with app.begin() as connection:
        connection.execute(text(MAKE))
    for actions, commits, tells in transactions_of_the_app:
        with app.connect() as connection:
            with database.sharing(connection) as shared:
                for action in actions:
                    with suppress(SpikeError):
                        _act(services, connection, owner, action)
            if commits:
                connection.commit()
        if tells:
            shared.committed()
        assert orders(app) == pictures(services, owner)
    services.maintenance.recovery.repair()
    services.jobs.dispatch.relay()
    services.images.deletion.finish_pending()
    services.come_to_rest()
    assert orders(app) == pictures(services, owner)
    services.pass_time(services.limits.orphan_age * 3)
    services.maintenance.recovery.collect_orphans()
    assert services.findings() == []
    app.dispose()


def _act(services: Services, connection: Connection, owner: OwnerId, action: str) -> None:
    inventory = services.inventory()
    match action:
        case "upload":
            uploaded = services.upload(owner)
            order(connection, owner, uploaded.image.id)
        case "order":
            for image in inventory.images:
                services.jobs.enhancements.enhance(owner, image_id=image, tier=Tier.TIER_1K)
        case "cancel":
            for job in inventory.jobs:
                services.jobs.cancellation.cancel(owner, job)
        case "delete":
            for image in inventory.images:
                services.images.deletion.remove(owner, image)
                connection.execute(text("DELETE FROM app_orders WHERE picture = :id"), {"id": str(image)})
        case _:
            for image in inventory.images:
                services.jobs.enhancements.enhance(owner, image_id=image, tier=Tier.TIER_4K)


# the app's own engine


@pytest.fixture
def own(app: Engine) -> AppDatabase:
    return from_engine(app)


class TestAppsDatabase(DatabaseContract):
    """On the app's engine, and on one whose database is away."""

    @pytest.fixture
    def database(self, own: AppDatabase) -> Database:
        return own

    @pytest.fixture
    def lost_database(self, url: str, tmp_path: Path) -> Iterator[Database]:
        (tmp_path / "file").touch()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        sqlite = url.startswith("sqlite")
        lost = f"sqlite:///{tmp_path / 'file' / 'app.db'}" if sqlite else f"postgresql://app@127.0.0.1:{port}/nowhere"
        engine = apps_engine(lost)
        yield from_engine(engine)
        engine.dispose()


def test_spike_works_on_the_apps_engine_and_leaves_it_as_it_was(own: AppDatabase, app: Engine) -> None:
    own.migrate()
    own.ping()
    services = Services.build(transactions=own.transactions)
    owner = services.owner()
    services.upload(owner)
    services.work()
    assert services.findings() == []
    with pytest.raises(RolledBack), app.begin() as connection:  # noqa: PT012
        order(connection, owner)
        raise RolledBack
    assert orders(app) == []
    with app.connect() as connection:
        driver: Any = connection.connection.driver_connection
        found = driver.isolation_level if app.dialect.name == "sqlite" else driver.autocommit
        assert found in {"", False}
    own.close()
    assert orders(app) == []


def test_readiness_knows_the_limits_of_the_apps_pool(url: str) -> None:
    engine = apps_engine(url, pool_size=1, max_overflow=1, pool_timeout=0.1)
    database = from_engine(engine)
    with engine.connect(), engine.connect():
        assert database.is_exhausted
        database.ping()  # beside the pool
    assert not database.is_exhausted
    assert engine.pool.checkedin() == 1
    engine.dispose()


def test_connections_that_died_in_the_apps_pool_are_passed_over(postgres_url: str) -> None:
    engine = apps_engine(postgres_url)
    database = from_engine(engine)
    with engine.connect() as one, engine.connect() as two:
        pids = [each.execute(text("SELECT pg_backend_pid()")).scalar_one() for each in (one, two)]
    with psycopg.connect(postgres_url, autocommit=True) as other:
        for pid in pids:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    database.ping()
    engine.dispose()


def test_an_engine_that_is_not_set_up_for_spike_is_refused_with_the_remedy(sqlite_url: str) -> None:
    engine = create_engine(sqlite_url)
    with pytest.raises(UnsuitableDatabase, match="execute PRAGMA foreign_keys = ON"):
        from_engine(engine).ping()
    refused = pytest.raises(UnsuitableDatabase, match="foreign_keys")
    with engine.begin() as connection, refused, open_sqlite(sqlite_url).sharing(connection):
        pass
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("sqlite://", {}),
        ("sqlite:///app.db", {"schema": "spike"}),
        ("postgresql+psycopg://host/app", {"schema": "No"}),
        ("sqlite:///app.db", {"prefix": "No"}),
    ],
)
def test_an_engine_that_cant_be_used_is_refused(url: str, options: dict[str, str]) -> None:
    with pytest.raises(InvalidValue):
        from_engine(create_engine(url), **options)
