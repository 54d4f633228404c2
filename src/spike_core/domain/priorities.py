"""Priorities: which jobs never wait for a worker that is busy with longer ones."""

from enum import Enum
from typing import Final, assert_never

from spike_core.domain.jobs import JobSpec
from spike_core.domain.tasks import Blend, Enhancement, Generation, Modification
from spike_core.domain.tiers import Tier


class Priority(Enum):
    """Which of the worker queues a job goes to. The values are the queues' names."""

    HIGH = "quick"  # paid enhancements and blends of at most a megapixel
    LOW = "long"  # other paid ones: four or sixteen times the pixels, or a picture made from words
    FREE = "free"  # those at the FREE tier: they share the places of LOW jobs, and come after them

    @classmethod
    def of(cls, spec: JobSpec) -> "Priority":
        """Return the priority of a job."""
        match spec.task:
            case Enhancement() | Blend():
                return _PRIORITIES[spec.tier]
            case Generation() | Modification():
                return Priority.LOW
            case _:
                assert_never(spec.task)


_PRIORITIES: Final = {
    Tier.FREE: Priority.FREE,
    Tier.TIER_1K: Priority.HIGH,
    Tier.TIER_2K: Priority.LOW,
    Tier.TIER_4K: Priority.LOW,
}
