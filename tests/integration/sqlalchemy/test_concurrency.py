"""Many threads, and independent engines in place of processes."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from spike_contracts.builders import an_image, an_opening
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.errors import NotEnoughTokens
from spike_core.domain.images import Image
from spike_core.domain.jobs import JobStatus
from spike_core.domain.ledger import LedgerTotals
from spike_core.domain.limits import JobLimits
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.transactions import Transactions
from spike_core.services.billing import Billing
from spike_core.services.enhancements import Enhancements
from spike_core.services.fair_scheduling import FairScheduling
from spike_core.services.ingest import Ingest
from spike_core.services.job_transitions import JobTransitions
from spike_core.services.order_checks import Ordering
from spike_core.services.outbox_relay import OutboxRelay
from spike_core.services.pricing import Pricing
from spike_core.services.regeneration import SamePolicy
from spike_memory import CountingIds, ManualClock, MemoryBlobStore, MemoryMetadata, MemoryProbe, MemoryQueue
from spike_sqlalchemy import SqlAlchemyDatabase, open_sqlite
from spike_sqlalchemy.engine import HEAP_MB

THREADS = 8
TRIES = 5
AFFORDABLE = 13


def _enhancements(transactions: Transactions, *, clock: Clock, ids: Ids, queue: MemoryQueue) -> Enhancements:
    limits = JobLimits()
    billing = Billing(policies=SamePolicy(), limits=limits)
    job_transitions = JobTransitions(transactions=transactions, clock=clock, billing=billing, limits=limits)
    turns = FairScheduling(transactions=transactions, clock=clock, limits=limits)
    dispatch = OutboxRelay(
        transactions=transactions, queue=queue, clock=clock, job_transitions=job_transitions, turns=turns, limits=limits
    )
    blobs, probe = MemoryBlobStore(ManualClock()), MemoryProbe()
    ingest = Ingest(
        transactions=transactions,
        blobs=blobs,
        probe=probe,
        metadata=MemoryMetadata(),
        clock=clock,
        limits=limits,
    )
    return Enhancements(
        transactions=transactions,
        clock=clock,
        ids=ids,
        ordering=Ordering(pricing=Pricing(), billing=billing, upload_limits=ingest.upload_limits),
        dispatch=dispatch,
        ingest=ingest,
    )


def _spend_from_all_sides(services: Sequence[Enhancements], image: Image) -> tuple[int, int]:
    """Request jobs in a thread per service at the same time; return how many were accepted and refused."""
    accepted, refused = [], []
    start = threading.Barrier(len(services))

    def spend(enhancements: Enhancements) -> None:
        start.wait()
        for _ in range(TRIES):
            try:
                accepted.append(enhancements.enhance(image.owner_id, image_id=image.id, tier=Tier.TIER_2K))
            except NotEnoughTokens as error:
                refused.append(error)

    threads = [threading.Thread(target=spend, args=(service,)) for service in services]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(accepted), len(refused)


@pytest.mark.parametrize("engines", [1, 2])
def test_a_balance_for_so_many_jobs_is_spent_by_exactly_so_many(
    database: SqlAlchemyDatabase, another: Callable[[], SqlAlchemyDatabase], engines: int
) -> None:
    """Invariant I6, and with it I1 and I2: for several users, through one engine or in several processes.

    Of the accepted ones no more are sent on their way than one owner may have there.
    """
    image = an_image()
    opening = an_opening(AFFORDABLE * SPECIFIED[Tier.TIER_2K].price.amount + 4, owner_id=image.owner_id)
    databases = [database, *(another() for _ in range(engines - 1))]
    with database.transactions.begin() as tx:
        tx.images.add(image)
        tx.wallets.open(opening)
    clock, ids, queue = ManualClock(), CountingIds(), MemoryQueue()
    services = [
        _enhancements(databases[number % engines].transactions, clock=clock, ids=ids, queue=queue)
        for number in range(THREADS)
    ]

    accepted, refused = _spend_from_all_sides(services, image)

    assert (accepted, refused) == (AFFORDABLE, THREADS * TRIES - AFFORDABLE)
    with database.transactions.view() as tx:
        jobs = tx.jobs.of_image(image.id)
        totals = LedgerTotals.of(tx.wallets.entries(image.owner_id, limit=1000))
        assert tx.wallets.get(image.owner_id).totals == totals
        assert tx.wallets.get(image.owner_id).balance == totals.balance == Tokens(4)
        assert len(tx.audit.entries_of([job.id for job in jobs])) == len(jobs) == AFFORDABLE
    assert totals.spent == sum((SPECIFIED[Tier.TIER_2K].price for _ in jobs), NO_TOKENS)
    started = [job.id for job in jobs if job.status is JobStatus.PROCESSING]
    assert len(started) == JobLimits().active_jobs_max < AFFORDABLE
    assert {job.status for job in jobs if job.id not in started} == {JobStatus.PENDING}
    assert sorted(queue.messages) == sorted(started)


def test_of_parallel_requests_on_a_balance_for_one_exactly_one_is_accepted(transactions: Transactions) -> None:
    image = an_image()
    tiers = [Tier.TIER_1K, Tier.TIER_2K]
    with transactions.begin() as tx:
        tx.images.add(image)
        tx.wallets.open(
            an_opening(
                SPECIFIED[Tier.TIER_2K].price.amount + SPECIFIED[Tier.TIER_1K].price.amount + 1, owner_id=image.owner_id
            )
        )
    service = _enhancements(transactions, clock=ManualClock(), ids=CountingIds(), queue=MemoryQueue())
    start = threading.Barrier(2)

    def ask() -> bool:
        start.wait()
        try:
            service.enhance_in_parallel(image.owner_id, image_id=image.id, tiers=tiers)
        except NotEnoughTokens:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        outcomes = [future.result() for future in [pool.submit(ask) for _ in range(2)]]

    assert sorted(outcomes) == [False, True]
    with transactions.view() as tx:
        assert [job.spec.tier for job in tx.jobs.of_image(image.id)] == tiers
        assert tx.wallets.get(image.owner_id).balance == Tokens(1)


def test_a_writer_at_work_blocks_no_view_of_another_thread(transactions: Transactions) -> None:
    image = an_image()
    seen = threading.Event()

    def look() -> None:
        with transactions.view() as tx:
            assert tx.images.find([image.id]) == {}
        seen.set()

    with transactions.begin() as tx:
        tx.images.add(image)
        reader = threading.Thread(target=look)
        reader.start()
        assert seen.wait(60)
    reader.join()


def test_more_views_than_the_pool_keeps_open_can_be_had_at_once_of_a_file(sqlite_url: str) -> None:
    """Each is a separate connection, of which a file may have any number."""
    views = 24
    database = open_sqlite(sqlite_url)
    transactions = database.transactions
    together = threading.Barrier(views)

    def look() -> None:
        with transactions.view() as tx:
            tx.images.find([])
            together.wait(30)

    threads = [threading.Thread(target=look) for _ in range(views)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken
    database.close()


@pytest.mark.parametrize(("set_by_the_app", "then"), [(0, HEAP_MB * 1_000_000), (1_000_000_000, 1_000_000_000)])
def test_connections_to_files_share_a_limit_of_memory_unless_the_app_has_set_its_own(
    sqlite_url: str, set_by_the_app: int, then: int
) -> None:
    """SQLite's limit is one of the process: sixty connections would else cache 16 MB each."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as apps:
        before = _heap_limit(apps)
        try:
            apps.execute(f"PRAGMA soft_heap_limit = {set_by_the_app}")
            with closing(open_sqlite(sqlite_url)) as database:
                database.ping()
            assert _heap_limit(apps) == then
        finally:
            apps.execute(f"PRAGMA soft_heap_limit = {before}")


def _heap_limit(connection: sqlite3.Connection) -> int:
    [(limit,)] = connection.execute("PRAGMA soft_heap_limit")
    return int(limit)
