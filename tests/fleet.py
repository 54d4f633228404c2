"""Web and worker processes that share a queue, as an operator runs them, and their jobs."""

import json
import os
import signal
import sqlite3
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from eventually import eventually
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from preloaded import SpikeProcess, start
from running import PATIENCE_S, SPIKE, Server, environment, run_spike

# Short intervals, so that tests needn't wait as long as operators, and no rate limits.
IMPATIENT: Final = {
    "SPIKE_LEASE_S": "3",
    "SPIKE_HEARTBEAT_S": "1",
    "SPIKE_SWEEP_INTERVAL_S": "0.5",
    "SPIKE_RELAY_INTERVAL_S": "0.2",
    "SPIKE_REDELIVER_AFTER_S": "3",
    "SPIKE_RETRY_DELAY_S": "0.1",
    "SPIKE_OPENING_GRANT": "1000",
    "SPIKE_WEB_THREADS": "16",  # of which half may wait for pictures to be looked at: tests upload several at once
    "SPIKE_RATE_UPLOAD": "0",
    "SPIKE_RATE_ENHANCE": "0",
    "SPIKE_RATE_GET_IMAGE": "0",
    "SPIKE_OPEN_IMAGE_JOBS_MAX": "1000",
}
ENDED: Final = frozenset({"COMPLETED", "FAILED", "REFUNDED", "CANCELLED"})


def lines_of(log: Path) -> Sequence[Mapping[str, Any]]:
    """Return the complete lines of a log that are JSON."""
    whole = log.read_text().rpartition("\n")[0].splitlines()
    return [json.loads(line) for line in whole if line.startswith("{")]


@frozen
class Fleet:
    """A running `spike worker`, and its log."""

    process: SpikeProcess
    log: Path

    def lines(self, event: str, **values: object) -> Sequence[Mapping[str, Any]]:
        """Return the log's lines of an event, with these values."""
        return [line for line in lines_of(self.log) if line["event"] == event and values.items() <= line.items()]

    def line(self, event: str, **values: object) -> Mapping[str, Any]:
        """Wait for a line and return it."""
        return eventually(f"{event} {values}", lambda: self.lines(event, **values))[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it with SIGTERM, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    @property
    def pids(self) -> Collection[int]:
        """The worker processes that still run."""
        return [line["pid"] for line in self.lines("worker process started") if is_alive(line["pid"])]


@contextmanager
def a_fleet(folder: Path, processes: int = 1, /, *arguments: str, **settings: str) -> Iterator[Fleet]:
    """Start workers, wait until all of them are ready, and stop them at the end."""
    log = folder.parent / f"{folder.name}-workers-{time.monotonic_ns()}.log"
    with log.open("wb") as file:
        command = [SPIKE, "worker", f"--processes={processes}", *arguments]
        process = start(command, environment(folder, settings), stdout=file.fileno(), stderr=file.fileno())
    fleet = Fleet(process, log)
    try:
        eventually("all at work", lambda: len(fleet.lines("working")) >= processes or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield fleet
    finally:
        process.kill()
        process.wait(PATIENCE_S)
        for pid in fleet.pids:
            os.kill(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Return whether a process with this id runs and isn't a zombie; for processes that aren't children."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def an_image(server: Server) -> str:
    """Upload a photograph and return its id; its job is at TIER_1K."""
    answer = server.ask(
        "POST",
        "/api/images/upload",
        token=server.token,
        body=an_upload(encoded(photograph(size=(320, 40)))),
        content_type=CONTENT_TYPE,
    )
    assert answer.status == 200, answer.content
    image_id: str = answer.json["image"]["id"]
    return image_id


def enhance(server: Server, image_id: str, tier: str) -> str:
    """Order an enhancement and return the job's id."""
    body = json.dumps({"imageId": image_id, "tier": tier}).encode()
    answer = server.ask("POST", "/api/images/enhance", token=server.token, body=body, content_type="application/json")
    assert answer.status == 200, answer.content
    job_id: str = answer.json["jobId"]
    return job_id


def ended(server: Server, image_id: str) -> Mapping[str, str]:
    """Wait until all jobs of an image are settled, and return their statuses."""

    def look() -> Mapping[str, str]:
        jobs = server.ask("GET", f"/api/images/{image_id}", token=server.token).json["image"]["jobs"]
        statuses = {job["id"]: job["status"] for job in jobs}
        return statuses if set(statuses.values()) <= ENDED else {}

    return eventually(f"all jobs of {image_id} ended", look)


def attempts(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Return the stored attempts and crashes of all jobs."""
    with sqlite3.connect(folder / "spike.db") as database:
        rows = database.execute("SELECT id, attempt, deaths FROM jobs").fetchall()
    database.close()
    return {id_: (attempt, crashes) for id_, attempt, crashes in rows}


def check_audit(folder: Path, **settings: str) -> None:
    """Assert that every invariant holds."""
    audit = run_spike("audit", folder=folder, **settings)
    assert (audit.returncode, audit.stdout) == (0, "every invariant holds\n")
