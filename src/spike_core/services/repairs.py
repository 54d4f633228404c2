"""Repairs of many jobs, each in its own transaction."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from spike_core.domain.errors import JobChanged, SpikeError, Unavailable

AnyJob = TypeVar("AnyJob")

_log = logging.getLogger(__name__)


def repair_each(jobs: Sequence[AnyJob], repair: Callable[[AnyJob], object]) -> int:
    """Repair the jobs and return how many were; those that moved on meanwhile don't count.

    Raises:
        Unavailable: a dependency failed; the jobs before were repaired.
    """
    repaired = 0
    for job in jobs:
        try:
            repair(job)
        except JobChanged:
            continue
        except Unavailable:
            raise
        except SpikeError:  # one damaged row must not block the others; the audit reports it
            _log.exception("a job can't be repaired")
            continue
        repaired += 1
    return repaired
