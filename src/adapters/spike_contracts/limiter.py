"""Laws every RateLimiter keeps."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import pytest

from spike_core.domain.errors import LimiterUnavailable
from spike_core.domain.rate_limits import RateLimit, RateLimitGroup
from spike_core.ports.clock import Clock
from spike_core.ports.limiter import RateLimiter

RATE: Final = RateLimit(bucket=RateLimitGroup.UPLOAD, limit=3, window=timedelta(minutes=15))

Wait = Callable[[timedelta], None]


class LimiterContract:
    """Needs the fixtures `limiter`, its `clock`, `wait`, which advances the time of both, and `lost_limiter`.

    The latter can't count; a limiter without a server skips it (`pytest.skip`).
    """

    def test_as_many_as_the_limit_pass_and_no_more(self, limiter: RateLimiter) -> None:
        allowances = [limiter.hit("ada", RATE) for _ in range(5)]
        assert [allowance.is_exceeded for allowance in allowances] == [False, False, False, True, True]
        assert [allowance.remaining for allowance in allowances] == [2, 1, 0, 0, 0]
        assert {allowance.limit for allowance in allowances} == {3}

    def test_callers_and_buckets_are_counted_apart(self, limiter: RateLimiter) -> None:
        another = RateLimit(bucket=RateLimitGroup.ENHANCE, limit=3, window=RATE.window)
        for _ in range(4):
            limiter.hit("ada", RATE)
        assert not limiter.hit("bob", RATE).is_exceeded
        assert not limiter.hit("ada", another).is_exceeded

    def test_the_window_is_fixed_and_ends_in_whole_seconds(self, limiter: RateLimiter, clock: Clock) -> None:
        before = clock.now()
        first, *others = [limiter.hit("ada", RATE).resets_at for _ in range(6)]
        assert first.microsecond == 0
        assert abs(first - (before + RATE.window)) <= timedelta(seconds=2)
        assert {abs(other - first) <= timedelta(seconds=1) for other in others} == {True}

    def test_a_new_window_begins_anew(self, limiter: RateLimiter, wait: Wait) -> None:
        short = RateLimit(bucket=RateLimitGroup.UPLOAD, limit=1, window=timedelta(seconds=1))
        assert [limiter.hit("ada", short).is_exceeded for _ in range(2)] == [False, True]
        wait(timedelta(seconds=1.05))
        assert [limiter.hit("ada", short).is_exceeded for _ in range(2)] == [False, True]

    def test_a_window_that_ends_ends_nobody_elses(self, limiter: RateLimiter, wait: Wait) -> None:
        """Lesson 23: a custom rate limiter discarded entries by the window of the current client."""
        short = RateLimit(bucket=RateLimitGroup.GENERATE, limit=1, window=timedelta(seconds=1))
        for _ in range(3):
            limiter.hit("ada", RATE)
        limiter.hit("bob", short)
        wait(timedelta(seconds=1.05))
        assert not limiter.hit("bob", short).is_exceeded
        assert limiter.hit("ada", RATE).is_exceeded

    def test_a_limiter_that_cannot_count_says_so(self, lost_limiter: RateLimiter) -> None:
        with pytest.raises(LimiterUnavailable):
            lost_limiter.hit("ada", RATE)


class ConcurrentLimiterContract(LimiterContract):
    """Laws of limiters that several threads share. Needs the fixtures of `LimiterContract`."""

    def test_however_many_ask_at_once_exactly_the_limit_passes(self, limiter: RateLimiter) -> None:
        rate = RateLimit(bucket=RateLimitGroup.ENHANCE, limit=50, window=timedelta(minutes=15))
        with ThreadPoolExecutor(max_workers=16) as pool:
            exceeded = list(pool.map(lambda _: limiter.hit("ada", rate).is_exceeded, range(200)))
        assert exceeded.count(False) == 50
