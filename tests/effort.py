"""How much is tried: in `make test` each law and each kind of input, in `make test-full` all combinations of them."""

import os
from collections.abc import Sequence
from typing import Final, TypeVar

import pytest

VARIABLE: Final = "SPIKE_TEST_FULL"
_SHARE: Final = 3
_EXAMPLES_MIN: Final = 10

_Case = TypeVar("_Case")


IS_FULL: Final = bool(os.environ.get(VARIABLE))
# for a test under load whose law a fault test of `make test` keeps as well
LONG: Final = pytest.mark.skipif(not IS_FULL, reason="`make test-full` runs it; a fault test keeps its law here")


def examples(most: int) -> int:
    """Return how many examples to try of a property that is worth so many."""
    return most if IS_FULL else max(_EXAMPLES_MIN, most // _SHARE)


def staggered(cases: Sequence[_Case], *, step: int) -> Sequence[_Case]:
    """Return every `step`-th of all combinations, in their order; `step` shares no factor with what was combined."""
    return cases if IS_FULL else cases[::step]
