"""`docs/reference/audit.md` documents every check and nothing else."""

import re
from pathlib import Path
from typing import Final

from corruptions import CORRUPTIONS
from spike_core.domain.invariants import Check

PAGE: Final = Path(__file__).parents[3] / "docs" / "reference" / "audit.md"
ROW: Final = re.compile(r"^\| `([a-z-]+)` \| (I\d)? ?\|", re.MULTILINE)


def test_every_check_is_documented_with_its_invariant_and_none_else() -> None:
    documented = dict(ROW.findall(PAGE.read_text(encoding="utf-8")))
    assert documented == {check.value: "" if check.invariant == check.value else check.invariant for check in Check}


def test_every_check_has_a_corruption_that_it_finds() -> None:
    """By name, in the table of corruptions."""
    source = Path(__file__).parents[2].joinpath("corruptions.py").read_text(encoding="utf-8")
    assert len(CORRUPTIONS) > 28
    assert [check for check in Check if f"Check.{check.name}" not in source] == []
