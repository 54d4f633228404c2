"""Budgets in a database: two requests at once never exceed one, and the migration counts what is there."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from attrs import evolve

from services import VGA
from spike_contracts.builders import an_image, an_opening, an_owner
from spike_contracts.jobs import a_job_of_each_kind, store
from spike_core.application import Policies
from spike_core.domain.errors import SpikeError, TooManyJobs
from spike_core.domain.identifiers import ANONYMOUS
from spike_core.domain.images import ImageName
from spike_core.domain.tiers import Tier
from spike_core.domain.usage import Budget, Budgets
from spike_core.ports.transactions import Transactions
from spike_memory import InMemorySpike
from spike_memory.engine import a_picture
from spike_sqlalchemy import SqlAlchemyDatabase
from spike_sqlalchemy.schema import migration_connection, run_migrations
from tracing import traced, without_bounds

BEFORE = "0011"
THREADS, ROOM = 6, 4


def spike_with(transactions: Transactions, **budgets: Any) -> InMemorySpike:
    return InMemorySpike.build(transactions=transactions, policies=Policies(budgets=evolve(Budgets(), **budgets)))


def test_of_requests_at_once_no_more_are_accepted_than_the_budget_has_room_for(transactions: Transactions) -> None:
    image = an_image()
    with transactions.begin() as tx:
        tx.images.add(image)
        tx.wallets.open(an_opening(1000, owner_id=image.owner_id))
    spike = spike_with(transactions, owner=Budget(paid_jobs=ROOM))
    start = threading.Barrier(THREADS)

    def order() -> bool:
        start.wait()
        try:
            for _ in range(2):
                spike.jobs.enhancements.enhance(image.owner_id, image_id=image.id, tier=Tier.TIER_1K)
        except TooManyJobs:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: order(), range(THREADS)))
    with transactions.view() as tx:
        assert tx.wallets.get(image.owner_id).usage.paid_jobs == len(tx.jobs.of_image(image.id)) == ROOM


def test_of_anonymous_uploads_at_once_no_more_are_stored_than_the_budget_has_room_for(
    transactions: Transactions,
) -> None:
    """Their shared wallet is opened by the first of them, though all find none."""
    spike = spike_with(transactions, anonymous=Budget(images=ROOM))
    start = threading.Barrier(THREADS)

    def upload() -> bool:
        start.wait()
        try:
            spike.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(VGA)))
        except SpikeError:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(lambda _: upload(), range(THREADS)))
    with transactions.view() as tx:
        stored = [image for image in tx.audit.images(limit=99) if image.owner_id == ANONYMOUS]
        assert len(stored) == outcomes.count(True) == tx.wallets.get(ANONYMOUS).usage.images == ROOM


def test_the_migration_counts_what_is_there(own_database: SqlAlchemyDatabase) -> None:
    owner = an_owner()
    jobs = [evolve(job, spec=evolve(job.spec, owner_id=owner)) for job in a_job_of_each_kind()]
    with own_database.transactions.begin() as tx:
        tx.wallets.open(an_opening(5, owner_id=owner))
        store(tx, *jobs)
        tx.images.add(an_image(owner_id=ANONYMOUS))
    with migration_connection(own_database.engine) as connection:
        run_migrations(connection, to=BEFORE, command="downgrade")

    own_database.migrate()

    with own_database.transactions.view() as tx:
        assert tx.audit.miscounted(limit=9) == []
        assert tx.audit.usage(owner).explains(tx.wallets.get(owner))
        assert tx.wallets.get(owner).usage.open_jobs == 3
        assert tx.wallets.get(ANONYMOUS).usage.images == 1


def test_budgets_cost_no_statement_beyond_those_of_any_order(
    database: SqlAlchemyDatabase, transactions: Transactions
) -> None:
    """Jobs in flight are counted for owners with some open jobs, an image's for those with more than it may have."""
    owner = an_owner()
    images = [an_image(owner_id=owner) for _ in range(55)]
    with transactions.begin() as tx:
        tx.images.add(*images)
        tx.wallets.open(an_opening(1000, owner_id=owner))
    spike = spike_with(transactions)
    spike.events.refresh()  # subscribers are read once in a while, not for each order
    counts = []
    for image in images:
        with traced(database.engine) as statements:
            spike.jobs.enhancements.enhance(owner, image_id=image.id, tier=Tier.TIER_1K)
        counts.append(len(without_bounds(statements)))
    assert counts[0] == 8
    assert max(counts) == 9
    assert counts[-1] == 7, "a job that is held back isn't handed over"
