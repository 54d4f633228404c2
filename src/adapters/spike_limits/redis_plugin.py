"""The entry points `limiter.redis` and `limiter.rediss`; they need the extra `redis`."""

from datetime import timedelta
from typing import Final

import redis  # the library would tell of its absence in an exception of its own
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

from spike_core.domain.errors import InvalidValue
from spike_limits.limiter import LimitsRateLimiter

NAMESPACE: Final = "spike:limits"  # all keys begin so
# Requests wait for the answer: short, and for nothing where the server is away, since they pass then.
CONNECT_TIME_MAX: Final = timedelta(milliseconds=500)
ANSWER_TIME_MAX: Final = timedelta(seconds=1)
RETRIES: Final = 1  # at once: a connection kept from before the server's restart fails when it is used


def open_redis(url: str) -> LimitsRateLimiter:
    """Return a limiter that counts on the Redis or Valkey server at `url`, for all processes that ask it.

    Raises:
        InvalidValue: it isn't `redis://host:port/number` or, with TLS, `rediss://…`.
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
