"""Jobs through worker processes: how soon one is claimed on an idle system, and how many are done in a second.

Over PostgreSQL and Valkey, both started from the tests' packages; each job enhances a photograph of 451x300 pixels at
TIER_1K by the classical engine. From acceptance to claim is what the database tells: `claimed_at` less `created_at`,
which is taken before the commit.

    python bench/workers.py [--jobs 60]
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Final

import psycopg

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from fleet import IMPATIENT, a_fleet, an_image, ended, enhance
from running import serving
from servers.postgres import new_database, running_postgres
from servers.valkey import a_valkey

CLAIM_TARGET_MS: Final = 50
SINGLE_JOBS: Final = 40
PATIENCE: Final = {"SPIKE_ON_THEIR_WAY_MAX": "1000", "SPIKE_OPENING_GRANT": "100000", "SPIKE_LEASE_S": "60"}


def waits_ms(url: str) -> list[float]:
    """Return how long each job waited for its claim, in milliseconds, the shortest first."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT claimed_at - created_at FROM jobs ORDER BY 1").fetchall()
    return [microseconds / 1000 for (microseconds,) in rows]


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
    with running_postgres() as postgres, a_valkey() as valkey, tempfile.TemporaryDirectory() as parent:
        for processes in (1, 2):
            with new_database(postgres.url) as url:
                folder = Path(parent) / str(processes)
                settings = {**IMPATIENT, **PATIENCE, "SPIKE_DATABASE_URL": url, "SPIKE_BROKER_URL": valkey.url}
                with serving(folder, **settings) as server:
                    with a_fleet(folder, "--processes", str(processes), **settings):
                        image_id = an_image(server)
                        ended(server, image_id)
                        for _ in range(SINGLE_JOBS if processes == 1 else 0):
                            enhance(server, image_id, "TIER_1K")
                            ended(server, image_id)
                    if processes == 1:
                        waited = waits_ms(url)
                        print(
                            f"accepted to claimed, idle: median {statistics.median(waited):.0f} ms, "
                            f"p95 {waited[int(0.95 * len(waited))]:.0f} ms (target {CLAIM_TARGET_MS})"
                        )
                    for _ in range(jobs):
                        enhance(server, image_id, "TIER_1K")
                    with a_fleet(folder, "--processes", str(processes), **settings):
                        ended(server, image_id)
                    print(f"worker processes: {processes}, {jobs / busy_s(url, jobs=jobs):.1f} jobs/s")


if __name__ == "__main__":
    main()
