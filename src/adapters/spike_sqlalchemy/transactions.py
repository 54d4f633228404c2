"""Transactions in a database."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Final

from attrs import frozen
from sqlalchemy import Connection, Engine

from spike_core.domain.errors import TransactionUndone
from spike_core.ports.transactions import Transaction
from spike_sqlalchemy.albums import SqlAlchemyAlbums
from spike_sqlalchemy.api_key_charges import SqlAlchemyApiKeyCharges
from spike_sqlalchemy.api_keys import SqlAlchemyApiKeys
from spike_sqlalchemy.audit import SqlAlchemyAuditReader
from spike_sqlalchemy.connections import Begun, begun, commit
from spike_sqlalchemy.engine import BEGIN, BEGIN_VIEW
from spike_sqlalchemy.events import SqlAlchemyEventDeliveries
from spike_sqlalchemy.idempotency import SqlAlchemyIdempotencyRecords
from spike_sqlalchemy.images import SqlAlchemyImages
from spike_sqlalchemy.jobs import SqlAlchemyJobs
from spike_sqlalchemy.maintenance import SqlAlchemyMaintenanceRuns
from spike_sqlalchemy.outbox import SqlAlchemyOutbox
from spike_sqlalchemy.renditions import SqlAlchemyRenditions
from spike_sqlalchemy.sessions import SqlAlchemySessions
from spike_sqlalchemy.shared_transactions import SharedTransaction
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.statistics import SqlAlchemyStatistics
from spike_sqlalchemy.subscriptions import SqlAlchemySubscriptions
from spike_sqlalchemy.table_names import DEFAULT_NAMES, TableNames
from spike_sqlalchemy.users import SqlAlchemyUsers
from spike_sqlalchemy.wallets import SqlAlchemyWallets
from spike_sqlalchemy.webhook_deliveries import SqlAlchemyWebhookDeliveries
from spike_sqlalchemy.webhooks import SqlAlchemyWebhooks

# A transaction that was rolled back in favor of another pauses before the retry, so that the other gets its lock: a
# free lock goes to the first caller.
UNDONE_PAUSE_S: Final = 0.02


@frozen
class SqlAlchemyTransaction:
    """One unit of work on one connection. Repositories are built on access, since a transaction uses few of them.

    `connection` is where an app writes rows of its own into the same transaction; it neither commits nor rolls back
    there. In a shared transaction it is what the app has shared.
    """

    _statements: Statements
    connection: Any

    @property
    def wallets(self) -> SqlAlchemyWallets:
        """The wallets and their ledgers."""
        return SqlAlchemyWallets(self._statements)

    @property
    def images(self) -> SqlAlchemyImages:
        """The images."""
        return SqlAlchemyImages(self._statements)

    @property
    def jobs(self) -> SqlAlchemyJobs:
        """The jobs."""
        return SqlAlchemyJobs(self._statements)

    @property
    def albums(self) -> SqlAlchemyAlbums:
        """The albums and the order of their images."""
        return SqlAlchemyAlbums(self._statements)

    @property
    def users(self) -> SqlAlchemyUsers:
        """The users."""
        return SqlAlchemyUsers(self._statements)

    @property
    def sessions(self) -> SqlAlchemySessions:
        """The sessions."""
        return SqlAlchemySessions(self._statements)

    @property
    def api_keys(self) -> SqlAlchemyApiKeys:
        """The API keys."""
        return SqlAlchemyApiKeys(self._statements)

    @property
    def api_key_charges(self) -> SqlAlchemyApiKeyCharges:
        """What API keys with a monthly limit have spent."""
        return SqlAlchemyApiKeyCharges(self._statements)

    @property
    def renditions(self) -> SqlAlchemyRenditions:
        """The renditions of images and results."""
        return SqlAlchemyRenditions(self._statements)

    @property
    def outbox(self) -> SqlAlchemyOutbox:
        """The messages to the worker queue."""
        return SqlAlchemyOutbox(self._statements)

    @property
    def subscriptions(self) -> SqlAlchemySubscriptions:
        """The subscribers to domain events."""
        return SqlAlchemySubscriptions(self._statements)

    @property
    def event_deliveries(self) -> SqlAlchemyEventDeliveries:
        """The domain events to be handed to subscribers."""
        return SqlAlchemyEventDeliveries(self._statements)

    @property
    def webhooks(self) -> SqlAlchemyWebhooks:
        """The webhooks, and who sends to them."""
        return SqlAlchemyWebhooks(self._statements)

    @property
    def webhook_deliveries(self) -> SqlAlchemyWebhookDeliveries:
        """The deliveries to webhooks."""
        return SqlAlchemyWebhookDeliveries(self._statements)

    @property
    def maintenance_runs(self) -> SqlAlchemyMaintenanceRuns:
        """The latest run of each maintenance task."""
        return SqlAlchemyMaintenanceRuns(self._statements)

    @property
    def idempotency_records(self) -> SqlAlchemyIdempotencyRecords:
        """The idempotency records."""
        return SqlAlchemyIdempotencyRecords(self._statements)

    @property
    def statistics(self) -> SqlAlchemyStatistics:
        """Statistics over all owners."""
        return SqlAlchemyStatistics(self._statements)

    @property
    def audit(self) -> SqlAlchemyAuditReader:
        """All rows, page by page, for the audit."""
        return SqlAlchemyAuditReader(self._statements)


# the transactions that apps share with the current context; another thread begins without any
_SHARED: Final[ContextVar[Mapping["SqlAlchemyTransactions", SharedTransaction]]] = ContextVar("shared_transactions")
_NONE: Final[Mapping["SqlAlchemyTransactions", SharedTransaction]] = {}


class SqlAlchemyTransactions:
    """Transactions on one engine. A process must have only one of these per SQLite file."""

    def __init__(
        self,
        engine: Engine,
        *,
        names: TableNames = DEFAULT_NAMES,
        begun: Begun = begun,
        begin: Mapping[str, str] = BEGIN,
    ) -> None:
        """Begin transactions on `engine`."""
        self._engine = engine
        self._names = names
        self._begun = begun
        self._begin_sql = begin[engine.dialect.name]
        self._begin_view_sql = BEGIN_VIEW[engine.dialect.name]
        # SQLite's own wait sleeps with growing pauses, so threads of one process queue up here, where the next one
        # wakes at once; other processes are left to `busy_timeout`. Reentrant, so that a transaction begun within
        # another of the same thread (a bug) is refused as locked instead of waiting for itself.
        self._turn: AbstractContextManager[object] = (
            threading.RLock() if engine.dialect.name == "sqlite" else nullcontext()
        )

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction, or a part of a shared one; see the port."""
        shared = self._shared()
        return self._begin() if shared is None else self._begin_within(shared)

    def view(self) -> AbstractContextManager[Transaction]:
        """Begin a read-only snapshot; see the port. It is taken by the first read.

        In a shared transaction it reads what that has written, and is as isolated from others as the app has it.
        """
        shared = self._shared()
        return self._view() if shared is None else self._view_within(shared)

    def when_committed(self, action: Callable[[], object]) -> None:
        """Call what follows a commit; see the port."""
        shared = self._shared()
        if shared is None:
            action()
        else:
            shared.when_committed(action)

    @contextmanager
    def sharing(self, connection: Any) -> Iterator[SharedTransaction]:
        """Let the use cases that this context calls take part in the transaction in progress on a connection.

        `connection` is a SQLAlchemy `Connection`, or one of the driver (`sqlite3`, `psycopg`). The app commits or rolls
        back, then calls `committed` of what this yields. Other threads and tasks go on with transactions of their own.

        Raises:
            UnsuitableDatabase: no transaction is in progress, or the connection isn't set up as Spike needs it.
        """
        shared = SharedTransaction(connection, dialect=self._engine.dialect, names=self._names)
        token = _SHARED.set({**_SHARED.get(_NONE), self: shared})
        try:
            yield shared
        finally:
            shared.end()
            _SHARED.reset(token)

    def _shared(self) -> SharedTransaction | None:
        shared = _SHARED.get(_NONE).get(self)
        return None if shared is None or shared.has_ended else shared

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        try:
            with self._turn, self._begun(self._engine, self._begin_sql) as connection:
                statements = self._statements(connection, writable=True)
                yield SqlAlchemyTransaction(statements, connection)
                statements.check_sound()
                commit(connection)
        except TransactionUndone:
            time.sleep(UNDONE_PAUSE_S)
            raise

    @contextmanager
    def _view(self) -> Iterator[Transaction]:
        with self._begun(self._engine, self._begin_view_sql) as connection:
            yield SqlAlchemyTransaction(self._statements(connection, writable=False), connection)

    @contextmanager
    def _begin_within(self, shared: SharedTransaction) -> Iterator[Transaction]:
        with shared.begun() as statements:
            yield SqlAlchemyTransaction(statements, shared.connection)

    @contextmanager
    def _view_within(self, shared: SharedTransaction) -> Iterator[Transaction]:
        with shared.viewed() as statements:
            yield SqlAlchemyTransaction(statements, shared.connection)

    def _statements(self, connection: Connection, *, writable: bool) -> Statements:
        driver = connection.connection.driver_connection
        return Statements(driver, dialect=connection.dialect, names=self._names, writable=writable)
