"""The actor: handles one message."""

import os
import time

import structlog

from spike_core.application import Jobs
from spike_core.domain.errors import NothingToClaim
from spike_core.domain.identifiers import JobId
from spike_runtime.logs import get_logger
from spike_runtime.metrics import Metrics
from spike_worker.active_jobs import ActiveJobs


def handle_message(jobs: Jobs, metrics: Metrics, active_jobs: ActiveJobs, job_id: JobId) -> None:
    """Run one job, with its id and its request's id on every log line. A duplicate message is ignored.

    Raises:
        DatabaseUnavailable: as `JobRunner.perform`.
    """
    log = get_logger(__name__)
    with structlog.contextvars.bound_contextvars(job_id=str(job_id)):
        try:
            job = jobs.transitions.claim(job_id)
        except NothingToClaim:
            log.debug("nothing to claim: a duplicate message")
            return
        with (
            active_jobs.holding(job),
            structlog.contextvars.bound_contextvars(request_id=str(job.spec.request_id), attempt=job.attempt),
        ):
            tier, began_at_s = job.spec.tier, time.monotonic()
            log.info("job begun", tier=tier.name, pid=os.getpid())
            if job.attempt == 1:
                metrics.count_wait(tier=tier, wait=job.claimed_at - job.spec.created_at)
            outcome = jobs.runner.run(job)
            metrics.count_attempt(tier=tier, outcome=outcome.value, seconds=time.monotonic() - began_at_s)
            log.info("job ended", outcome=outcome.value)
