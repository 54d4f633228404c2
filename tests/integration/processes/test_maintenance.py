"""Maintenance tasks of real processes: one at a time, once per interval, and taken over from dead processes."""

import signal
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from eventually import eventually
from fleet import IMPATIENT, a_fleet
from preloaded import program
from running import run_spike
from servers.misbehaving import Misbehaving, Reply, misbehaving
from spike_core.domain.limits import JobLimits
from spike_core.domain.maintenance import MaintenanceTask
from spike_core.services.maintenance_lease import MaintenanceLease
from spike_memory import ManualClock, NoopHeartbeat
from spike_sqlalchemy import SqlAlchemyDatabase, open_postgres, open_sqlite

PERIOD_S: Final = 0.4
ROUNDS: Final = 5
EMPTY_BUCKET: Final = b"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>"
HOLD: Final = """
import sys, time
from datetime import timedelta
from spike_core.domain.maintenance import MaintenanceTask
from spike_core.domain.limits import JobLimits
from spike_core.services.maintenance_lease import MaintenanceLease
from spike_sqlalchemy import open_postgres, open_sqlite
from spike_system import SystemClock, ThreadHeartbeat

def take_for_ever():
    print("at it", flush=True)
    time.sleep(3600)

open_ = open_sqlite if sys.argv[1].startswith("sqlite") else open_postgres
heartbeat = ThreadHeartbeat(timedelta(hours=1))
transactions = open_(sys.argv[1]).transactions
lease = MaintenanceLease(transactions=transactions, clock=SystemClock(), heartbeat=heartbeat, limits=JobLimits())
lease.attend(MaintenanceTask.ORPHANS, take_for_ever, every=timedelta(minutes=15))
"""


def listings(store: Misbehaving) -> int:
    """Return how often the store was listed; a readiness check requests one object."""
    paths = [asked.path for asked in store.asked if asked.method == "GET" and "list-type=2" in asked.path]
    return sum("max-keys=1&" not in f"{path}&" for path in paths)


def rounds(folder: Path) -> tuple[int, datetime]:
    """Return the number of runs of the collection, and the beginning of the last one."""
    with closing(sqlite3.connect(folder / "spike.db")) as database:
        rows = database.execute("SELECT rounds, begun_at FROM chores WHERE chore = 'collect'").fetchall()
    [(count, begun_at_us)] = rows or [(0, 0)]
    return count, datetime.fromtimestamp(begun_at_us / 1e6, UTC)


def test_two_worker_processes_list_the_store_once_in_a_period_and_not_once_each(tmp_path: Path, redis_url: str) -> None:
    folder = tmp_path / "var"
    with misbehaving(Reply(body=EMPTY_BUCKET)) as store:
        settings = {
            **IMPATIENT,
            "SPIKE_BROKER_URL": redis_url,
            "SPIKE_STORAGE_URL": f"s3://bucket?endpoint_url=http://127.0.0.1:{store.port}",
            "SPIKE_ORPHANS_INTERVAL_S": str(PERIOD_S),
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        assert run_spike("migrate", folder=folder, **settings).returncode == 0
        began_at = datetime.now(UTC)
        with a_fleet(folder, 2, **settings) as fleet:
            assert len(fleet.pids) == 2
            before, _ = rounds(folder)
            eventually(f"{ROUNDS} rounds of two processes", lambda: rounds(folder)[0] >= before + ROUNDS)
            assert fleet.stop() == 0
        count, last_begun_at = rounds(folder)
        assert listings(store) == count
        assert (last_begun_at - began_at) / timedelta(seconds=PERIOD_S) >= count - 1


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a migrated database."""
    if request.param == "postgresql":
        postgres_url: str = request.getfixturevalue("postgres_url")
        return postgres_url
    url = f"sqlite:///{tmp_path / 'spike.db'}"
    open_sqlite(url).migrate()
    return url


def test_what_a_killed_process_held_is_taken_over_after_its_lease(url: str) -> None:
    with program(HOLD, url) as (holder, printed):
        assert printed.readline() == "at it\n"
        holder.send_signal(signal.SIGKILL)
    database: SqlAlchemyDatabase = open_sqlite(url) if url.startswith("sqlite") else open_postgres(url)
    with database.transactions.view() as tx:
        held = tx.maintenance_runs.get(MaintenanceTask.ORPHANS)
    assert held.begun_at is not None
    clock, limits, done = ManualClock(held.begun_at), JobLimits(), list[str]()
    maintenance_lease = MaintenanceLease(
        transactions=database.transactions, clock=clock, heartbeat=NoopHeartbeat(), limits=limits
    )
    clock.advance(limits.lease - timedelta(seconds=1))
    maintenance_lease.attend(MaintenanceTask.ORPHANS, lambda: done.append("too early"), every=timedelta(minutes=15))
    clock.advance(timedelta(seconds=1))
    maintenance_lease.attend(MaintenanceTask.ORPHANS, lambda: done.append("in time"), every=timedelta(minutes=15))
    database.close()
    assert done == ["in time"]
