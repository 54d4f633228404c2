"""Who runs a maintenance task, and when: two processes with one in-memory database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest

from faults import FaultyTransactions, database_fails
from spike_core.domain.errors import DatabaseUnavailable, StorageUnavailable
from spike_core.domain.limits import JobLimits
from spike_core.domain.maintenance import MaintenanceTask
from spike_core.ports.transactions import Transactions
from spike_core.services.maintenance_lease import MaintenanceLease
from spike_memory import ManualClock, MemoryTransactions, NoopHeartbeat

EVERY: Final = timedelta(minutes=15)
LEASE: Final = JobLimits().lease
SECOND: Final = timedelta(seconds=1)


class Process:
    """A process that runs a task."""

    def __init__(self, transactions: Transactions, clock: ManualClock) -> None:
        self.clock = clock
        self.heartbeat = NoopHeartbeat()
        self.maintenance_lease = MaintenanceLease(
            transactions=transactions, clock=clock, heartbeat=self.heartbeat, limits=JobLimits()
        )
        self.rounds = 0

    def attend(self, task: MaintenanceTask = MaintenanceTask.ORPHANS, do: Callable[[], object] = lambda: None) -> bool:
        """Run the task if it is due, and return whether it ran."""
        before = self.rounds

        def count() -> None:
            self.rounds += 1
            do()

        self.maintenance_lease.attend(task, count, every=EVERY)
        return self.rounds > before


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def transactions() -> FaultyTransactions:
    return FaultyTransactions(MemoryTransactions())


@pytest.fixture
def one(transactions: FaultyTransactions, clock: ManualClock) -> Process:
    return Process(transactions, clock)


@pytest.fixture
def other(transactions: FaultyTransactions, clock: ManualClock) -> Process:
    return Process(transactions, clock)


def test_a_chore_is_done_once_in_a_period_by_whoever_comes_first(
    one: Process, other: Process, clock: ManualClock
) -> None:
    for _ in range(60):
        one.attend()
        other.attend()
        clock.advance(EVERY / 20)
    assert one.rounds + other.rounds == 3
    clock.advance(EVERY)
    assert other.attend()
    assert not one.attend()


def test_while_one_is_at_it_nobody_else_is_however_long_it_takes(
    one: Process, other: Process, clock: ManualClock
) -> None:
    def take_long() -> None:
        for _ in range(100):
            clock.advance(LEASE - SECOND)
            one.heartbeat.strike()
            assert not other.attend()

    assert one.attend(do=take_long)
    assert other.attend(), "it has ended, and its period too"


def test_different_chores_are_done_at_once(one: Process, other: Process) -> None:
    assert one.attend(MaintenanceTask.ORPHANS, do=lambda: other.attend(MaintenanceTask.EXPIRY))
    assert other.rounds == 1


def test_another_takes_over_when_the_holder_fell_silent_and_its_end_changes_nothing(
    one: Process, other: Process, clock: ManualClock
) -> None:
    """Also if the holder was only suspended and continues later: its end of the run is ignored."""

    def fall_silent() -> None:
        clock.advance(LEASE - SECOND)
        assert not other.attend()
        clock.advance(SECOND)

        def wake_the_first() -> None:
            one.heartbeat.strike()

        assert other.attend(do=wake_the_first)

    assert one.attend(do=fall_silent)
    clock.advance(EVERY - SECOND)
    assert not one.attend()
    clock.advance(SECOND)
    assert one.attend()


def test_a_round_that_fails_is_over_and_the_next_comes_in_its_time(
    one: Process, other: Process, clock: ManualClock
) -> None:
    def fail() -> None:
        raise StorageUnavailable

    with pytest.raises(StorageUnavailable):
        one.attend(do=fail)
    clock.advance(LEASE)
    assert not other.attend()
    clock.advance(EVERY)
    assert other.attend()


@pytest.mark.parametrize("moment", ["before_begin", "before_commit", "after_commit"])
def test_a_database_that_fails_when_a_round_is_begun_has_it_done_after_a_lease_at_the_latest(
    one: Process, other: Process, transactions: FaultyTransactions, clock: ManualClock, moment: str
) -> None:
    getattr(transactions, moment).extend([database_fails])
    with pytest.raises(DatabaseUnavailable):
        one.attend()
    assert one.rounds == 0
    clock.advance(LEASE)
    assert other.attend()


def test_a_database_that_fails_at_the_end_of_a_round_hides_nothing_and_has_it_done_again(
    one: Process, other: Process, transactions: FaultyTransactions, clock: ManualClock
) -> None:
    assert one.attend(do=lambda: transactions.before_begin.append(database_fails))
    assert not other.attend()
    clock.advance(LEASE)
    assert other.attend(), "the end of the run isn't known"


def test_where_everybody_died_what_was_broken_off_is_due_at_once(one: Process, other: Process) -> None:
    assert other.attend(MaintenanceTask.EXPIRY)

    def die() -> None:
        other.maintenance_lease.expire_all()
        assert other.attend()
        assert not other.attend(MaintenanceTask.EXPIRY), "that had come to its end"

    one.attend(do=die)
    assert other.rounds == 2


def test_a_run_that_was_interrupted_half_way_is_resumed_at_the_next_look(one: Process, other: Process) -> None:
    """By any process, from where it has come to; after one that is through, the next one begins anew."""
    begun: list[str | None] = []

    def fail(cursor: str | None, keep: Callable[[str], None]) -> None:
        begun.append(cursor)
        keep("a")
        keep("b")
        raise StorageUnavailable

    def succeed(cursor: str | None, keep: Callable[[str], None]) -> None:
        begun.append(cursor)
        keep("c")

    with pytest.raises(StorageUnavailable):
        one.maintenance_lease.attend_from(MaintenanceTask.ORPHANS, fail, every=EVERY)
    other.maintenance_lease.attend_from(MaintenanceTask.ORPHANS, succeed, every=EVERY)
    other.maintenance_lease.attend_from(MaintenanceTask.ORPHANS, succeed, every=EVERY)
    assert begun == [None, "b"]
    other.clock.advance(EVERY)
    one.maintenance_lease.attend_from(MaintenanceTask.ORPHANS, succeed, every=EVERY)
    assert begun == [None, "b", None]


def test_a_process_that_lost_its_lease_keeps_no_cursor(one: Process, other: Process) -> None:
    begun: list[str | None] = []

    def lose(_cursor: str | None, keep: Callable[[str], None]) -> None:
        keep("early")
        one.clock.advance(LEASE + SECOND)
        other.maintenance_lease.attend_from(
            MaintenanceTask.ORPHANS, lambda cursor, _: begun.append(cursor), every=EVERY
        )
        keep("late")

    one.maintenance_lease.attend_from(MaintenanceTask.ORPHANS, lose, every=EVERY)
    assert begun == ["early"]
    one.clock.advance(EVERY)
    one.maintenance_lease.attend_from(MaintenanceTask.ORPHANS, lambda cursor, _: begun.append(cursor), every=EVERY)
    assert begun == ["early", None]
