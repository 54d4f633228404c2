"""The processes of one machine add up their counts."""

import re
import socket
from pathlib import Path

from preloaded import run_program

COUNT = """
import sys
from pathlib import Path
from spike_core.domain.tiers import Tier
from spike_memory import ManualClock, MemoryTransactions
from spike_prometheus import PrometheusMetrics
metrics = PrometheusMetrics(transactions=MemoryTransactions(), clock=ManualClock(), folder=Path(sys.argv[1]))
if sys.argv[2] == "count":
    metrics.count_attempt(tier=Tier.TIER_2K, outcome="delivered", seconds=1.5)
else:
    print(metrics.exposition().decode())
"""


def run(folder: Path, what: str) -> str:
    done = run_program(COUNT, folder, what)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_what_three_processes_count_a_fourth_tells(tmp_path: Path) -> None:
    """Counts of ended processes are included; series from the database appear once."""
    folder = tmp_path / "metrics"
    for _ in range(3):
        run(folder, "count")
    text = run(folder, "tell")
    assert 'spike_job_attempts_total{outcome="delivered",tier="TIER_2K"} 3.0' in text
    assert 'spike_job_seconds_sum{tier="TIER_2K"} 4.5' in text
    assert len(re.findall(r"^spike_database_up 1\.0$", text, re.MULTILINE)) == 1


def test_files_are_named_for_machine_and_process(tmp_path: Path) -> None:
    """In each container the process may have id 1; two that share a folder mustn't write the same file."""
    folder = tmp_path / "metrics"
    run(folder, "count")
    names = {path.name for path in folder.iterdir()}
    assert names
    assert all(re.fullmatch(rf"(counter|histogram)_{re.escape(socket.gethostname())}-\d+\.db", name) for name in names)
