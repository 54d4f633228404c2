"""Jobs through worker processes: how soon one is claimed on an idle system, and how many are done in a second.

Over PostgreSQL and Valkey, both started from the tests' packages, and embedded: one process over SQLite that serves and
works. Each job enhances a photograph of 451x300 pixels at TIER_1K by the classical engine. From acceptance to claim is
what the database tells: `claimed_at` less `created_at`, which is taken before the commit.

    python bench/workers.py [--jobs 60]
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import psycopg

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from fleet import IMPATIENT, a_fleet, an_image, ended, enhance
from running import Server, serving
from servers.postgres import new_database, running_postgres
from servers.valkey import a_valkey

CLAIM_TARGET_MS: Final = 50
SINGLE_JOBS: Final = 40
WAITS: Final = "SELECT claimed_at - created_at FROM jobs"
PATIENCE: Final = {
    "SPIKE_ACTIVE_JOBS_MAX": "1000",
    "SPIKE_ACTIVE_CPU_S_MAX": "1000000",
    "SPIKE_OPEN_FREE_JOBS_MAX": "100000",
    "SPIKE_OPEN_PAID_JOBS_MAX": "100000",
    "SPIKE_OPEN_IMAGE_JOBS_MAX": "100000",
    "SPIKE_OPENING_GRANT": "100000",
    "SPIKE_LEASE_S": "60",
}


def one_by_one(server: Server) -> str:
    """Order jobs, each when the one before has ended; return their image's id."""
    image_id = an_image(server)
    ended(server, image_id)
    for _ in range(SINGLE_JOBS):
        enhance(server, image_id, "TIER_1K")
        ended(server, image_id)
    return image_id


def tell_waits(kind: str, rows: Sequence[tuple[int]]) -> None:
    """Print how long jobs waited for their claims, given in microseconds."""
    waited_ms = sorted(microseconds / 1000 for (microseconds,) in rows)
    print(
        f"accepted to claimed, idle, {kind}: median {statistics.median(waited_ms):.0f} ms, "
        f"p95 {waited_ms[int(0.95 * len(waited_ms))]:.0f} ms (target {CLAIM_TARGET_MS})"
    )


def measure_embedded(folder: Path) -> None:
    """Print how soon a job is claimed where one process does everything, with settings as they come."""
    with serving(folder, SPIKE_OPENING_GRANT="1000", SPIKE_RATE_ENHANCE="0", SPIKE_RATE_GET_IMAGE="0") as server:
        one_by_one(server)
        with closing(sqlite3.connect(folder / "spike.db")) as connection:
            tell_waits("embedded", connection.execute(WAITS).fetchall())


def busy_s(url: str, *, jobs: int) -> float:
    """Return how long the latest so many jobs took together, from the first one's claim to the last one's end."""
    query = (
        "SELECT max(ended_at) - min(claimed_at) FROM"
        " (SELECT claimed_at, ended_at FROM jobs ORDER BY created_at DESC LIMIT %s) AS latest"
    )
    with psycopg.connect(url) as connection:
        row = connection.execute(query, [jobs]).fetchone()
    assert row is not None
    return float(row[0]) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=60)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as parent:
        measure_embedded(Path(parent) / "embedded")
    with running_postgres() as postgres, a_valkey() as valkey, tempfile.TemporaryDirectory() as parent:
        for processes in (1, 2):
            with new_database(postgres.url) as url:
                folder = Path(parent) / str(processes)
                settings = {**IMPATIENT, **PATIENCE, "SPIKE_DATABASE_URL": url, "SPIKE_BROKER_URL": valkey.url}
                with serving(folder, **settings) as server:
                    with a_fleet(folder, processes, **settings):
                        image_id = one_by_one(server)
                    if processes == 1:
                        with psycopg.connect(url) as connection:
                            tell_waits("PostgreSQL and Valkey", connection.execute(WAITS).fetchall())
                    for _ in range(jobs):
                        enhance(server, image_id, "TIER_1K")
                    with a_fleet(folder, processes, **settings):
                        ended(server, image_id)
                    print(f"worker processes: {processes}, {jobs / busy_s(url, jobs=jobs):.1f} jobs/s")


if __name__ == "__main__":
    main()
