"""Repairs of many jobs."""

from collections.abc import Sequence

import pytest

from spike_core.domain.errors import DatabaseUnavailable, InvariantViolated
from spike_core.services.job_repairs import REPAIR_BATCH, repair_in_batches

DAMAGED = REPAIR_BATCH + 3


def test_one_damaged_row_leaves_the_others_of_its_batch_to_be_repaired() -> None:
    batches: list[int] = []
    alone: list[int] = []

    def batch(numbers: Sequence[int]) -> int:
        if DAMAGED in numbers:
            raise InvariantViolated("damaged")
        batches.extend(numbers)
        return len(numbers)

    def each(number: int) -> None:
        if number == DAMAGED:
            raise InvariantViolated("damaged")
        alone.append(number)

    numbers = range(2 * REPAIR_BATCH + 1)
    assert repair_in_batches(numbers, batch=batch, each=each) == len(numbers) - 1
    assert sorted([*batches, *alone]) == [number for number in numbers if number != DAMAGED]
    assert len(alone) == REPAIR_BATCH - 1


def test_a_database_that_fails_ends_the_repair() -> None:
    def batch(_numbers: Sequence[int]) -> int:
        raise DatabaseUnavailable

    with pytest.raises(DatabaseUnavailable):
        repair_in_batches([1, 2], batch=batch, each=lambda number: pytest.fail(str(number)))
