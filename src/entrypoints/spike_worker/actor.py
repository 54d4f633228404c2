"""The actor: what happens to one message."""

import os
import time

import structlog

from spike_core.domain.errors import NothingToClaim
from spike_core.domain.identifiers import JobId
from spike_core.services.job_runner import JobRunner
from spike_runtime.metrics import Metrics
from spike_worker.in_work import InWork


def perform(job_runner: JobRunner, metrics: Metrics, in_work: InWork, job_id: JobId) -> None:
    """Do one job, with its id and that of the request that asked for it on every log line.

    A duplicate delivery is quietly dropped.

    Raises:
        DatabaseUnavailable: as `JobRunner.perform`.
    """
    log = structlog.get_logger(__name__)
    with structlog.contextvars.bound_contextvars(job_id=str(job_id)):
        try:
            job = job_runner.job_transitions.claim(job_id)
        except NothingToClaim:
            log.debug("nothing to claim: a duplicate message")
            return
        with (
            in_work.holding(job),
            structlog.contextvars.bound_contextvars(request_id=str(job.spec.request_id), attempt=job.attempt),
        ):
            tier, began_at_s = job.spec.tier, time.monotonic()
            log.info("job begun", tier=tier.value, pid=os.getpid())
            if job.attempt == 1:
                metrics.count_wait(tier=tier, wait=job.claimed_at - job.spec.created_at)
            outcome = job_runner.run(job)
            metrics.count_attempt(tier=tier, outcome=outcome.value, seconds=time.monotonic() - began_at_s)
            log.info("job ended", outcome=outcome.value)
