"""Failures of a SQLite file during a transaction: `DatabaseUnavailable`, and no partial effect."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from attrs import evolve
from sqlalchemy import event

from preloaded import run_program
from spike_contracts.builders import NOON, a_job_id, an_image, an_opening
from spike_core.domain.errors import DatabaseUnavailable, ImageNotFound, WalletNotFound
from spike_core.domain.images import Image
from spike_core.ports.transactions import Transactions
from spike_sqlalchemy import SqliteDatabase, open_sqlite

CRASH = """
import os, sys
from spike_contracts.builders import an_image
from spike_sqlalchemy import open_sqlite
with open_sqlite(sys.argv[1]).transactions.begin() as tx:
    tx.images.add(an_image())
    os._exit(9)
"""


def _on_connect(database: SqliteDatabase, pragma: str) -> None:
    """Make each new connection execute the pragma."""

    def execute(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    database.engine.dispose()
    event.listen(database.engine, "connect", execute)


def _a_large_image() -> Image:
    return evolve(an_image(), description="x" * 1_000_000)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the write lock as another process would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.fixture
def database(sqlite_database: SqliteDatabase) -> SqliteDatabase:
    return sqlite_database


@pytest.fixture
def stored(transactions: Transactions) -> Image:
    image = an_image()
    with transactions.begin() as tx:
        tx.images.add(image)
    return image


class TestAFullDisk:
    @pytest.fixture(autouse=True)
    def full(self, stored: Image, database: SqliteDatabase) -> Image:
        """Leave space for a few pages."""
        _on_connect(database, "max_page_count = 60")
        return stored

    def test_refuses_what_doesnt_fit_and_loses_nothing(self, transactions: Transactions, stored: Image) -> None:
        small, large = an_image(), _a_large_image()
        with pytest.raises(DatabaseUnavailable), transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.images.add(small)
            tx.images.add(large)
        with transactions.view() as tx:
            assert tx.images.find([stored.id, small.id, large.id]) == {stored.id: stored}
        with transactions.begin() as tx:
            tx.images.add(small)
        with transactions.view() as tx:
            assert tx.images.get(small.id) == small

    def test_ends_the_transaction_even_when_the_error_is_caught(self, transactions: Transactions) -> None:
        """SQLite has already rolled back; later statements mustn't be committed alone."""
        before, after = an_image(), an_image()
        with pytest.raises(DatabaseUnavailable), transactions.begin() as tx:  # noqa: PT012  # all belongs to it
            tx.images.add(before)
            with pytest.raises(DatabaseUnavailable):
                tx.images.add(_a_large_image())
            with pytest.raises(DatabaseUnavailable):
                tx.images.add(after)
            with pytest.raises(DatabaseUnavailable):
                tx.images.find([before.id])
        with transactions.view() as tx:
            assert tx.images.find([before.id, after.id]) == {}

    def test_leaves_the_wallet_with_its_ledger(self, transactions: Transactions) -> None:
        opening = an_opening()
        with transactions.begin() as tx:
            tx.wallets.open(opening)
        spent = opening.wallet.refund(opening.wallet.balance, job_id=a_job_id(), now=NOON, reason="x" * 1_000_000)
        with pytest.raises(DatabaseUnavailable), transactions.begin() as tx:
            tx.wallets.post(spent)
        with transactions.view() as tx:
            assert tx.wallets.get(opening.wallet.owner_id) == opening.wallet
            assert tuple(tx.wallets.entries(opening.wallet.owner_id, limit=9)) == opening.entries


def test_a_read_only_database_can_be_viewed_and_not_written(
    database: SqliteDatabase, transactions: Transactions, stored: Image
) -> None:
    _on_connect(database, "query_only = ON")
    with pytest.raises(DatabaseUnavailable), transactions.begin() as tx:
        tx.images.add(an_image())
    with transactions.view() as tx:
        assert tx.images.get(stored.id) == stored


def test_a_lock_held_for_too_long_refuses_writers_and_not_readers(
    database: SqliteDatabase, transactions: Transactions, stored: Image
) -> None:
    _on_connect(database, "busy_timeout = 20")
    with _locked(database.path):
        with pytest.raises(DatabaseUnavailable), transactions.begin():
            pass
        with transactions.view() as tx:
            assert tx.images.get(stored.id) == stored
    with transactions.begin() as tx:
        tx.images.count_view(stored.id)


def test_a_lock_that_is_let_go_in_time_is_waited_for(
    database: SqliteDatabase, transactions: Transactions, stored: Image
) -> None:
    def count() -> None:
        with transactions.begin() as tx:
            tx.images.count_view(stored.id)

    writer = threading.Thread(target=count)
    with _locked(database.path):
        writer.start()
        writer.join(0.05)
        assert writer.is_alive()
    writer.join()
    with transactions.view() as tx:
        assert tx.images.get(stored.id).view_count == 1


def test_a_transaction_within_another_of_the_same_thread_is_refused(
    database: SqliteDatabase, transactions: Transactions
) -> None:
    """It would wait for itself; the outer transaction is unaffected."""
    _on_connect(database, "busy_timeout = 20")
    image = an_image()
    with transactions.begin() as tx:
        tx.images.add(image)
        with pytest.raises(DatabaseUnavailable), transactions.begin():
            pass
    with transactions.view() as tx:
        assert tx.images.get(image.id) == image


def test_a_process_that_dies_in_a_transaction_leaves_no_trace(
    database: SqliteDatabase, transactions: Transactions
) -> None:
    assert run_program(CRASH, f"sqlite:///{database.path}").returncode == 9
    with transactions.begin() as tx:
        assert list(tx.audit.images(limit=1)) == []


@pytest.mark.parametrize("content", [b"no database at all" * 1000, b""])
def test_a_file_that_is_no_database_is_the_worlds_fault(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    database = open_sqlite(f"sqlite:///{path}")
    with pytest.raises(DatabaseUnavailable), database.transactions.begin() as tx:
        tx.images.add(an_image())
    with pytest.raises(DatabaseUnavailable), database.transactions.view() as tx:
        tx.images.find([an_image().id])
    with pytest.raises(DatabaseUnavailable):
        database.ping()
    database.close()


def test_a_folder_that_is_gone_is_the_worlds_fault(database: SqliteDatabase) -> None:
    shutil.rmtree(database.path.parent)
    with pytest.raises(DatabaseUnavailable), database.transactions.begin():
        pass
    with pytest.raises(DatabaseUnavailable), database.transactions.view():
        pass


def test_what_isnt_there_is_still_an_answer_and_no_trouble(transactions: Transactions) -> None:
    with transactions.begin() as tx:
        with pytest.raises(ImageNotFound):
            tx.images.get(an_image().id)
        with pytest.raises(WalletNotFound):
            tx.wallets.lock(an_opening().wallet.owner_id)
        tx.images.add(image := an_image())
    with transactions.view() as tx:
        assert tx.images.get(image.id) == image
