"""Mutants of transactions, and of the repositories that are little more: outbox, idempotency, maintenance."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any, Final

from attrs import evolve, frozen

from mutants.mutant import Mutant, backwards, instead_of
from spike_contracts.events import EventDeliveriesContract as Deliveries
from spike_contracts.idempotency import IdempotencyRecordsContract as Idempotency
from spike_contracts.maintenance import MaintenanceRunsContract as Maintenance
from spike_contracts.outbox import OutboxContract as Outbox
from spike_contracts.races import RacesContract as Races
from spike_contracts.transactions import TransactionsContract as Transactions
from spike_core.domain.errors import (
    DatabaseUnavailable,
    DuplicateIdempotencyRecord,
    ImageNotFound,
)
from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask
from spike_core.ports.transactions import Transaction
from spike_memory import MemoryTransactions
from spike_memory.idempotency import MemoryIdempotencyRecords
from spike_memory.images import MemoryImages
from spike_memory.maintenance import MemoryMaintenanceRuns
from spike_memory.outbox import MemoryOutbox
from spike_memory.state import Rows
from spike_memory.transactions import MemoryTransaction

A_MOMENT_S: Final = 0.001  # in which other threads go on


@contextmanager
def writing_at_once(transactions: MemoryTransactions) -> Iterator[Transaction]:
    """Write into the stored rows themselves, so that nothing can be undone."""
    with transactions._writing:
        yield MemoryTransaction.on(Rows(state=transactions._state, writable=True))


def _at_once(_begin: Any, transactions: MemoryTransactions) -> AbstractContextManager[Transaction]:
    return writing_at_once(transactions)


def _undone(_begin: Any, transactions: MemoryTransactions) -> AbstractContextManager[Transaction]:
    """Begin a transaction whose commit is lost."""

    @contextmanager
    def begun() -> Iterator[Transaction]:
        with transactions._writing:
            yield MemoryTransaction.on(Rows(state=transactions._state.copy(), writable=True))

    return begun()


def _unlocked(_begin: Any, transactions: MemoryTransactions) -> AbstractContextManager[Transaction]:
    """Begin a transaction that waits for no other one."""

    @contextmanager
    def begun() -> Iterator[Transaction]:
        state = transactions._state.copy()
        yield MemoryTransaction.on(Rows(state=state, writable=True))
        time.sleep(A_MOMENT_S)
        transactions._state = state

    return begun()


def _kept_on_a_base_exception(_begin: Any, transactions: MemoryTransactions) -> AbstractContextManager[Transaction]:
    """Begin a transaction that an exception which isn't an `Exception` commits."""

    @contextmanager
    def begun() -> Iterator[Transaction]:
        with transactions._writing:
            state = transactions._state.copy()
            try:
                yield MemoryTransaction.on(Rows(state=state, writable=True))
            except Exception:
                state = transactions._state
                raise
            finally:
                transactions._state = state

    return begun()


def _spoiled_by_a_failure(begin: Any, transactions: MemoryTransactions) -> AbstractContextManager[Transaction]:
    """Begin a transaction; once one has failed, no further one begins."""

    @contextmanager
    def begun() -> Iterator[Transaction]:
        if getattr(transactions, "has_failed", False):
            raise DatabaseUnavailable
        try:
            with begin(transactions) as tx:
                yield tx
        except BaseException:
            vars(transactions)["has_failed"] = True
            raise

    return begun()


@frozen
class _Blind:
    """Images that are read from the last commit."""

    _writing: Any
    _reading: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reading if name in {"get", "find"} else self._writing, name)


def _blind(_begin: Any, transactions: MemoryTransactions) -> AbstractContextManager[Transaction]:
    """Begin a transaction whose images are those of the last commit."""

    @contextmanager
    def begun() -> Iterator[Transaction]:
        with transactions._writing:
            state = transactions._state.copy()
            writing = MemoryTransaction.on(Rows(state=state, writable=True))
            reading = MemoryImages(Rows(state=transactions._state, writable=False))
            blind: Any = _Blind(writing.images, reading)
            yield evolve(writing, images=blind)
            transactions._state = state

    return begun()


@frozen
class _Live:
    """Repositories that show what is committed meanwhile."""

    _transactions: MemoryTransactions

    def __getattr__(self, name: str) -> Any:
        return getattr(MemoryTransaction.on(Rows(state=self._transactions._state, writable=False)), name)


def _live(_view: Any, transactions: MemoryTransactions) -> AbstractContextManager[Any]:
    """Begin a view that shows what is committed meanwhile."""
    return nullcontext(_Live(transactions))


def _one_at_a_time(_view: Any, transactions: MemoryTransactions) -> AbstractContextManager[Transaction]:
    """Begin a view that waits for others, and gives up at once."""

    @contextmanager
    def viewed() -> Iterator[Transaction]:
        if not transactions._writing.acquire(blocking=False):
            raise DatabaseUnavailable
        try:
            yield MemoryTransaction.on(Rows(state=transactions._state, writable=False))
        finally:
            transactions._writing.release()

    return viewed()


def _writable(_view: Any, transactions: MemoryTransactions) -> AbstractContextManager[Transaction]:
    @contextmanager
    def viewed() -> Iterator[Transaction]:
        yield MemoryTransaction.on(Rows(state=transactions._state.copy(), writable=True))

    return viewed()


def _taken_again(_take: Any, outbox: MemoryOutbox, *, now: Any, until: Any, limit: int) -> Any:
    return outbox.due(now=now, limit=limit)


def _only_new(put: Any, outbox: MemoryOutbox, messages: Any) -> None:
    put(outbox, [message for message in messages if message.job_id not in outbox._rows.state.outbox])


def _remove_all(_remove: Any, outbox: MemoryOutbox, job_ids: Any) -> None:
    outbox._rows.check_writable().outbox.clear()


def _put_all_off(take: Any, outbox: MemoryOutbox, *, now: Any, until: Any, limit: int) -> Any:
    taken = take(outbox, now=now, until=until, limit=limit)
    return [evolve(message, due_at=until) for message in taken]


def _of_any_caller(get: Any, records: MemoryIdempotencyRecords, caller: str, key: Any) -> Any:
    return next((each for (_, its), each in records._rows.state.receipts.items() if its == key), None)


def _overwriting(_add: Any, records: MemoryIdempotencyRecords, receipt: Any) -> None:
    records._rows.check_writable().receipts[receipt.caller, receipt.key] = receipt


def _amended_for_all(amend: Any, records: MemoryIdempotencyRecords, caller: str, key: Any, answer: Any) -> None:
    receipts = records._rows.check_writable().receipts
    for name, receipt in list(receipts.items()):
        receipts["bob", name[1]] = evolve(receipt, caller="bob", answer=answer)
    amend(records, caller, key, answer)


def _of_any_task(put: Any, runs: MemoryMaintenanceRuns, run: MaintenanceRun) -> None:
    for task in MaintenanceTask:
        put(runs, evolve(run, task=task))


MUTANTS: Final = [
    Mutant(
        "loses what was committed",
        MemoryTransactions,
        "begin",
        _undone,
        Transactions.test_what_was_written_is_there_after_a_clean_exit,
        fails_with=ImageNotFound,
    ),
    Mutant(
        "commits when the process is interrupted",
        MemoryTransactions,
        "begin",
        _kept_on_a_base_exception,
        Transactions.test_whatever_is_raised_undoes_everything,
    ),
    Mutant(
        "begins no transaction after one that has failed",
        MemoryTransactions,
        "begin",
        _spoiled_by_a_failure,
        Transactions.test_a_failed_transaction_leaves_the_next_one_alone,
        fails_with=DatabaseUnavailable,
    ),
    Mutant(
        "hides a transaction's own writes",
        MemoryTransactions,
        "begin",
        _blind,
        Transactions.test_a_transaction_sees_its_own_writes,
        fails_with=ImageNotFound,
    ),
    Mutant(
        "writes before the commit",
        MemoryTransactions,
        "begin",
        _at_once,
        Transactions.test_nobody_sees_what_isnt_committed,
        Deliveries.test_deliveries_share_the_fate_of_their_transaction,
        Outbox.test_messages_share_the_fate_of_their_transaction,
        Maintenance.test_a_transaction_that_fails_begins_no_round,
    ),
    Mutant(
        "shows in a view what is committed meanwhile",
        MemoryTransactions,
        "view",
        _live,
        Transactions.test_a_view_blocks_no_writer_and_sees_the_same_all_along,
    ),
    Mutant(
        "allows one view at a time",
        MemoryTransactions,
        "view",
        _one_at_a_time,
        Transactions.test_views_dont_wait_for_each_other,
        fails_with=DatabaseUnavailable,
    ),
    Mutant(
        "allows writing through a view",
        MemoryTransactions,
        "view",
        _writable,
        Transactions.test_writing_through_a_view_is_a_bug,
        fails_with=Exception,
    ),
    Mutant(
        "begins no view after one that has failed",
        MemoryTransactions,
        "view",
        _spoiled_by_a_failure,
        Transactions.test_a_failed_view_leaves_the_next_one_alone,
        fails_with=DatabaseUnavailable,
    ),
    Mutant(
        "locks nothing",
        MemoryTransactions,
        "begin",
        _unlocked,
        Transactions.test_a_locked_wallet_waits_for_the_one_who_locked_it,
        Transactions.test_many_threads_lose_no_update,
        Outbox.test_of_many_that_take_at_once_each_gets_others,
        Maintenance.test_of_several_who_take_at_once_each_gets_a_round_of_its_own,
        Races.test_a_job_asked_for_while_its_image_goes_is_refused,
        Races.test_an_image_that_goes_while_a_job_is_asked_for_takes_the_job_along,
        Races.test_an_image_that_goes_while_it_is_moved_is_in_no_album,
        Races.test_of_two_changes_to_one_image_neither_is_lost,
        Races.test_a_worker_that_is_faster_than_the_note_of_its_message_gets_the_job,
        Races.test_a_worker_that_shows_life_isnt_buried,
        Races.test_a_burial_that_comes_first_is_final,
        Races.test_a_cancellation_against_a_failure_refunds_once,
        Races.test_nobody_gets_an_album_too_many,
        Races.test_the_same_email_is_taken_once,
    ),
    Mutant(
        "finds messages before they are due",
        MemoryOutbox,
        "due",
        lambda due, outbox, *, now, limit: (
            due(outbox, now=now + timedelta(seconds=1), limit=limit)
            if now.year < 9000  # else it is the end of time
            else due(outbox, now=now, limit=limit)
        ),
        Outbox.test_a_message_waits_until_it_is_due,
    ),
    Mutant(
        "returns messages that are due last first",
        MemoryOutbox,
        "due",
        backwards,
        Outbox.test_what_is_due_first_comes_first_and_no_more_than_asked_for,
    ),
    Mutant(
        "keeps the first message of a job",
        MemoryOutbox,
        "put",
        _only_new,
        Outbox.test_a_second_message_of_a_job_replaces_the_first,
    ),
    Mutant(
        "removes all messages",
        MemoryOutbox,
        "remove",
        _remove_all,
        Outbox.test_a_removed_message_is_forgotten_and_others_stay,
        Outbox.test_no_messages_and_no_ids_change_nothing,
    ),
    Mutant(
        "puts nothing off that is taken",
        MemoryOutbox,
        "take",
        _taken_again,
        Outbox.test_what_is_taken_is_put_off_and_told_as_it_was,
    ),
    Mutant(
        "returns taken messages as they are put off",
        MemoryOutbox,
        "take",
        _put_all_off,
        Outbox.test_what_is_taken_is_put_off_and_told_as_it_was,
    ),
    Mutant(
        "finds the record of any caller",
        MemoryIdempotencyRecords,
        "get",
        _of_any_caller,
        Idempotency.test_a_receipt_comes_back_as_it_was,
    ),
    Mutant(
        "overwrites a record",
        MemoryIdempotencyRecords,
        "add",
        _overwriting,
        Idempotency.test_a_key_has_one_receipt,
    ),
    Mutant(
        "ignores a second record of a key",
        MemoryIdempotencyRecords,
        "add",
        instead_of(DuplicateIdempotencyRecord),
        Idempotency.test_a_key_has_one_receipt,
    ),
    Mutant(
        "amends where there is no record",
        MemoryIdempotencyRecords,
        "amend",
        _amended_for_all,
        Idempotency.test_only_the_answer_is_amended,
    ),
    Mutant(
        "purges records of that very instant",
        MemoryIdempotencyRecords,
        "purge",
        lambda purge, records, *, created_before: purge(
            records, created_before=created_before + timedelta(microseconds=1)
        ),
        Idempotency.test_old_receipts_are_purged_and_no_others,
    ),
    Mutant(
        "starts to count at 1",
        MemoryMaintenanceRuns,
        "get",
        lambda get, runs, task: evolve(run, number=1) if not (run := get(runs, task)).number else run,
        Maintenance.test_a_task_that_has_never_run_has_run_number_0,
    ),
    Mutant(
        "stores a run for all tasks",
        MemoryMaintenanceRuns,
        "put",
        _of_any_task,
        Maintenance.test_a_round_comes_back_as_it_was_put_and_others_stay,
    ),
]
