"""The tables of `docs/architecture.md` agree with the code."""

import re
from importlib.metadata import entry_points
from itertools import product
from pathlib import Path
from typing import Final

from spike_core.domain.transitions import TRANSITIONS
from spike_runtime.plugins import GROUP

PAGE: Final = (Path(__file__).parents[3] / "docs/architecture.md").read_text(encoding="utf-8")
STATE: Final = "(?:Pending|Started|Claimed|Completed|Failed|Refunded|Cancelled)"
STATES: Final = f"({STATE}(?:, {STATE})*)"
MOVE: Final = re.compile(rf"^\| ([\w ]+) \| {STATES} \| {STATES} \| .+ \|$", re.MULTILINE)


def test_the_moves_are_those_of_the_transition_table() -> None:
    documented = {
        pair for _, source, target in MOVE.findall(PAGE) for pair in product(source.split(", "), target.split(", "))
    }
    allowed = {
        (source.__name__.removesuffix("Job"), target.__name__.removesuffix("Job"))
        for source, targets in TRANSITIONS.items()
        for target in targets
    }
    assert documented == allowed


def test_every_move_is_a_method_or_the_services_word_for_one() -> None:
    moves = {name.replace(" ", "_") for name, _, _ in MOVE.findall(PAGE)}
    methods = {name for state in TRANSITIONS for name in moves if hasattr(state, name)}
    assert methods == moves


def test_our_adapters_are_named() -> None:
    ours = {point.name for point in entry_points(group=GROUP) if point.module.startswith("spike_")}
    assert ours
    assert [name for name in sorted(ours) if f"`{name}`" not in PAGE] == []
