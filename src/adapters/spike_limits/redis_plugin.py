"""The entry points `limiter.redis` and `limiter.rediss`; they need the extra `redis`."""

from datetime import timedelta
from typing import Final

import redis  # otherwise the library would raise an exception of its own if it is missing
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from spike_core.domain.errors import InvalidValue
from spike_limits.limiter import LimitsRateLimiter

ADAPTER_API: Final = 1

NAMESPACE: Final = "spike:limits"  # the prefix of all keys
# Requests wait for these. They are short, since requests pass if the server is unavailable.
CONNECT_TIME_MAX: Final = timedelta(milliseconds=500)
ANSWER_TIME_MAX: Final = timedelta(seconds=1)
RETRIES: Final = 1  # at once, because a connection from before a server's restart fails on first use


def open_redis(url: str) -> LimitsRateLimiter:
    """Return a limiter that counts on the Redis or Valkey server at `url`, shared by all processes that use it.

    Raises:
        InvalidValue: the URL isn't `redis://host:port/number` or, with TLS, `rediss://…`.
    """
    try:
        pool = redis.ConnectionPool.from_url(
            url,
            socket_connect_timeout=CONNECT_TIME_MAX.total_seconds(),
            socket_timeout=ANSWER_TIME_MAX.total_seconds(),
            retry=Retry(NoBackoff(), RETRIES, supported_errors=(redis.ConnectionError,)),
        )
    except ValueError as error:
        raise InvalidValue(what="rate limit URL", rule="must look like redis://host:port/number") from error
    return LimitsRateLimiter(RedisStorage(url, connection_pool=pool, key_prefix=NAMESPACE))
