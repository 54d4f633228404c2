from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from sqlalchemy.dialects import sqlite

from spike_contracts.wallets import INSTANTS
from spike_sqlalchemy.utc import UtcDateTime

DIALECT = sqlite.dialect()


def _stored(instant: datetime) -> int:
    number = UtcDateTime().process_bind_param(instant, DIALECT)
    assert number is not None
    return number


@given(INSTANTS, INSTANTS)
def test_instants_are_stored_exactly_and_in_order(first: datetime, second: datetime) -> None:
    assert UtcDateTime().process_result_value(_stored(first), DIALECT) == first
    assert (_stored(first) < _stored(second)) == (first < second)


@pytest.mark.parametrize("instant", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_time_are_stored_too(instant: datetime) -> None:
    assert UtcDateTime().process_result_value(_stored(instant), DIALECT) == instant


def test_the_number_counts_microseconds_since_1970() -> None:
    assert _stored(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC)) == 1_000_005


def test_another_time_zone_is_the_same_instant() -> None:
    instant = datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    read = UtcDateTime().process_result_value(_stored(instant), DIALECT)
    assert read == instant
    assert read.tzinfo is UTC


def test_a_time_without_a_zone_is_a_bug() -> None:
    with pytest.raises(TypeError):
        _stored(datetime(2026, 1, 1, 12))  # noqa: DTZ001  # what is meant here
