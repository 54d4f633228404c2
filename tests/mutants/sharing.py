"""Mutants of transactions that an app shares."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from mutants.mutant import Mutant, nothing
from spike_contracts.shared_transactions import SharedTransactionsContract as Shared
from spike_core.domain.errors import TransactionUndone
from spike_core.ports.transactions import Transaction
from spike_memory import MemoryTransactions
from spike_memory.state import Rows
from spike_memory.transactions import MemorySharedTransaction, MemoryTransaction


@contextmanager
def _not_shared(_sharing: Any, _transactions: MemoryTransactions) -> Iterator[None]:
    yield


@contextmanager
def _without_rollback(sharing: Any, transactions: MemoryTransactions) -> Iterator[None]:
    failures: list[BaseException] = []
    with sharing(transactions):
        try:
            yield
        except BaseException as error:  # noqa: BLE001  # raised again
            failures.append(error)
    for failure in failures:
        raise failure


@contextmanager
def _with_all_threads(sharing: Any, transactions: MemoryTransactions) -> Iterator[None]:
    with sharing(transactions):
        shared = transactions._shared()
        vars(transactions)["_shared"] = lambda: shared
        try:
            yield
        finally:
            del vars(transactions)["_shared"]


@contextmanager
def _never_ending(sharing: Any, transactions: MemoryTransactions) -> Iterator[None]:
    with sharing(transactions):
        shared = transactions._shared()
        assert shared is not None
        yield
    shared.has_ended = False


@contextmanager
def _kept_after_a_failure(
    _begin: Any, _transactions: MemoryTransactions, shared: MemorySharedTransaction
) -> Iterator[Transaction]:
    yield MemoryTransaction.on(Rows(state=shared.state, writable=True))


@contextmanager
def _of_what_is_committed(_view: Any, transactions: MemoryTransactions) -> Iterator[Transaction]:
    yield MemoryTransaction.on(Rows(state=transactions._state, writable=False))


MUTANTS: Final = [
    Mutant("stores parts at once", MemoryTransactions, "sharing", _not_shared,
           Shared.test_parts_are_there_after_the_apps_commit_and_seen_by_nobody_before),
    Mutant("commits what the app rolls back", MemoryTransactions, "sharing", _without_rollback,
           Shared.test_a_rollback_of_the_app_undoes_all_parts, Shared.test_what_follows_a_commit_follows_no_rollback),
    Mutant("keeps half of a part that fails", MemoryTransactions, "_begin_within", _kept_after_a_failure,
           Shared.test_a_part_that_fails_is_undone_alone),
    Mutant("reports a part that was undone as a transaction to retry", MemoryTransactions, "_begin_within",
           _kept_after_a_failure, Shared.test_a_part_undone_by_the_database_is_for_the_app_to_retry,
           fails_with=TransactionUndone),
    Mutant("shows only what is committed", MemoryTransactions, "_view", _of_what_is_committed,
           Shared.test_views_and_parts_see_what_earlier_parts_have_written),
    Mutant("lets a view write", MemoryTransactions, "view", lambda _view, transactions: transactions.begin(),
           Shared.test_a_view_is_read_only),
    Mutant("doesn't wait for the app's commit", MemoryTransactions, "when_committed",
           lambda _when_committed, _transactions, action: action(),
           Shared.test_what_follows_a_commit_follows_the_apps_in_order_and_once),
    Mutant("forgets what follows a commit", MemoryTransactions, "when_committed", nothing,
           Shared.test_outside_a_shared_transaction_it_follows_at_once),
    Mutant("shares with all threads", MemoryTransactions, "sharing", _with_all_threads,
           Shared.test_other_threads_go_on_by_themselves),
    Mutant("shares with a copied context for ever", MemoryTransactions, "sharing", _never_ending,
           Shared.test_a_context_that_was_copied_is_free_after_the_end),
]  # fmt: skip
