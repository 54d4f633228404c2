"""Fault scenarios: real processes, injected faults, and the comparison of the stored rows with the responses.

The client records each response 200, which names a job and its price. At the end the stored rows are read directly,
by the adapters, and compared with the record.
"""

import json
import os
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

from attrs import asdict, define, evolve, field, frozen

from eventually import eventually, progressing
from multipart import CONTENT_TYPE, a_form, a_part
from pictures import encoded, photograph
from recovery_times import RECOVERY_TIMES, FaultKind
from running import Answer, Server, environment
from spike_core.domain.errors import DatabaseUnavailable
from spike_core.domain.identifiers import JobId
from spike_core.domain.images import Image
from spike_core.domain.invariants import Check
from spike_core.domain.jobs import CompletedJob, Job, SettledJob, UnsettledJob
from spike_core.domain.statistics import QueueStatistics
from spike_core.ports.factories import Database, DatabaseLimits
from spike_core.ports.transactions import Transactions
from spike_core.services.audit import Audit
from spike_core.services.object_references import named_by
from spike_runtime.adapters import open_storage
from spike_runtime.settings import load_settings
from spike_sqlalchemy.plugin import open_postgres, open_sqlite
from spike_system import SystemClock

GRANT: Final = 1000  # tokens of the first user, above the cap, so that none regenerate
PHOTO: Final = encoded(photograph(size=(320, 40)))  # narrow, so that all tiers are quick
EVERYTHING: Final = 10_000  # more rows of a kind than any scenario creates
AT_REST: Final = QueueStatistics(waiting=0, announced=0, started=0, claimed=0, oldest_unclaimed_at=None)


@frozen(kw_only=True)
class Reckoning:
    """The outcome of a scenario, in jobs, requests and tokens."""

    injected: str
    accepted: int  # jobs that a response named
    delivered: int
    given_back: int  # refunded, cancelled, or failed and free
    recovered_s: float | None  # from the end of the fault to the last job's end; `None` for never
    default_s: float  # until a job is in the queue again, at default settings and at most
    lost_jobs: int  # accepted and missing, or never settled
    lost_requests: int  # that had to be answered and weren't
    lost_tokens: int  # that balances and delivered jobs don't account for
    findings: int  # of `spike audit`

    @property
    def lost(self) -> int:
        """The sum of all losses."""
        return self.lost_jobs + self.lost_requests + self.lost_tokens + self.findings


@define
class _Fault:
    """An injected fault, and when it ended and was recovered from."""

    injected: str
    kind: FaultKind
    over_s: float = 0.0
    recovered_s: float | None = None
    promises_until: int = 0  # the number of recorded jobs at recovery


@define
class FaultScenario:
    """The client of one installation, as its first user; it records the responses."""

    folder: Path
    settings: Mapping[str, str]
    granted: int = GRANT  # tokens of all users together
    token: str = ""  # of the client; the first server prints it
    prices: dict[JobId, int] = field(factory=dict)  # of all accepted jobs
    removed: set[JobId] = field(factory=set)  # whose image the client has deleted
    lost_requests: int = 0
    reckonings: list[Reckoning] = field(factory=list)
    clocks_differ: bool = False  # so that rows are of the future, as the audit says
    _faults: list[_Fault] = field(factory=list)
    _database: Database | None = None
    _noting: threading.Lock = field(factory=threading.Lock)

    # requests of the client

    def upload(self, server: Server, *, album_id: str = "") -> str:
        """Upload a photograph, record its job if it has one, and return the image's id."""
        body = a_form(
            a_part("file", PHOTO, filename="photo.jpg"),
            *([a_part("albumId", album_id.encode())] if album_id else []),
        )
        answer = server.ask(
            "POST", "/api/images/upload", token=self._token_at(server), body=body, content_type=CONTENT_TYPE
        )
        assert answer.status == 200, answer.content
        if job := answer.json["enhancement"]:
            self.note(job["jobId"], job["tokenCost"])
        image_id: str = answer.json["image"]["id"]
        return image_id

    def enhance(self, server: Server, image_id: str, tier: str) -> str:
        """Order an enhancement, record it, and return the job's id."""
        answer = self.post(server, "/api/images/enhance", {"imageId": image_id, "tier": tier})
        self.note(answer["jobId"], answer["tokenCost"])
        job_id: str = answer["jobId"]
        return job_id

    def post(self, server: Server, path: str, body: Mapping[str, object]) -> Any:
        """Post JSON and return the response, which must be successful."""
        answer = self.try_to_post(server, path, body)
        assert answer.status in {200, 201}, answer.content
        return answer.json

    def try_to_post(self, server: Server, path: str, body: Mapping[str, object]) -> Answer:
        """Post JSON and return the response."""
        content = json.dumps(body).encode()
        return server.ask("POST", path, token=self._token_at(server), body=content, content_type="application/json")

    def note(self, job_id: str, price: int) -> None:
        """Record an accepted job and its price."""
        with self._noting:
            self.prices[JobId.parse(job_id)] = price

    def remove(self, *job_ids: str) -> None:
        """Record that the client has deleted the image of these jobs, so that they needn't exist."""
        self.removed |= set(map(JobId.parse, job_ids))

    def _token_at(self, server: Server) -> str:
        self.token = self.token or server.token
        return self.token

    # faults

    @contextmanager
    def injecting(self, what: str, kind: FaultKind) -> Iterator[None]:
        """Inject a fault for the duration of the context. Others may follow, each after the recovery."""
        fault = _Fault(what, kind)
        self._faults.append(fault)
        yield
        fault.over_s = time.monotonic()

    def recover(self) -> None:
        """Wait until every job is settled, recorded or not, and record the time since the end of the fault."""
        fault = self._faults[-1]
        assert fault.over_s, "the fault hasn't ended"
        progressing("every job at its end", self._unsettled)
        fault.recovered_s = time.monotonic() - fault.over_s
        fault.promises_until = len(self.prices)

    # outcomes

    def jobs(self) -> Mapping[JobId, Job]:
        """Return all stored jobs."""
        with self._transactions.view() as tx:
            return {job.id: job for job in tx.audit.jobs(limit=EVERYTHING)}

    def job(self, job_id: str) -> Job:
        """Return one stored job."""
        return self.jobs()[JobId.parse(job_id)]

    def delivered(self, job_id: str) -> CompletedJob:
        """Return a completed job without its result's renditions, which are made after its end."""
        job = self.job(job_id)
        assert isinstance(job, CompletedJob)
        return evolve(job, result=evolve(job.result, renditions=None))

    def images(self) -> Sequence[Image]:
        """Return all stored images."""
        with self._transactions.view() as tx:
            return tx.audit.images(limit=EVERYTHING)

    def named(self) -> frozenset[str]:
        """Return the keys of all objects that the stored images and jobs name."""
        by_images = {key for image in self.images() for key in image.objects}
        by_jobs = {key for job in self.jobs().values() for key in named_by(job)}
        return frozenset(key.text for key in by_images | by_jobs)

    def await_end(self, job_id: str) -> None:
        """Wait until one job is settled."""
        eventually(f"the end of {job_id}", lambda: isinstance(self.job(job_id), SettledJob))

    def reckon(self) -> None:
        """Compare the stored rows with the record, and assert that nothing is lost.

        The processes should have ended, so that no recovery is in progress. Losses that can't be attributed to one of
        several faults, such as tokens, are attributed to the last one.
        """
        assert self._faults, "no fault was injected"
        with self._transactions.view() as tx:
            jobs = {job.id: job for job in tx.audit.jobs(limit=EVERYTHING)}
            balances = sum(wallet.balance.amount for wallet in tx.audit.wallets(limit=EVERYTHING))
        promises = list(self.prices)
        ends = [*(fault.promises_until for fault in self._faults[:-1]), len(promises)]
        rows = [
            self._row(fault, promises[start:end], jobs)
            for fault, start, end in zip(self._faults, [0, *ends], ends, strict=False)
        ]
        unknown = jobs.keys() - self.prices.keys()
        rows[-1] = evolve(
            rows[-1],
            lost_jobs=rows[-1].lost_jobs + sum(not isinstance(jobs[id_], SettledJob) for id_ in unknown),
            lost_requests=self.lost_requests,
            lost_tokens=rows[-1].lost_tokens + abs(self.granted - _spent(jobs.values()) - balances),
            findings=len(self._findings()),
        )
        self.reckonings = rows
        for row in rows:
            assert row.lost == 0, asdict(row)
            assert row.recovered_s is not None, asdict(row)

    def _row(self, fault: _Fault, promises: Sequence[JobId], jobs: Mapping[JobId, Job]) -> Reckoning:
        kept = [jobs[id_] for id_ in promises if id_ in jobs]
        missing = set(promises) - jobs.keys()
        delivered = sum(isinstance(job, CompletedJob) for job in kept)
        unsettled = sum(not isinstance(job, SettledJob) for job in kept)
        return Reckoning(
            injected=fault.injected,
            accepted=len(promises),
            delivered=delivered,
            given_back=len(kept) - delivered - unsettled + len(missing & self.removed),
            recovered_s=fault.recovered_s,
            default_s=RECOVERY_TIMES[fault.kind].total_seconds(),
            lost_jobs=len(missing - self.removed) + unsettled,
            lost_requests=0,
            lost_tokens=sum(abs(job.spec.charged.amount - self.prices[job.id]) for job in kept),
            findings=0,
        )

    def close(self) -> None:
        """Close the database."""
        if self._database is not None:
            self._database.close()

    def _findings(self) -> Sequence[object]:
        """Audit in this process, which is faster than the command; other tests run the command."""
        url = self.settings.get("SPIKE_STORAGE_URL", (self.folder / "objects").as_uri())
        with mock.patch.dict(os.environ, environment(self.folder, self.settings), clear=True):
            limits, blobs = load_settings().job_limits, open_storage(url, clock=SystemClock(), secret=b"none").blobs
            audit = Audit(transactions=self._transactions, blobs=blobs, clock=SystemClock(), limits=limits)
            return [each for each in audit.findings() if not (self.clocks_differ and each.check is Check.CLOCK)]

    def _unsettled(self) -> int:
        """Count the unsettled jobs, or return `EVERYTHING` while the database can't be read."""
        try:
            with self._transactions.view() as tx:
                queue = tx.statistics.queue()
        except DatabaseUnavailable:
            return EVERYTHING
        return queue.waiting + queue.started + queue.claimed + (queue != AT_REST)

    @property
    def _transactions(self) -> Transactions:
        if self._database is None:
            url = self.settings.get("SPIKE_DATABASE_URL", f"sqlite:///{self.folder / 'spike.db'}")
            self._database = (open_sqlite if url.startswith("sqlite") else open_postgres)(url, limits=DatabaseLimits())
        return self._database.transactions


def _spent(jobs: Collection[Job]) -> int:
    """Return the prices of the jobs that weren't refunded."""
    return sum(job.spec.charged.amount for job in jobs if isinstance(job, CompletedJob | UnsettledJob))
