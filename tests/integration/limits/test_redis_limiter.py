"""Rate limits counted on a real Valkey, for several processes at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from preloaded import run_program
from servers.valkey import Valkey
from spike_contracts.limiter import RATE, ConcurrentLimiterContract, Wait
from spike_core.domain.errors import InvalidValue, LimiterUnavailable
from spike_core.ports.clock import Clock
from spike_core.ports.factories import OpenLimiter
from spike_core.ports.limiter import RateLimiter
from spike_limits.redis_plugin import open_redis
from spike_system import SystemClock

PATIENCE_S: Final = 60  # a test that waits for so long has failed


class TestRedisLimiter(ConcurrentLimiterContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return SystemClock()

    @pytest.fixture
    def limiter(self, redis_url: str) -> RateLimiter:
        return open_redis(redis_url)

    @pytest.fixture
    def wait(self) -> Wait:
        """Wait in real time, since the server uses its own clock."""

        def wait(time: timedelta) -> None:
            threading.Event().wait(time.total_seconds())

        return wait

    @pytest.fixture
    def lost_limiter(self, dead_redis_url: str) -> RateLimiter:
        return open_redis(dead_redis_url)


def test_processes_count_together_and_each_hit_is_told_its_own_remainder(redis_url: str) -> None:
    """The limit is exact, and each remaining count is returned once."""
    program = Path(__file__).with_name("hit_many.py").read_text(encoding="utf-8")
    with ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(run_program, program, redis_url, 40, 50) for _ in range(3)]
    counts = [int(word) for process in asking for word in process.result().stdout.split()]
    assert sorted(counts) == list(range(50))


def test_a_server_that_is_away_is_told_in_our_words_and_soon(dead_redis_url: str) -> None:
    for url in (dead_redis_url, "redis://192.0.2.1:6379/0"):  # RFC 5737: an unused address
        began_s = time.monotonic()
        with pytest.raises(LimiterUnavailable):
            open_redis(url).hit("ada", RATE)
        assert time.monotonic() - began_s < 10  # without limits of ours, minutes


def test_it_counts_again_when_the_server_is_back(valkey: Valkey) -> None:
    limiter = open_redis(valkey.url)
    assert limiter.hit("ada", RATE).remaining == 2
    valkey.stop()
    with ThreadPoolExecutor(8) as pool:
        for outcome in [pool.submit(limiter.hit, "ada", RATE) for _ in range(8)]:
            with pytest.raises(LimiterUnavailable):
                outcome.result()
    valkey.start()
    assert [limiter.hit("ada", RATE).is_exceeded for _ in range(4)] == [False, False, False, True]


def test_every_counter_has_an_end(valkey: Valkey) -> None:
    limiter = open_redis(valkey.url)
    for _ in range(3):
        limiter.hit("ada", RATE)
    with valkey.client() as client:
        [key] = client.keys("*")
        assert key.startswith(b"spike:limits:")
        assert 0 < client.ttl(key) <= RATE.window.total_seconds()


def test_the_factory_takes_urls_of_redis_servers() -> None:
    factory: OpenLimiter = open_redis
    for url in ("redis://127.0.0.1:6379/3", "rediss://user:password@redis.example.org/0"):
        factory(url)
    for url in ("", "redis", "http://host", "redis://host:port"):
        with pytest.raises(InvalidValue, match="rate limit URL"):
            factory(url)
