"""Validity periods of signed URLs."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.validity_periods import ValidityPeriod
from spike_memory import ManualClock

NOWS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001  # the zone is added
    lambda naive: naive.replace(tzinfo=ManualClock().now().tzinfo)
)
SECOND = timedelta(seconds=1)


@given(NOWS, st.floats(0.001, 10**7).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_period_lasts_as_long_as_was_asked_for_and_half_longer_at_most(now: datetime, valid_for: timedelta) -> None:
    period = ValidityPeriod.of(now, valid_for=valid_for)
    assert period.begins <= now
    assert valid_for <= period.ends - now <= 1.5 * valid_for + 2 * SECOND


@given(NOWS, st.integers(2, 10**6), st.floats(0, 0.999))
def test_within_half_of_what_was_asked_for_a_period_changes_once_at_most(
    now: datetime, hours: int, part: float
) -> None:
    valid_for = timedelta(hours=hours % 100 + 1)
    later = now + valid_for / 2 * part
    periods = {ValidityPeriod.of(at, valid_for=valid_for) for at in (now, now + (later - now) / 2, later)}
    assert len(periods) <= 2


@given(NOWS, st.integers(1, 7 * 86400))
def test_a_period_has_at_most_the_longest_length(now: datetime, seconds: int) -> None:
    longest = timedelta(days=7)
    period = ValidityPeriod.of(now, valid_for=timedelta(seconds=seconds), length_max=longest)
    assert period.ends - period.begins <= longest
    assert period.ends - now > timedelta(seconds=seconds - 1)
