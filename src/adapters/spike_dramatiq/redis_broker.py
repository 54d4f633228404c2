"""Dramatiq's Redis broker, for messages that are hints: what can't be said in time is left unsaid."""

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, Self

import dramatiq
import redis
from attrs import frozen
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from redis.backoff import NoBackoff
from redis.retry import Retry

NAMESPACE: Final = "spike"  # all keys begin so
CONNECT_TIME_MAX: Final = timedelta(seconds=1)
ANSWER_TIME_MAX: Final = timedelta(seconds=2)
RETRIES: Final = 1  # at once: a connection kept from before the server's restart fails when it is used

# A worker that has said nothing for so long is dead to the broker, and what it held is delivered again. A live one may
# be so busy that it looks dead; then its messages come twice, and the second finds nothing to claim.
SILENCE_TIME_MAX: Final = timedelta(minutes=1)
# What a dead worker held comes back only when some command looks for it, which one in a hundred does. An idle worker
# sends some 50 commands a second.
MAINTENANCE_PER_MILLION: Final = 10_000

_MILLISECOND: Final = timedelta(milliseconds=1)
_log: Final = logging.getLogger(__name__)


class ForgivingRedisBroker(RedisBroker):
    """A `RedisBroker` that gives up soon, tells all trouble as Dramatiq's, and forgets what it can't acknowledge.

    The original waits for the server until it has acknowledged a message, and keeps a worker thread from working and
    from ending meanwhile. Here the message may come again: it will find nothing to claim.
    """

    @classmethod
    def at(cls, url: str) -> Self:
        """Return a broker on the server at `url`; it is asked when the broker is used.

        Raises:
            ValueError: it isn't a URL of a Redis server.
        """
        client = redis.Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_TIME_MAX.total_seconds(),
            socket_timeout=ANSWER_TIME_MAX.total_seconds(),
            retry=Retry(NoBackoff(), RETRIES, supported_errors=(redis.ConnectionError,)),
        )
        return cls(
            client=client,
            middleware=[],
            namespace=NAMESPACE,
            heartbeat_timeout=SILENCE_TIME_MAX // _MILLISECOND,
            maintenance_chance=MAINTENANCE_PER_MILLION,
        )

    def enqueue(self, message: "dramatiq.Message[Any]", *, delay: int | None = None) -> "dramatiq.Message[Any]":
        """Store a message; `delay` is in milliseconds.

        Raises:
            ConnectionClosed: it wasn't stored, as far as can be told.
        """
        try:
            return super().enqueue(message, delay=delay)
        except redis.RedisError as error:
            raise _closed(error) from error

    def ping(self) -> None:
        """Check that the server answers.

        Raises:
            ConnectionClosed: it doesn't.
        """
        try:
            self.client.ping()
        except redis.RedisError as error:
            raise _closed(error) from error

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:
        """Return a consumer; `timeout` is in milliseconds."""
        return _ForgivingConsumer(super().consume(queue_name, prefetch, timeout))


@frozen
class _ForgivingConsumer(dramatiq.Consumer):
    _consumer: dramatiq.Consumer

    def __next__(self) -> dramatiq.MessageProxy | None:
        try:
            return next(self._consumer)
        except redis.RedisError as error:
            raise _closed(error) from error

    def ack(self, message: dramatiq.MessageProxy) -> None:
        try:
            self._consumer.ack(message)
        except (redis.RedisError, dramatiq.BrokerError) as error:
            _log.warning("a message that is done with can't be acknowledged, and may come again: %s", error)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        try:
            self._consumer.nack(message)
        except (redis.RedisError, dramatiq.BrokerError) as error:
            _log.warning("a message that nobody understands can't be put aside, and may come again: %s", error)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        try:
            self._consumer.requeue(messages)
        except redis.RedisError as error:
            raise _closed(error) from error


def _closed(error: redis.RedisError) -> ConnectionClosed:
    """Tell in Dramatiq's words of any trouble: whatever it is, asking later may help."""
    return ConnectionClosed(error)  # type: ignore[no-untyped-call]  # Dramatiq's errors have no types
