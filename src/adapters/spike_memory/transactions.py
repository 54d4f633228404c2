"""Transactions in memory: one writer at a time, readers on a snapshot."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from attrs import frozen

from spike_core.ports.transactions import Transaction
from spike_memory.albums import MemoryAlbums
from spike_memory.api_key_charges import MemoryApiKeyCharges
from spike_memory.api_keys import MemoryApiKeys
from spike_memory.audit import MemoryAuditReader
from spike_memory.events import MemoryEventDeliveries, MemorySubscriptions
from spike_memory.idempotency import MemoryIdempotencyRecords
from spike_memory.images import MemoryImages
from spike_memory.jobs import MemoryJobs
from spike_memory.maintenance import MemoryMaintenanceRuns
from spike_memory.outbox import MemoryOutbox
from spike_memory.sessions import MemorySessions
from spike_memory.state import Rows, State
from spike_memory.statistics import MemoryStatistics
from spike_memory.users import MemoryUsers
from spike_memory.wallets import MemoryWallets


@frozen
class MemoryTransaction:
    """One unit of work on a copy of the state."""

    wallets: MemoryWallets
    images: MemoryImages
    jobs: MemoryJobs
    albums: MemoryAlbums
    users: MemoryUsers
    sessions: MemorySessions
    api_keys: MemoryApiKeys
    api_key_charges: MemoryApiKeyCharges
    outbox: MemoryOutbox
    subscriptions: MemorySubscriptions
    event_deliveries: MemoryEventDeliveries
    maintenance_runs: MemoryMaintenanceRuns
    idempotency_records: MemoryIdempotencyRecords
    statistics: MemoryStatistics
    audit: MemoryAuditReader

    @classmethod
    def on(cls, rows: Rows) -> "MemoryTransaction":
        """Return a transaction whose repositories share `rows`."""
        return cls(
            wallets=MemoryWallets(rows),
            images=MemoryImages(rows),
            jobs=MemoryJobs(rows),
            albums=MemoryAlbums(rows),
            users=MemoryUsers(rows),
            sessions=MemorySessions(rows),
            api_keys=MemoryApiKeys(rows),
            api_key_charges=MemoryApiKeyCharges(rows),
            outbox=MemoryOutbox(rows),
            subscriptions=MemorySubscriptions(rows),
            event_deliveries=MemoryEventDeliveries(rows),
            maintenance_runs=MemoryMaintenanceRuns(rows),
            idempotency_records=MemoryIdempotencyRecords(rows),
            statistics=MemoryStatistics(rows),
            audit=MemoryAuditReader(rows),
        )


class MemoryTransactions:
    """A database that lives as long as this object."""

    def __init__(self) -> None:
        """Begin empty."""
        self._state = State()
        self._writing = threading.Lock()

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction; see the port."""
        return self._begin()

    def view(self) -> AbstractContextManager[Transaction]:
        """Begin a read-only snapshot; see the port."""
        return self._view()

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        with self._writing:
            state = self._state.copy()
            yield MemoryTransaction.on(Rows(state=state, writable=True))
            self._state = state

    @contextmanager
    def _view(self) -> Iterator[Transaction]:
        yield MemoryTransaction.on(Rows(state=self._state, writable=False))
