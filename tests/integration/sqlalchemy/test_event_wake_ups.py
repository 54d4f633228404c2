"""On PostgreSQL no wake-up is lost when deliveries of one subject end, are resumed or purged at the same time."""

import threading
from datetime import timedelta

import pytest

from eventually import eventually
from spike_contracts.builders import NOON, an_owner
from spike_contracts.event_builders import a_movement
from spike_contracts.events import LEASED, MAIL, SECOND, backlog, claim, finish, only, record
from spike_core.domain.event_deliveries import Delivery
from spike_core.domain.events import TokensMoved
from spike_core.ports.transactions import Transactions
from spike_sqlalchemy import PostgresDatabase

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

_LOCK_NEXT = "SELECT position FROM event_deliveries WHERE position > %s ORDER BY position LIMIT 1 FOR UPDATE"


@pytest.fixture
def transactions(postgres_database: PostgresDatabase) -> Transactions:
    return postgres_database.transactions


@pytest.fixture
def resumable(transactions: Transactions) -> Delivery:
    """The first of an owner's three deliveries, which is set aside; the second is due."""
    owner_id = an_owner()
    record(transactions, *(a_movement(number, owner_id=owner_id) for number in (1, 2, 3)))
    failed = only(claim(transactions))
    with transactions.begin() as tx:
        tx.event_deliveries.set_aside(failed, now=NOON)
    return failed


def resume(transactions: Transactions) -> None:
    with transactions.begin() as tx:
        assert tx.event_deliveries.resume(MAIL, now=NOON, limit=9) == 1


def start_resuming(database: PostgresDatabase) -> threading.Thread:
    """Resume in a thread, and return when that waits for a lock of the transaction in progress."""
    thread = threading.Thread(target=resume, args=(database.transactions,))
    thread.start()
    with database.engine.connect() as connection:
        eventually("it waits", lambda: connection.exec_driver_sql(_WAITING).scalar_one() == 1)
    return thread


def handled_to_the_end(transactions: Transactions) -> list[int]:
    """Claim and finish one after the other; return the numbers of the events."""
    numbers = []
    while backlog(transactions).waiting:
        held = only(claim(transactions))
        assert isinstance(held.event, TokensMoved)
        numbers.append(held.event.sequence)
        assert finish(transactions, held) == [True]
    return numbers


def test_a_claim_that_has_not_ended_is_seen_by_whoever_resumes(
    postgres_database: PostgresDatabase, transactions: Transactions, resumable: Delivery
) -> None:
    with transactions.begin() as tx:
        second = only(tx.event_deliveries.claim(MAIL, now=NOON, until=LEASED, limit=9))
        thread = start_resuming(postgres_database)
    thread.join()
    assert claim(transactions) == []
    assert finish(transactions, second) == [True]
    assert only(claim(transactions)).id == resumable.id


def test_what_is_resumed_while_the_one_before_is_finished_is_handed_over(
    postgres_database: PostgresDatabase, transactions: Transactions, resumable: Delivery
) -> None:
    second = only(claim(transactions))
    with transactions.begin() as tx:
        assert tx.event_deliveries.finish(second, now=NOON)
        thread = start_resuming(postgres_database)
    thread.join()
    assert resumable.attempt == 1
    assert handled_to_the_end(transactions) == [1, 3]


def test_a_delivery_that_ends_beside_a_purge_of_the_next_wakes_the_one_after(
    postgres_database: PostgresDatabase, transactions: Transactions
) -> None:
    """The next one was about to be looked at when others turned out to wait."""
    owner_id = an_owner()
    record(transactions, a_movement(1, owner_id=owner_id))
    first = only(claim(transactions))
    record(transactions, *(a_movement(number, owner_id=owner_id) for number in (2, 3)))
    with postgres_database.engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        locked = connection.exec_driver_sql(_LOCK_NEXT, (first.position,)).all()
        assert len(locked) == 1
        assert claim(transactions) == []
        connection.exec_driver_sql("COMMIT")
    with transactions.begin() as tx:
        assert tx.event_deliveries.finish(first, now=NOON)
        with postgres_database.transactions._begin() as other:
            other.event_deliveries.purge(MAIL, recorded_before=NOON + SECOND, limit=1)
    left = backlog(transactions).waiting
    assert left > 0
    assert len(handled_to_the_end(transactions)) == left
    assert claim(transactions, after=timedelta(days=1)) == []
