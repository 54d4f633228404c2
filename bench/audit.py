"""What `spike audit` and a collection of orphans take of memory, and how long, by the size of the installation.

Each runs in a process of its own, over an installation of so many jobs and of ten times as many: an image, a completed
job, two objects and a ledger entry each, a wallet for a hundred. Over PostgreSQL the objects are those of an S3 server
that only lists; over SQLite they are files of 2 kB. Memory is the highest that the kernel saw.

    python bench/audit.py [--jobs 5000]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from attrs import evolve, frozen
from sqlalchemy import Engine, insert

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from servers.listed import CREDENTIALS, listed
from servers.postgres import new_database, running_postgres
from spike_contracts.builders import a_claimed_job, a_result, an_image, an_opening, an_owner
from spike_sqlalchemy import SqlAlchemyDatabase, open_postgres, open_sqlite
from spike_sqlalchemy.job_rows import spec_row, state_row
from spike_sqlalchemy.prepared_statements import Parameters
from spike_sqlalchemy.rows import entry_row, image_row, wallet_row
from spike_sqlalchemy.tables import images, jobs, ledger_entries, wallets

JOBS_PER_OWNER: Final = 100
OBJECT_BYTES: Final = 2000  # as the listing server says
LONG_AGO_S: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
MEASURED: Final = """
import atexit, sys
from pathlib import Path

def tell_peak():
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    print("peak", line.split()[1], file=sys.stderr)

atexit.register(tell_peak)
if sys.argv[1] == "audit":
    from spike_cli.main import main
    main()
else:
    from spike_runtime import build, load_settings
    assert build(load_settings()).maintenance.recovery.collect_orphans() == 0
"""


@frozen(kw_only=True)
class Cost:
    """What one run took."""

    seconds: float
    peak_mb: float


def filled(database: SqlAlchemyDatabase, count: int) -> Iterator[str]:
    """Store so many completed jobs with all that belongs to them; yield the keys of their objects."""
    database.migrate()
    for _ in range(count // JOBS_PER_OWNER):
        yield from _of_one_owner(database.engine)
    database.close()


def _of_one_owner(engine: Engine) -> list[str]:
    posting = an_opening(JOBS_PER_OWNER * 2, owner_id=an_owner())
    entries, keys = list(posting.entries), list[str]()
    image_rows, job_rows = list[Parameters](), list[Parameters]()
    for _ in range(JOBS_PER_OWNER):
        image = evolve(an_image(owner_id=posting.wallet.owner_id), size_bytes=OBJECT_BYTES)
        claimed = a_claimed_job(image=image)
        result = evolve(a_result(claimed), size_bytes=OBJECT_BYTES)
        completed = claimed.complete(result, now=claimed.claimed_at)
        price = claimed.spec.charged
        posting = posting.wallet.spend(price, job_id=claimed.id, now=claimed.claimed_at, reason="bench")
        entries += posting.entries
        keys += [*(key.text for key in image.objects), completed.result.key.text]
        image_rows.append({**image_row(image), "removed_at": None})
        job_rows.append({**spec_row(completed.spec), **state_row(completed)})
    with engine.connect() as connection, connection.begin():
        connection.execute(insert(wallets), [wallet_row(posting.wallet)])
        connection.execute(insert(ledger_entries), [entry_row(entry) for entry in entries])
        connection.execute(insert(images), image_rows)
        connection.execute(insert(jobs), job_rows)
    return keys


def cost_of(what: str, settings: Mapping[str, str]) -> Cost:
    """Run it in a new process and return what it took; it must find nothing wrong."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPIKE_")}
    began_s = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-c", MEASURED, what],
        env={**inherited, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began_s
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    (peak,) = (line for line in run.stderr.splitlines() if line.startswith("peak"))
    return Cost(seconds=seconds, peak_mb=int(peak.split()[1]) * 1024 / 1e6)


@contextmanager
def on_servers(url: str, count: int, folder: Path) -> Iterator[Mapping[str, str]]:
    """Fill a PostgreSQL and list a bucket; yield the settings that lead there."""
    keys = sorted(filled(open_postgres(url), count))
    with listed(keys) as bucket:
        yield {
            **CREDENTIALS,
            "SPIKE_DATA_DIR": str(folder),
            "SPIKE_DATABASE_URL": url,
            "SPIKE_STORAGE_URL": bucket.storage_url,
        }


@contextmanager
def in_a_folder(count: int, folder: Path) -> Iterator[Mapping[str, str]]:
    """Fill a data folder; yield the setting that leads there."""
    folder.mkdir()
    for kind in ("images", "enhanced"):
        (folder / "objects" / kind).mkdir(parents=True)
    for key in filled(open_sqlite(f"sqlite:///{folder / 'spike.db'}"), count):
        path = folder / "objects" / key
        path.write_bytes(bytes(OBJECT_BYTES))
        os.utime(path, (LONG_AGO_S, LONG_AGO_S))
    yield {"SPIKE_DATA_DIR": str(folder)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5000)
    few = parser.parse_args().jobs
    print("| Over | Jobs | Objects | `spike audit`, peak | time | collection, peak | time |")
    print("|---|---|---|---|---|---|---|")
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as parent:
        for count in (0, few, 10 * few):
            with new_database(postgres.url) as url, on_servers(url, count, Path(parent) / f"p{count}") as settings:
                tell("PostgreSQL, S3", count, settings)
        for count in (0, few, 10 * few):
            with in_a_folder(count, Path(parent) / f"s{count}") as settings:
                tell("SQLite, folder", count, settings)


def tell(over: str, count: int, settings: Mapping[str, str]) -> None:
    """Measure both and print a row."""
    audit, collection = cost_of("audit", settings), cost_of("collect", settings)
    cells = [f"{cost.peak_mb:.0f} MB | {cost.seconds:.1f} s" for cost in (audit, collection)]
    print(f"| {over} | {count:,} | {2 * count:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
