"""Whether anybody works: known from reports, which are rarely written."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.maintenance import MaintenanceTask
from spike_core.services.worker_presence import PRESENCE, REPORT_INTERVAL, WorkerPresence
from spike_memory import InMemorySpike, build_in_memory

SECOND = timedelta(seconds=1)


def presence_of(spike: InMemorySpike) -> WorkerPresence:
    return spike.maintenance.presence


def reports_written(spike: InMemorySpike) -> int:
    with spike.transactions.view() as tx:
        return tx.maintenance_runs.get(MaintenanceTask.WORK).number


def test_nobody_works_before_the_first_report_and_after_the_last_has_become_old() -> None:
    spike = build_in_memory()
    assert not presence_of(spike).is_any_working()
    presence_of(spike).report()
    assert presence_of(spike).is_any_working()
    spike.clock.advance(PRESENCE - SECOND)
    assert presence_of(spike).is_any_working()
    spike.clock.advance(SECOND)
    assert not presence_of(spike).is_any_working()
    assert timedelta(minutes=1) >= PRESENCE


@given(st.lists(st.floats(min_value=0, max_value=1), min_size=1, max_size=20))
def test_a_fleet_of_any_size_is_seen_and_writes_no_more_than_two_processes_would(offsets: list[float]) -> None:
    """Each reports in its own rhythm, for ten intervals."""
    spike = build_in_memory()
    times = sorted((turn + offset) * REPORT_INTERVAL for turn in range(10) for offset in offsets)
    began_at = spike.clock.now()
    for time in times:
        spike.clock.advance(began_at + time - spike.clock.now())
        presence_of(spike).report()
        assert presence_of(spike).is_any_working()
    assert reports_written(spike) <= 2 * 11


def test_a_report_from_the_future_of_a_wrong_clock_counts_for_nothing() -> None:
    spike = build_in_memory()
    spike.clock.advance(timedelta(days=1))
    presence_of(spike).report()
    spike.clock.advance(timedelta(days=-1))
    assert not presence_of(spike).is_any_working()
    presence_of(spike).report()
    assert presence_of(spike).is_any_working()


def test_a_restart_that_expires_all_leases_forgets_the_workers_of_before() -> None:
    spike = build_in_memory()
    presence_of(spike).report()
    spike.maintenance.lease.expire_all()
    assert not presence_of(spike).is_any_working()
