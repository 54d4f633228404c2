"""The table of `docs/reference/faults.md` that says how long recovery takes at default settings: sums of these."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from spike_core.services.dispatch import REFUSAL_DELAY, RELAY_TIME_MAX
from spike_core.services.maintenance_lease import LOOK_INTERVAL
from spike_dramatiq.redis_broker import SILENCE_TIME_MAX
from spike_runtime import Settings

REFERENCE: Final = Path(__file__).parents[3] / "docs/reference/faults.md"
ROW: Final = re.compile(r"^\| ([^|`]+?) \| ([^|]+?) \| (\d+) s \|$", re.MULTILINE)
BOUND: Final = timedelta(seconds=90)

DEFAULTS: Final = Settings()
LIMITS: Final = DEFAULTS.job_limits
RELAY: Final = timedelta(seconds=DEFAULTS.relay_interval_s)
SWEEP: Final = timedelta(seconds=DEFAULTS.sweep_interval_s)
LOOK: Final = min(SWEEP, LOOK_INTERVAL)  # whether the task that finds lost messages is due
FAULTS: Final[Mapping[str, timedelta]] = {
    "a worker dies, hangs or loses the database with a job in work": (
        LIMITS.lease + SWEEP + LIMITS.delay_before(2) + RELAY
    ),
    "the job's next worker dies too": LIMITS.lease + SWEEP + LIMITS.delay_before(3) + RELAY,
    "a worker dies with a message that it has fetched and not begun": SILENCE_TIME_MAX,
    "the queue loses messages, or all of them": LIMITS.redeliver_after + SWEEP + RELAY,
    "the process that looks for lost messages dies with them": LIMITS.lease + LOOK + RELAY,
    "the queue is away or hangs, and comes back": REFUSAL_DELAY + RELAY,
    "a process dies between the commit and the queue": RELAY_TIME_MAX + RELAY,
    "the object store or the database refuses a result, and recovers": LIMITS.delay_before(3) + RELAY,
    "the one process of an embedded installation dies": LIMITS.delay_before(2) + RELAY,
}


def test_every_fault_is_recovered_from_within_ninety_seconds_at_default_settings() -> None:
    assert {fault: time for fault, time in FAULTS.items() if time > BOUND} == {}


def test_the_page_says_what_the_defaults_add_up_to() -> None:
    stated = {fault: timedelta(seconds=int(seconds)) for fault, _, seconds in ROW.findall(REFERENCE.read_text())}
    assert stated == FAULTS


def test_lost_messages_are_sent_again_within_fifteen_seconds() -> None:
    assert FAULTS["the queue loses messages, or all of them"] <= timedelta(seconds=15)
