"""One order of the queue serves many requests, for a time that depends on what reading it took."""

from datetime import timedelta

import pytest
from attrs import define, field

from spike_contracts.builders import a_job, a_started_job, one_job_of_each_kind
from spike_contracts.jobs import store
from spike_core.domain.errors import DatabaseUnavailable
from spike_core.domain.jobs import Job, PendingJob, StartedJob
from spike_core.domain.queue_order import QueueOrder
from spike_core.domain.snapshots import SNAPSHOT_AGE_MAX, TIME_SHARE
from spike_core.services.queue_positions import QueuePositions
from spike_memory import ManualClock, MemoryTransactions
from spike_memory.jobs import MemoryJobs

MOMENT = timedelta(milliseconds=1)


@define
class Reading:
    """How long reading the order takes, and how often it was read."""

    takes: timedelta = timedelta(0)
    times: int = 0
    clock: ManualClock = field(factory=ManualClock)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    reading = Reading()
    queue_order = MemoryJobs.queue_order

    def slow(jobs: MemoryJobs, *, limit: int) -> QueueOrder:
        reading.times += 1
        reading.clock.advance(reading.takes)
        return queue_order(jobs, limit=limit)

    monkeypatch.setattr(MemoryJobs, "queue_order", slow)
    return reading


@pytest.fixture
def positions(reading: Reading) -> QueuePositions:
    return QueuePositions(reading.clock)


def positions_of(positions: QueuePositions, transactions: MemoryTransactions, *jobs: Job) -> list[int]:
    with transactions.view() as tx:
        return list(positions.of(tx, jobs).values())


def test_for_jobs_that_dont_wait_the_queue_isnt_read(reading: Reading, positions: QueuePositions) -> None:
    others = [job for job in one_job_of_each_kind() if not isinstance(job, PendingJob | StartedJob)]
    assert positions_of(positions, MemoryTransactions(), *others) == []
    assert reading.times == 0


def test_an_order_that_takes_no_time_to_read_is_read_for_each_request(
    reading: Reading, positions: QueuePositions
) -> None:
    transactions = MemoryTransactions()
    old, young = a_started_job(), a_job(now=a_job().spec.created_at + MOMENT)
    with transactions.begin() as tx:
        store(tx, young)
    assert positions_of(positions, transactions, young) == [1]
    with transactions.begin() as tx:
        store(tx, old)
    assert positions_of(positions, transactions, old, young) == [1, 2]
    assert reading.times == 2


def test_one_order_serves_as_long_as_reading_it_takes_a_twentieth_of_the_time(
    reading: Reading, positions: QueuePositions
) -> None:
    reading.takes = MOMENT
    for _ in range(TIME_SHARE):
        assert positions_of(positions, MemoryTransactions(), a_job()) == [1]
        reading.clock.advance(MOMENT)
    assert reading.times == 2  # the first one took a moment itself
    for _ in range(3):
        positions_of(positions, MemoryTransactions(), a_job())
    assert reading.times == 2


def test_no_order_serves_longer_than_its_greatest_age(reading: Reading, positions: QueuePositions) -> None:
    reading.takes = SNAPSHOT_AGE_MAX / 2
    positions_of(positions, MemoryTransactions(), a_job())
    positions_of(positions, MemoryTransactions(), a_job())
    assert reading.times == 1
    reading.clock.advance(SNAPSHOT_AGE_MAX / 2)
    positions_of(positions, MemoryTransactions(), a_job())
    assert reading.times == 2


def test_after_a_clock_went_backwards_the_order_is_read_again(reading: Reading, positions: QueuePositions) -> None:
    reading.takes = MOMENT
    positions_of(positions, MemoryTransactions(), a_job())
    reading.clock.advance(-timedelta(hours=1))
    positions_of(positions, MemoryTransactions(), a_job())
    assert reading.times == 2


def test_while_one_request_reads_the_order_others_use_the_last(
    reading: Reading, positions: QueuePositions, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.takes = MOMENT
    positions_of(positions, MemoryTransactions(), a_job())
    reading.clock.advance(SNAPSHOT_AGE_MAX)
    queue_order = MemoryJobs.queue_order
    meanwhile: list[list[int]] = []

    def asked_meanwhile(jobs: MemoryJobs, *, limit: int) -> QueueOrder:
        meanwhile.append(positions_of(positions, MemoryTransactions(), a_job()))
        return queue_order(jobs, limit=limit)

    monkeypatch.setattr(MemoryJobs, "queue_order", asked_meanwhile)
    positions_of(positions, MemoryTransactions(), a_job())
    assert meanwhile == [[1]]
    assert reading.times == 2


def test_after_a_reading_that_failed_the_order_is_read_again(
    reading: Reading, positions: QueuePositions, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.takes = MOMENT
    positions_of(positions, MemoryTransactions(), a_job())
    reading.clock.advance(SNAPSHOT_AGE_MAX)

    def fails(_jobs: MemoryJobs, *, limit: int) -> QueueOrder:  # noqa: ARG001  # the port's
        raise DatabaseUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(MemoryJobs, "queue_order", fails)
        with pytest.raises(DatabaseUnavailable):
            positions_of(positions, MemoryTransactions(), a_job())
    reading.clock.advance(MOMENT * TIME_SHARE)
    positions_of(positions, MemoryTransactions(), a_job())
    assert reading.times == 2
