"""Repairs of many jobs, in transactions so short that others hardly wait for them."""

import logging
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from spike_core.domain.errors import JobChanged, SpikeError, Unavailable

REPAIR_BATCH: Final = 100  # jobs in one transaction

AnyJob = TypeVar("AnyJob")

_log = logging.getLogger(__name__)


def repair_in_batches(
    jobs: Sequence[AnyJob], *, batch: Callable[[Sequence[AnyJob]], int], each: Callable[[AnyJob], object]
) -> int:
    """Repair the jobs, many in one transaction, and return how many were; where that fails, each by itself.

    Raises:
        Unavailable: as `repair_each`.
    """
    repaired = 0
    for start in range(0, len(jobs), REPAIR_BATCH):
        portion = jobs[start : start + REPAIR_BATCH]
        try:
            repaired += batch(portion)
        except Unavailable:
            raise
        except SpikeError:  # of one damaged row, which must not block the others
            repaired += repair_each(portion, each)
    return repaired


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
