"""The actor: what happens to one message."""

import time

import structlog

from spike_core.domain.errors import NothingToClaim
from spike_core.domain.identifiers import JobId
from spike_core.services.workshop import Workshop
from spike_runtime.metrics import Metrics


def perform(workshop: Workshop, metrics: Metrics, job_id: JobId) -> None:
    """Do one job, with its id and that of the request that asked for it on every log line.

    A duplicate delivery is quietly dropped.

    Raises:
        DatabaseUnavailable: as `Workshop.perform`.
    """
    log = structlog.get_logger(__name__)
    with structlog.contextvars.bound_contextvars(job_id=str(job_id)):
        try:
            job = workshop.settlement.claim(job_id)
        except NothingToClaim:
            log.debug("nothing to claim: a duplicate message")
            return
        with structlog.contextvars.bound_contextvars(request_id=str(job.order.request_id), attempt=job.attempt):
            tier, began_at_s = job.order.tier, time.monotonic()
            log.info("job begun", tier=tier.value)
            if job.attempt == 1:
                metrics.count_wait(tier=tier, wait=job.claimed_at - job.order.created_at)
            outcome = workshop.carry_out(job)
            metrics.count_attempt(tier=tier, outcome=outcome.value, seconds=time.monotonic() - began_at_s)
            log.info("job ended", outcome=outcome.value)
