from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON
from spike_core.domain.maintenance import MaintenanceRun, MaintenanceTask

times = st.timedeltas(timedelta(milliseconds=1), timedelta(days=1))
numbers = st.integers(min_value=0, max_value=9)


def a_round(number: int = 1) -> MaintenanceRun:
    return MaintenanceRun(task=MaintenanceTask.ORPHANS, number=number, begun_at=NOON, held_until=None)


def test_what_was_never_done_is_due() -> None:
    first = MaintenanceRun.never_run(MaintenanceTask.ORPHANS)
    assert first.is_next_due(now=NOON, every=timedelta(days=1), lease=timedelta(minutes=1))


@given(every=times, lease=times, share=st.floats(0, 2))
def test_what_has_ended_is_due_again_after_its_period_and_not_before(
    every: timedelta, lease: timedelta, share: float
) -> None:
    now = NOON + every * share
    assert a_round().is_next_due(now=now, every=every, lease=lease) == (now - NOON >= every)


@given(every=times, lease=times, share=st.floats(0, 2))
def test_what_is_held_is_due_when_its_lease_has_run_out_and_not_before(
    every: timedelta, lease: timedelta, share: float
) -> None:
    """However long ago the run began, and however short its interval is."""
    held, now = a_round().next(now=NOON, lease=lease), NOON + lease * share
    assert held.is_next_due(now=now, every=every, lease=lease) == (now - NOON >= lease)
    kept = held.renewed(now=NOON + lease, lease=lease)
    assert kept.is_next_due(now=now + lease, every=every, lease=lease) == (now - NOON >= lease)


@given(number=numbers, lease=times)
def test_each_round_has_the_next_number_and_keeps_it(number: int, lease: timedelta) -> None:
    later = NOON + timedelta(hours=1)
    begun = a_round(number).next(now=NOON, lease=lease)
    assert begun.number == begun.renewed(now=later, lease=lease).number == begun.ended().number == number + 1
    assert begun.begun_at == begun.renewed(now=later, lease=lease).begun_at == NOON


@pytest.mark.parametrize("is_held", [True, False])
@given(every=times, lease=times)
def test_a_clock_that_was_ahead_keeps_nobody_from_the_chore_for_longer_than_a_period_and_a_lease(
    is_held: bool, every: timedelta, lease: timedelta
) -> None:
    ahead = NOON + timedelta(days=400)
    wrong = a_round().next(now=ahead, lease=lease)
    assert (wrong if is_held else wrong.ended()).is_next_due(now=NOON, every=every, lease=lease)


@given(every=times, lease=times)
def test_what_was_broken_off_is_due_at_once_and_what_had_ended_is_not(every: timedelta, lease: timedelta) -> None:
    held = a_round().next(now=NOON, lease=lease)
    assert held.expired().is_next_due(now=NOON, every=every, lease=lease)
    assert held.ended().expired() == held.ended()
