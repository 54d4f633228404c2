"""The actor: what happens to one message."""

import structlog

from spike_core.domain.errors import NothingToClaim
from spike_core.domain.identifiers import JobId
from spike_core.services.workshop import Workshop


def perform(workshop: Workshop, job_id: JobId) -> None:
    """Do one job, with its id on every log line. A duplicate delivery is quietly dropped."""
    with structlog.contextvars.bound_contextvars(job_id=str(job_id)):
        log = structlog.get_logger(__name__)
        try:
            workshop.perform(job_id)
        except NothingToClaim:
            log.debug("nothing to claim: a duplicate message")
