"""Test tiers: `make test` tests each rule and each kind of input, `make test-full` all combinations.

`make test-fast` omits tests that need processes, servers or a browser; see the Makefile.
"""

import os
from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, TypeVar

import pytest

VARIABLE: Final = "SPIKE_TEST_FULL"
_SHARE: Final = 8
_EXAMPLES_MIN: Final = 10

_Case = TypeVar("_Case")


IS_FULL: Final = bool(os.environ.get(VARIABLE))


def long(*, kept_by: str) -> pytest.MarkDecorator:
    """Mark a test, or one of its parameters, that only `make test-full` runs.

    `kept_by` is the test, `<path>::<name>`, that tests the same rule in `make test`; test_tiers.py checks
    that it exists and isn't long itself.
    """
    return pytest.mark.skipif(
        not IS_FULL, reason=f"`make test-full` runs it; in `make test` its rule is tested by {kept_by}"
    )


def examples(most: int, *, share: int = _SHARE) -> int:
    """Return the number of examples to try of a property: `most`, or in `make test` one of `share` of them."""
    return most if IS_FULL else max(_EXAMPLES_MIN, most // share)


each_value_once: Final = pytest.mark.each_value_once
"""Mark a test, class or module: `make test` leaves out combinations of parameters, but no value of any parameter."""


def left_out(combinations: Sequence[AbstractSet[Hashable]]) -> AbstractSet[int]:
    """Return the places of the combinations, given as their values, that `make test` can spare.

    First those are kept that have nothing but new values, then those that have any.
    """
    if IS_FULL:
        return frozenset()
    seen: set[Hashable] = set()
    kept: set[int] = set()
    for are_all_new in (True, False):
        for place, values in enumerate(combinations):
            if seen.isdisjoint(values) if are_all_new else not seen.issuperset(values):
                seen |= values
                kept.add(place)
    return frozenset(range(len(combinations))) - kept


def staggered(cases: Sequence[_Case], *, step: int) -> Sequence[_Case]:
    """Return every `step`-th of all combinations, in order; `step` must be coprime to the numbers combined."""
    return cases if IS_FULL else cases[::step]
