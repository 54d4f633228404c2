"""How long recovery from each kind of fault takes at default settings, at most: sums of settings and constants.

The time until a worker is free, and that of the work, is additional.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Final

from spike_core.services.maintenance_lease import LOOK_INTERVAL
from spike_core.services.outbox_relay import REFUSAL_DELAY, RELAY_TIME_MAX
from spike_dramatiq.redis_broker import SILENCE_TIME_MAX
from spike_runtime import Settings

_DEFAULTS: Final = Settings()
_LIMITS: Final = _DEFAULTS.job_limits
_RELAY: Final = timedelta(seconds=_DEFAULTS.relay_interval_s)
_SWEEP: Final = timedelta(seconds=_DEFAULTS.sweep_interval_s)
_LOOK: Final = min(_SWEEP, LOOK_INTERVAL)  # whether the task that finds lost messages is due


class FaultKind(Enum):
    """What a job waits for, as `docs/reference/faults.md` describes it."""

    WORKER = "a worker dies, hangs or loses the database with a job in work"
    NEXT_WORKER = "the job's next worker dies too"
    FETCHED = "a worker dies with a message that it has fetched and not begun"
    LOST = "the queue loses messages, or all of them"
    LOST_WITH_FINDER = "the process that looks for lost messages dies with them"
    QUEUE_AWAY = "the queue is away or hangs, and comes back"
    UNSENT = "a process dies between the commit and the queue"
    REFUSED = "the object store or the database refuses a result, and recovers"
    EMBEDDED = "the one process of an embedded installation dies"
    NO_WAIT = "nothing waits for recovery"  # the fault delays no job, or only while it lasts


RECOVERY_TIMES: Final[Mapping[FaultKind, timedelta]] = {
    FaultKind.WORKER: _LIMITS.lease + _SWEEP + _LIMITS.delay_before(2) + _RELAY,
    FaultKind.NEXT_WORKER: _LIMITS.lease + _SWEEP + _LIMITS.delay_before(3) + _RELAY,
    FaultKind.FETCHED: SILENCE_TIME_MAX,
    FaultKind.LOST: _LIMITS.redeliver_after + _SWEEP + _RELAY,
    FaultKind.LOST_WITH_FINDER: _LIMITS.lease + _LOOK + _RELAY,
    FaultKind.QUEUE_AWAY: REFUSAL_DELAY + _RELAY,
    FaultKind.UNSENT: RELAY_TIME_MAX + _RELAY,
    FaultKind.REFUSED: _LIMITS.delay_before(3) + _RELAY,
    FaultKind.EMBEDDED: _LIMITS.delay_before(2) + _RELAY,
    FaultKind.NO_WAIT: timedelta(),
}
