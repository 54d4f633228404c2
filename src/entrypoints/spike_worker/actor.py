"""The actor: what happens to one message."""

import os

import structlog

from spike_core.domain.errors import NothingToClaim
from spike_core.domain.identifiers import JobId
from spike_core.services.workshop import Workshop
from spike_worker.in_work import InWork


def perform(workshop: Workshop, in_work: InWork, job_id: JobId) -> None:
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
        with (
            in_work.holding(job),
            structlog.contextvars.bound_contextvars(request_id=str(job.order.request_id), attempt=job.attempt),
        ):
            log.info("job begun", tier=job.order.tier.value, pid=os.getpid())
            workshop.carry_out(job)
            log.info("job ended")
