"""The tables of `docs/reference/faults.md`: how long recovery takes at default settings, and the kinds of abuse."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

from abuse import CASES
from recovery_times import RECOVERY_TIMES, FaultKind

REFERENCE: Final = Path(__file__).parents[3] / "docs/reference/faults.md"
ROW: Final = re.compile(r"^\| ([^|`]+?) \| ([^|]+?) \| (\d+) s \|$", re.MULTILINE)
BOUND: Final = timedelta(seconds=90)


def test_every_fault_is_recovered_from_within_ninety_seconds_at_default_settings() -> None:
    assert {kind: time for kind, time in RECOVERY_TIMES.items() if time > BOUND} == {}


def test_the_page_says_what_the_defaults_add_up_to() -> None:
    stated = {fault: timedelta(seconds=int(seconds)) for fault, _, seconds in ROW.findall(REFERENCE.read_text())}
    assert stated == {kind.value: time for kind, time in RECOVERY_TIMES.items() if kind is not FaultKind.NO_WAIT}


def test_lost_messages_are_sent_again_within_fifteen_seconds() -> None:
    assert RECOVERY_TIMES[FaultKind.LOST] <= timedelta(seconds=15)


def test_the_page_has_a_row_for_each_kind_of_abuse() -> None:
    rows = re.findall(r"^\| ([^|]+?) +\| [\d.]+ s +\| [\d.]+ s +\| [\d.]+ s +\|$", REFERENCE.read_text(), re.MULTILINE)
    assert rows == list(CASES)
