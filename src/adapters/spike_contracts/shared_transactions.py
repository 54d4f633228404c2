"""The laws of `Transactions` while an app shares a transaction of its own."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import copy_context
from functools import partial

import pytest

from spike_contracts.builders import an_image, an_opening
from spike_core.domain.errors import (
    ImageNotFound,
    InvariantViolated,
    SharedTransactionUndone,
    SpikeError,
    TransactionUndone,
)
from spike_core.domain.identifiers import ImageId
from spike_core.ports.transactions import Transactions

AppTransaction = Callable[[], AbstractContextManager[object]]
"""Begins a transaction of an app and shares it; commits on a clean exit and says so, rolls back on any exception."""


class Abandoned(Exception):
    """What the app raises to roll back."""


class SharedTransactionsContract:
    """Laws of a Transactions adapter that lets an app share its transaction.

    Fixtures: `transactions`, and `app_transaction`, an `AppTransaction` on the same database.
    """

    def test_parts_are_there_after_the_apps_commit_and_seen_by_nobody_before(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        first, second = an_image(), an_image()
        with app_transaction():
            for image in (first, second):
                with transactions.begin() as tx:
                    tx.images.add(image)
            assert not any(_elsewhere(partial(_is_there, transactions, image.id)) for image in (first, second))
        assert _is_there(transactions, first.id)
        assert _is_there(transactions, second.id)

    def test_a_rollback_of_the_app_undoes_all_parts(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        image, opening = an_image(), an_opening()
        with pytest.raises(Abandoned), app_transaction():  # noqa: PT012  # all of it belongs to the transaction
            with transactions.begin() as tx:
                tx.images.add(image)
            with transactions.begin() as tx:
                tx.wallets.open(opening)
            raise Abandoned
        assert not _is_there(transactions, image.id)
        with transactions.begin() as tx:
            tx.wallets.open(opening)

    def test_a_part_that_fails_is_undone_alone(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        kept, undone, later = an_image(), an_image(), an_image()
        with app_transaction():
            with transactions.begin() as tx:
                tx.images.add(kept)
            with pytest.raises(Abandoned), transactions.begin() as tx:  # noqa: PT012  # all of it belongs to the part
                tx.images.add(undone)
                raise Abandoned
            with transactions.begin() as tx:
                tx.images.add(later)
        found = [_is_there(transactions, image.id) for image in (kept, undone, later)]
        assert found == [True, False, True]

    def test_views_and_parts_see_what_earlier_parts_have_written(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        image = an_image()
        with app_transaction():
            with transactions.begin() as tx:
                tx.images.add(image)
            assert _is_there(transactions, image.id)
            with transactions.begin() as tx:
                tx.images.count_view(image.id)
                assert tx.images.get(image.id).view_count == image.view_count + 1

    def test_a_view_is_read_only(self, transactions: Transactions, app_transaction: AppTransaction) -> None:
        with app_transaction(), transactions.view() as tx:
            assert _error_of(lambda: tx.images.add(an_image())) is InvariantViolated

    def test_what_follows_a_commit_follows_the_apps_in_order_and_once(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        image, done = an_image(), list[tuple[int, bool]]()
        with app_transaction():
            with transactions.begin() as tx:
                tx.images.add(image)
            for number in (1, 2):
                transactions.when_committed(partial(_note, done, number, transactions, image.id))
            assert done == []
        assert done == [(1, True), (2, True)]
        with app_transaction():
            pass
        assert len(done) == 2

    def test_what_follows_a_commit_follows_no_rollback(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        done: list[int] = []
        with pytest.raises(Abandoned), app_transaction():  # noqa: PT012  # all of it belongs to the transaction
            transactions.when_committed(lambda: done.append(1))
            raise Abandoned
        with app_transaction():
            pass
        assert done == []

    def test_outside_a_shared_transaction_it_follows_at_once(self, transactions: Transactions) -> None:
        done: list[int] = []
        transactions.when_committed(lambda: done.append(1))
        assert done == [1]

    def test_other_threads_go_on_by_themselves(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        done: list[int] = []
        with app_transaction():
            _elsewhere(lambda: transactions.when_committed(lambda: done.append(1)))
            assert done == [1]

    def test_a_context_that_was_copied_is_free_after_the_end(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        """As one of a task that outlives the transaction: what it writes then is stored at once."""
        image = an_image()
        with app_transaction():
            copied = copy_context()

        def add() -> None:
            with transactions.begin() as tx:
                tx.images.add(image)

        copied.run(add)
        assert _is_there(transactions, image.id)

    def test_a_part_undone_by_the_database_is_for_the_app_to_retry(
        self, transactions: Transactions, app_transaction: AppTransaction
    ) -> None:
        with app_transaction(), pytest.raises(SharedTransactionUndone), transactions.begin():
            raise TransactionUndone


def _is_there(transactions: Transactions, image_id: ImageId) -> bool:
    with transactions.view() as tx:
        try:
            tx.images.get(image_id)
        except ImageNotFound:
            return False
    return True


def _note(done: list[tuple[int, bool]], number: int, transactions: Transactions, image_id: ImageId) -> None:
    done.append((number, _is_there(transactions, image_id)))


def _error_of(call: Callable[[], object]) -> type[SpikeError] | None:
    try:
        call()
    except SpikeError as error:
        return type(error)
    return None


def _elsewhere(call: Callable[[], object]) -> object:
    """Call in another thread."""
    results: list[object] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    return results[0]
