"""Transactions in memory: one writer at a time, readers on a snapshot."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from attrs import frozen

from spike_core.ports.transactions import Transaction
from spike_memory.accounts import MemoryAccounts
from spike_memory.albums import MemoryAlbumOrder, MemoryAlbums
from spike_memory.api_keys import MemoryApiKeys
from spike_memory.census import MemoryCensus
from spike_memory.chores import MemoryChores
from spike_memory.images import MemoryImages
from spike_memory.jobs import MemoryJobLists, MemoryJobs, MemoryOverdueJobs, MemoryTurns
from spike_memory.outbox import MemoryOutbox
from spike_memory.receipts import MemoryReceipts
from spike_memory.removals import MemoryRemovals
from spike_memory.sessions import MemorySessions
from spike_memory.state import Rows, State
from spike_memory.tallies import MemoryTallies
from spike_memory.wallets import MemoryLedger, MemoryWallets


@frozen
class MemoryTransaction:
    """One unit of work on a copy of the state."""

    wallets: MemoryWallets
    ledger: MemoryLedger
    images: MemoryImages
    jobs: MemoryJobs
    job_lists: MemoryJobLists
    overdue: MemoryOverdueJobs
    turns: MemoryTurns
    removals: MemoryRemovals
    albums: MemoryAlbums
    album_order: MemoryAlbumOrder
    accounts: MemoryAccounts
    sessions: MemorySessions
    api_keys: MemoryApiKeys
    outbox: MemoryOutbox
    chores: MemoryChores
    receipts: MemoryReceipts
    tallies: MemoryTallies
    census: MemoryCensus

    @classmethod
    def on(cls, rows: Rows) -> "MemoryTransaction":
        """Return a transaction whose repositories share `rows`."""
        return cls(
            wallets=MemoryWallets(rows),
            ledger=MemoryLedger(rows),
            images=MemoryImages(rows),
            jobs=MemoryJobs(rows),
            job_lists=MemoryJobLists(rows),
            overdue=MemoryOverdueJobs(rows),
            turns=MemoryTurns(rows),
            removals=MemoryRemovals(rows),
            albums=MemoryAlbums(rows),
            album_order=MemoryAlbumOrder(rows),
            accounts=MemoryAccounts(rows),
            sessions=MemorySessions(rows),
            api_keys=MemoryApiKeys(rows),
            outbox=MemoryOutbox(rows),
            chores=MemoryChores(rows),
            receipts=MemoryReceipts(rows),
            tallies=MemoryTallies(rows),
            census=MemoryCensus(rows),
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
