"""Transactions in a database."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from attrs import frozen
from sqlalchemy import Engine

from spike_core.domain.errors import TransactionUndone
from spike_core.ports.transactions import Transaction
from spike_sqlalchemy.albums import SqlAlchemyAlbums
from spike_sqlalchemy.api_key_charges import SqlAlchemyApiKeyCharges
from spike_sqlalchemy.api_keys import SqlAlchemyApiKeys
from spike_sqlalchemy.audit import SqlAlchemyAuditReader
from spike_sqlalchemy.connections import begun, commit
from spike_sqlalchemy.engine import BEGIN, BEGIN_VIEW
from spike_sqlalchemy.events import SqlAlchemyEventDeliveries, SqlAlchemySubscriptions
from spike_sqlalchemy.idempotency import SqlAlchemyIdempotencyRecords
from spike_sqlalchemy.images import SqlAlchemyImages
from spike_sqlalchemy.jobs import SqlAlchemyJobs
from spike_sqlalchemy.maintenance import SqlAlchemyMaintenanceRuns
from spike_sqlalchemy.outbox import SqlAlchemyOutbox
from spike_sqlalchemy.sessions import SqlAlchemySessions
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.statistics import SqlAlchemyStatistics
from spike_sqlalchemy.users import SqlAlchemyUsers
from spike_sqlalchemy.wallets import SqlAlchemyWallets

# A transaction that was rolled back in favor of another pauses before the retry, so that the other gets its lock: a
# free lock goes to the first caller.
UNDONE_PAUSE_S: Final = 0.02


@frozen
class SqlAlchemyTransaction:
    """One unit of work on one connection. Repositories are built on access, since a transaction uses few of them."""

    _statements: Statements

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


class SqlAlchemyTransactions:
    """Transactions on one engine. A process must have only one of these per SQLite file."""

    def __init__(self, engine: Engine) -> None:
        """Begin transactions on `engine`."""
        self._engine = engine
        self._begin_sql = BEGIN[engine.dialect.name]
        self._begin_view_sql = BEGIN_VIEW[engine.dialect.name]
        # SQLite's own wait sleeps with growing pauses, so threads of one process queue up here, where the next one
        # wakes at once; other processes are left to `busy_timeout`. Reentrant, so that a transaction begun within
        # another of the same thread (a bug) is refused as locked instead of waiting for itself.
        self._turn: AbstractContextManager[object] = (
            threading.RLock() if engine.dialect.name == "sqlite" else nullcontext()
        )

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction; see the port."""
        return self._begin()

    def view(self) -> AbstractContextManager[Transaction]:
        """Begin a read-only snapshot; see the port. It is taken by the first read."""
        return self._view()

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        try:
            with self._turn, begun(self._engine, self._begin_sql) as connection:
                statements = Statements(connection, writable=True)
                yield SqlAlchemyTransaction(statements)
                statements.check_sound()
                commit(connection)
        except TransactionUndone:
            time.sleep(UNDONE_PAUSE_S)
            raise

    @contextmanager
    def _view(self) -> Iterator[Transaction]:
        with begun(self._engine, self._begin_view_sql) as connection:
            yield SqlAlchemyTransaction(Statements(connection, writable=False))
