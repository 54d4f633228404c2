"""Durations: how long work will take, from how long similar work has taken."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from statistics import median

from attrs import frozen


@frozen(kw_only=True)
class TimedResult:
    """A result, by its longest side, and how long a worker took for it."""

    longest_side_px: int
    took: timedelta


def expected_duration(longest_side_px: int, past: Iterable[TimedResult]) -> timedelta | None:
    """Return how long a result of this size will take, or `None` if there are no results to judge by.

    It is the median of the results of this size. Work that ran next to other work took longer than alone, so the median
    of larger results, scaled by the number of pixels, is an upper bound as well. If all are smaller, the largest are
    scaled up. Never below a millisecond.
    """
    by_side: defaultdict[int, list[float]] = defaultdict(list)
    for result in past:
        by_side[result.longest_side_px].append(result.took.total_seconds())
    if not by_side:
        return None
    side_min_px = min(longest_side_px, max(by_side))
    estimates = [
        median(seconds) * (longest_side_px / side_px) ** 2
        for side_px, seconds in by_side.items()
        if side_px >= side_min_px
    ]
    return timedelta(seconds=max(0.001, min(estimates)))
