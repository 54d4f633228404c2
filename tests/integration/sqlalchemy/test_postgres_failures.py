"""Failures of a PostgreSQL server during a transaction: a named error, and no partial effect."""

import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import psycopg
import pytest
from sqlalchemy import func, select

from preloaded import run_program
from servers.postgres import PostgresServer
from spike_contracts.builders import NOON, a_job, a_job_id, an_image, an_opening
from spike_core.domain.errors import DatabaseUnavailable, DuplicateEntry, InvariantViolated, TransactionUndone
from spike_core.domain.images import Image
from spike_core.domain.ledger import LedgerTotals
from spike_core.domain.tokens import Tokens
from spike_core.ports.factories import DatabaseLimits
from spike_core.ports.transactions import Transactions
from spike_core.services.transaction_retries import retry_on_conflict
from spike_sqlalchemy import PostgresDatabase, open_postgres
from spike_sqlalchemy.prepared_statements import Prepared
from spike_sqlalchemy.transactions import SqlAlchemyTransaction

IMPATIENT = DatabaseLimits(
    connections_max=2, lock_wait=timedelta(milliseconds=200), statement_time=timedelta(milliseconds=400)
)
_SLOW = Prepared(select(func.pg_sleep(30)))
CRASH = """
import os, sys
from spike_contracts.builders import an_image
from spike_sqlalchemy import open_postgres
with open_postgres(sys.argv[1]).transactions.begin() as tx:
    tx.images.add(an_image())
    os._exit(9)
"""


@pytest.fixture
def database(postgres_database: PostgresDatabase) -> PostgresDatabase:
    return postgres_database


@pytest.fixture
def impatient(postgres_url: str) -> Iterator[PostgresDatabase]:
    database = open_postgres(postgres_url, limits=IMPATIENT)
    yield database
    database.close()


@pytest.fixture
def restartable(postgres_server: PostgresServer) -> Iterator[PostgresDatabase]:
    database = open_postgres(postgres_server.url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def stored(transactions: Transactions) -> Image:
    image = an_image()
    with transactions.begin() as tx:
        tx.images.add(image)
    return image


@pytest.fixture
def transactions(database: PostgresDatabase) -> Transactions:
    return database.transactions


class TestAServerThatRestarts:
    @pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
    def test_is_found_again_without_an_error(
        self, restartable: PostgresDatabase, postgres_server: PostgresServer, how: signal.Signals
    ) -> None:
        """All connections in the pool are dead then."""
        image = an_image()
        with restartable.transactions.begin() as tx, restartable.transactions.view():
            tx.images.add(image)
        postgres_server.stop(how)
        postgres_server.start()
        for _ in range(3):
            with restartable.transactions.begin() as tx:
                tx.images.count_view(image.id)
        restartable.ping()
        with restartable.transactions.view() as tx:
            assert tx.images.get(image.id).view_count == 3

    def test_undoes_what_was_under_way(self, restartable: PostgresDatabase, postgres_server: PostgresServer) -> None:
        before, after = an_image(), an_image()
        with pytest.raises(DatabaseUnavailable), restartable.transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.images.add(before)
            postgres_server.stop()
            with pytest.raises(DatabaseUnavailable):
                tx.images.add(after)
            with pytest.raises(DatabaseUnavailable):
                tx.images.find([before.id])
        postgres_server.start()
        with restartable.transactions.view() as tx:
            assert tx.images.find([before.id, after.id]) == {}

    def test_may_leave_a_commit_in_doubt_but_never_half_done(
        self, restartable: PostgresDatabase, postgres_server: PostgresServer
    ) -> None:
        """The response to COMMIT is lost: all of the transaction is stored, or nothing."""
        opening = an_opening()
        with pytest.raises(DatabaseUnavailable), restartable.transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.wallets.open(opening)
            postgres_server.stop()
        postgres_server.start()
        with restartable.transactions.view() as tx:
            totals = LedgerTotals.of(tx.wallets.entries(opening.wallet.owner_id, limit=9))
            wallets = tx.audit.wallets(limit=9)
        assert [wallet.balance for wallet in wallets] in ([], [totals.balance])

    def test_is_no_answer_while_it_is_down(
        self, restartable: PostgresDatabase, postgres_server: PostgresServer
    ) -> None:
        postgres_server.stop()
        for use in (restartable.ping, restartable.migrate):
            with pytest.raises(DatabaseUnavailable) as trouble:
                use()
            assert "Connection refused" in str(trouble.value.__cause__)
        with pytest.raises(DatabaseUnavailable), restartable.transactions.begin():
            pass
        with pytest.raises(DatabaseUnavailable), restartable.transactions.view():
            pass


def test_a_process_that_dies_in_a_transaction_leaves_no_trace(postgres_url: str, transactions: Transactions) -> None:
    assert run_program(CRASH, postgres_url).returncode == 9
    with transactions.begin() as tx:
        assert list(tx.audit.images(limit=1)) == []


def test_a_lock_held_for_too_long_refuses_writers_and_not_readers(
    transactions: Transactions, impatient: PostgresDatabase, stored: Image
) -> None:
    with transactions.begin() as tx:
        tx.images.count_view(stored.id)
        with pytest.raises(DatabaseUnavailable), impatient.transactions.begin() as other:
            other.images.count_view(stored.id)
        with impatient.transactions.view() as view:
            assert view.images.get(stored.id) == stored
    with impatient.transactions.begin() as other:
        other.images.count_view(stored.id)


def test_a_statement_that_takes_too_long_is_broken_off(impatient: PostgresDatabase) -> None:
    with pytest.raises(DatabaseUnavailable), impatient.transactions.begin() as tx:
        cast("SqlAlchemyTransaction", tx)._statements.rows(_SLOW, {})
    impatient.ping()


def test_a_transaction_that_stands_still_loses_its_locks(
    transactions: Transactions, impatient: PostgresDatabase, stored: Image
) -> None:
    """The suspended process finds its transaction rolled back; others haven't waited long."""
    counted = threading.Event()

    def count() -> None:
        with transactions.begin() as tx:
            tx.images.count_view(stored.id)
        counted.set()

    with pytest.raises(DatabaseUnavailable), impatient.transactions.begin() as tx:  # noqa: PT012  # all belongs to it
        tx.images.count_view(stored.id)
        other = threading.Thread(target=count)
        other.start()
        assert counted.wait(30)
    other.join()
    with transactions.view() as view:
        assert view.images.get(stored.id).view_count == 1


def test_who_finds_all_connections_in_use_waits_for_one_and_not_for_ever(impatient: PostgresDatabase) -> None:
    transactions = impatient.transactions
    with transactions.view(), transactions.view(), pytest.raises(DatabaseUnavailable), transactions.view():
        pass
    free = threading.Event()

    def look() -> None:
        with impatient.transactions.view() as tx:
            tx.images.find([])
        free.set()

    with impatient.transactions.view():
        with impatient.transactions.view():
            third = threading.Thread(target=look)
            third.start()
            assert not free.wait(0.05)
        assert free.wait(60)
    third.join()


def test_of_two_that_wait_for_each_other_one_is_undone_and_succeeds_when_it_is_repeated(
    transactions: Transactions,
) -> None:
    """PostgreSQL detects the deadlock after a second."""
    openings = [an_opening(10), an_opening(10)]
    with transactions.begin() as tx:
        for opening in openings:
            tx.wallets.open(opening)
    both_hold_one = threading.Barrier(2)
    one_is_done = threading.Event()
    attempts: list[int] = []

    def spend(first: int) -> None:
        begun = False

        @retry_on_conflict
        def both() -> None:
            nonlocal begun
            attempts.append(first)
            assert not begun or one_is_done.wait(60)  # else it might wait for the same one again
            with transactions.begin() as tx:
                for number in (first, 1 - first):
                    wallet = tx.wallets.lock(openings[number].wallet.owner_id)
                    if not begun:
                        begun = True
                        both_hold_one.wait(60)
                    tx.wallets.post(wallet.spend(Tokens(1), job_id=a_job_id(), now=NOON, reason="work"))

        both()
        one_is_done.set()

    threads = [threading.Thread(target=spend, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert len(attempts) == 3
    with transactions.view() as tx:
        assert [tx.wallets.get(opening.wallet.owner_id).balance for opening in openings] == [Tokens(8), Tokens(8)]


def test_a_deadlock_has_a_name_of_its_own(postgres_url: str, transactions: Transactions, stored: Image) -> None:
    other = an_image()
    with transactions.begin() as tx:
        tx.images.add(other)
    with psycopg.connect(postgres_url) as rival:
        rival.execute("SET deadlock_timeout = '60s'")  # so that it isn't the one who notices
        rival.execute("UPDATE images SET view_count = 7 WHERE id = %s", (other.id.text,))
        waiting = threading.Thread(
            target=rival.execute, args=("UPDATE images SET view_count = 7 WHERE id = %s", (stored.id.text,))
        )
        with pytest.raises(TransactionUndone), transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.images.count_view(stored.id)
            waiting.start()
            tx.images.count_view(other.id)
        waiting.join(90)
    with transactions.view() as tx:
        assert [image.view_count for image in tx.audit.images(limit=9)] == [7, 7]


def test_a_commit_after_a_refused_statement_isnt_taken_for_one(transactions: Transactions) -> None:
    """PostgreSQL rolls back at that COMMIT without an error."""
    image, job = an_image(), a_job()
    with pytest.raises(InvariantViolated), transactions.begin() as tx:  # noqa: PT012  # all belongs to it
        tx.images.add(image)
        with pytest.raises(psycopg.IntegrityError):
            tx.jobs.add([job])  # of an image that isn't there
    with transactions.view() as tx:
        assert tx.images.find([image.id]) == {}


def test_a_refusal_that_a_port_promises_leaves_the_transaction_usable(transactions: Transactions) -> None:
    opening = an_opening(10)
    job_id = a_job_id()
    charged = opening.wallet.spend(Tokens(2), job_id=job_id, now=NOON, reason="work")
    with transactions.begin() as tx:
        tx.wallets.open(opening)
        tx.wallets.post(charged)
        with pytest.raises(DuplicateEntry):
            tx.wallets.post(charged.wallet.spend(Tokens(2), job_id=job_id, now=NOON, reason="again"))
        tx.wallets.post(charged.wallet.spend(Tokens(1), job_id=a_job_id(), now=NOON, reason="more"))
    with transactions.view() as tx:
        assert tx.wallets.get(opening.wallet.owner_id).balance == Tokens(7)


def test_a_database_whose_connections_are_all_in_use_says_so_and_answers(impatient: PostgresDatabase) -> None:
    """The check opens a connection of its own: it is about the server, not about the pool."""
    with impatient.transactions.view():
        assert not impatient.is_exhausted
        with impatient.transactions.view():
            assert impatient.is_exhausted
            impatient.ping()
    assert not impatient.is_exhausted
