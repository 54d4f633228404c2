"""Transactions in memory: one writer at a time, readers on a snapshot."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final

from attrs import Factory, define, frozen

from spike_core.domain.errors import SharedTransactionUndone, TransactionUndone
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
from spike_memory.renditions import MemoryRenditions
from spike_memory.sessions import MemorySessions
from spike_memory.state import Rows, State
from spike_memory.statistics import MemoryStatistics
from spike_memory.users import MemoryUsers
from spike_memory.wallets import MemoryWallets
from spike_memory.webhooks import MemoryWebhookDeliveries, MemoryWebhooks


@frozen
class MemoryTransaction:
    """One unit of work on a copy of the state."""

    wallets: MemoryWallets
    images: MemoryImages
    jobs: MemoryJobs
    renditions: MemoryRenditions
    albums: MemoryAlbums
    users: MemoryUsers
    sessions: MemorySessions
    api_keys: MemoryApiKeys
    api_key_charges: MemoryApiKeyCharges
    outbox: MemoryOutbox
    subscriptions: MemorySubscriptions
    event_deliveries: MemoryEventDeliveries
    webhooks: MemoryWebhooks
    webhook_deliveries: MemoryWebhookDeliveries
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
            renditions=MemoryRenditions(rows),
            albums=MemoryAlbums(rows),
            users=MemoryUsers(rows),
            sessions=MemorySessions(rows),
            api_keys=MemoryApiKeys(rows),
            api_key_charges=MemoryApiKeyCharges(rows),
            outbox=MemoryOutbox(rows),
            subscriptions=MemorySubscriptions(rows),
            event_deliveries=MemoryEventDeliveries(rows),
            webhooks=MemoryWebhooks(rows),
            webhook_deliveries=MemoryWebhookDeliveries(rows),
            maintenance_runs=MemoryMaintenanceRuns(rows),
            idempotency_records=MemoryIdempotencyRecords(rows),
            statistics=MemoryStatistics(rows),
            audit=MemoryAuditReader(rows),
        )


@define
class MemorySharedTransaction:
    """A transaction of an app: the state that its parts have written, and what waits for its commit."""

    state: State
    waiting: list[Callable[[], object]] = Factory(list)
    has_ended: bool = False


# the transactions that apps share with the current context; another thread begins without any
_SHARED: Final[ContextVar[Mapping["MemoryTransactions", MemorySharedTransaction]]] = ContextVar("shared_transactions")
_NONE: Final[Mapping["MemoryTransactions", MemorySharedTransaction]] = {}


class MemoryTransactions:
    """A database that lives as long as this object."""

    def __init__(self) -> None:
        """Begin empty."""
        self._state = State()
        self._writing = threading.Lock()

    def begin(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction, or a part of a shared one; see the port."""
        shared = self._shared()
        return self._begin() if shared is None else self._begin_within(shared)

    def view(self) -> AbstractContextManager[Transaction]:
        """Begin a read-only snapshot; see the port."""
        return self._view()

    def when_committed(self, action: Callable[[], object]) -> None:
        """Call what follows a commit; see the port."""
        shared = self._shared()
        if shared is None:
            action()
        else:
            shared.waiting.append(action)

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Let the use cases that this context calls be parts of one transaction, as of an app.

        It is committed on a clean exit, and rolled back on any exception.
        """
        with self._writing:
            shared = MemorySharedTransaction(self._state.copy())
            token = _SHARED.set({**_SHARED.get(_NONE), self: shared})
            try:
                yield
            finally:
                shared.has_ended = True
                _SHARED.reset(token)
            self._state = shared.state
        for action in shared.waiting:
            action()

    def _shared(self) -> MemorySharedTransaction | None:
        shared = _SHARED.get(_NONE).get(self)
        return None if shared is None or shared.has_ended else shared

    @contextmanager
    def _begin(self) -> Iterator[Transaction]:
        with self._writing:
            state = self._state.copy()
            yield MemoryTransaction.on(Rows(state=state, writable=True))
            self._state = state

    @contextmanager
    def _begin_within(self, shared: MemorySharedTransaction) -> Iterator[Transaction]:
        state = shared.state.copy()
        try:
            yield MemoryTransaction.on(Rows(state=state, writable=True))
        except TransactionUndone as error:
            raise SharedTransactionUndone from error
        shared.state = state

    @contextmanager
    def _view(self) -> Iterator[Transaction]:
        shared = self._shared()
        state = self._state if shared is None else shared.state
        yield MemoryTransaction.on(Rows(state=state, writable=False))
