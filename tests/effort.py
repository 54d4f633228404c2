"""Test tiers: `make test` tests each rule and each kind of input, `make test-full` all combinations.

`make test-fast` omits tests that need processes, servers or a browser; see the Makefile.
"""

import os
from collections import deque
from collections.abc import Hashable, Mapping, Sequence
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


def in_starting_order(folders: Sequence[str], seconds: Mapping[str, float], *, workers: int) -> Sequence[int]:
    """Return the places of tests, given by their folders, so that long ones start first in each of `workers` shares.

    pytest-xdist gives each worker an equal share of the tests, in their order; one that is done takes tests from the
    end of another's. `seconds` says how long the tests of the long folders take; a folder isn't divided.
    """
    shares: list[list[int]] = [[] for _ in range(workers)]
    sizes = [(worker + 1) * len(folders) // workers - worker * len(folders) // workers for worker in range(workers)]
    taken_s = [0.0] * workers
    others = [place for place, folder in enumerate(folders) if folder not in seconds]
    for folder in sorted(seconds, key=lambda name: -seconds[name]):
        places = [place for place, each in enumerate(folders) if each == folder]
        # what a share has no room for would be in front of another one, whose long tests would start late
        roomy = [worker for worker in range(workers) if len(shares[worker]) + len(places) <= sizes[worker]]
        if not roomy:
            others += places
            continue
        worker = min(roomy, key=taken_s.__getitem__)
        shares[worker] += places
        taken_s[worker] += seconds[folder]
    left = deque(others)
    for share, size in zip(shares, sizes, strict=True):
        while len(share) < size:
            share.append(left.popleft())
    return [place for share in shares for place in share]
