"""Dramatiq's Redis broker with short timeouts, for messages that may be lost or repeated."""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any, Final, Self

import dramatiq
import redis
from attrs import frozen
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from dramatiq.message import generate_unique_id
from redis.backoff import NoBackoff
from redis.retry import Retry

NAMESPACE: Final = "spike"  # the prefix of all keys
CONNECT_TIME_MAX: Final = timedelta(seconds=1)
ANSWER_TIME_MAX: Final = timedelta(seconds=2)
RETRIES: Final = 1  # at once, because a connection from before a server's restart fails on first use

# After this time without a heartbeat the broker regards a worker as dead and delivers its messages again. A worker that
# is merely busy may be regarded so too; its messages then arrive twice, and the second finds nothing to claim.
SILENCE_TIME_MAX: Final = timedelta(minutes=1)
# A dead worker's messages are only found by a command that does maintenance, which is one in a hundred. An idle worker
# sends some 50 commands a second.
MAINTENANCE_PER_MILLION: Final = 10_000

HELD_KEY: Final = f"{NAMESPACE}:held"  # a hash: how many messages of each job the server holds
# Dramatiq's own script with the count around it, since a script is a transaction: a message is stored and counted, or
# neither; and it is counted off by whatever deletes it, once. Messages are JSON, which is Dramatiq's default.
_COUNTED: Final = """
    local function dispatch()
        {dispatch}
    end

    local held = KEYS[1] .. ':held'
    local messages = KEYS[1] .. ':' .. ARGV[3] .. '.msgs'

    local function count(message, number)
        local text = cjson.decode(message)['args'][1]
        if redis.call('hincrby', held, text, number) <= 0 then
            redis.call('hdel', held, text)
        end
    end

    if ARGV[1] == 'enqueue' then
        dispatch()
        count(ARGV[10], 1)
    elseif ARGV[1] == 'ack' or ARGV[1] == 'nack' then
        local message = redis.call('hget', messages, ARGV[9])
        dispatch()
        if message and redis.call('hexists', messages, ARGV[9]) == 0 then
            count(message, -1)
        end
    else
        return dispatch()
    end
"""
_MILLISECOND: Final = timedelta(milliseconds=1)
_log: Final = logging.getLogger(__name__)


class ForgivingRedisBroker(RedisBroker):
    """A `RedisBroker` that gives up soon, raises only Dramatiq's errors, and drops acknowledgements that fail.

    Dramatiq's own waits for the server until a message is acknowledged, and blocks a worker thread until then, even at
    shutdown. Here the message may be delivered again; it then finds nothing to claim.
    """

    def __init__(self, **options: Any) -> None:
        """Make Dramatiq's broker, which counts the messages that the server holds."""
        super().__init__(**options)  # type: ignore[no-untyped-call]
        script = self.scripts["dispatch"].script
        counted = _COUNTED.replace("{dispatch}", script if isinstance(script, str) else bytes(script).decode())
        self.scripts["dispatch"] = self.client.register_script(counted)
        self._unknown_instances = count()

    @classmethod
    def at(cls, url: str) -> Self:
        """Return a broker on the server at `url`; the connection is made on first use.

        Raises:
            ValueError: the URL isn't that of a Redis server.
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
            ConnectionClosed: it wasn't stored, as far as is known.
        """
        try:
            return super().enqueue(message, delay=delay)
        except redis.RedisError as error:
            raise _closed(error) from error

    def held(self, texts: Sequence[str]) -> Collection[str]:
        """Return those of the messages' arguments of which the server holds a message, fetched by a worker or not.

        They are counted in a hash beside the queues, which the server loses together with them.

        Raises:
            ConnectionClosed: the server doesn't respond.
        """
        if not texts:
            return ()
        try:
            counts = self.client.hmget(HELD_KEY, list(texts))
        except redis.RedisError as error:
            raise _closed(error) from error
        return [text for text, count in zip(texts, counts, strict=True) if count is not None]

    def instance_id(self) -> str:
        """Return the server's run id, which is another one after a restart or a failover.

        Where the server doesn't tell, each answer is another one.

        Raises:
            ConnectionClosed: the server doesn't respond.
        """
        try:
            return str(self.client.info("server")["run_id"])
        except (redis.ResponseError, KeyError):  # not permitted, or no Redis
            return f"unknown {next(self._unknown_instances)}"
        except redis.RedisError as error:
            raise _closed(error) from error

    def ping(self) -> None:
        """Check that the server responds.

        Raises:
            ConnectionClosed: it doesn't.
        """
        try:
            self.client.ping()
        except redis.RedisError as error:
            raise _closed(error) from error

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:
        """Return a consumer; `timeout` is in milliseconds."""
        return _ForgivingConsumer(self, super().consume(queue_name, prefetch, timeout))

    def renew_identity(self) -> None:
        """Go on as another worker: the server takes the former one for dead and delivers its messages again.

        Without a heartbeat that takes `SILENCE_TIME_MAX`.
        """
        self.broker_id = generate_unique_id()


@frozen
class _ForgivingConsumer(dramatiq.Consumer):
    _broker: ForgivingRedisBroker
    _consumer: dramatiq.Consumer

    def __next__(self) -> dramatiq.MessageProxy | None:
        try:
            return next(self._consumer)
        except redis.RedisError as error:
            self._broker.renew_identity()  # the server may have handed messages out that never arrived
            raise _closed(error) from error

    def ack(self, message: dramatiq.MessageProxy) -> None:
        try:
            self._consumer.ack(message)
        except (redis.RedisError, dramatiq.BrokerError) as error:
            _log.warning("a message can't be acknowledged and may be delivered again: %s", error)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        try:
            self._consumer.nack(message)
        except (redis.RedisError, dramatiq.BrokerError) as error:
            _log.warning("a message can't be rejected and may be delivered again: %s", error)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        try:
            self._consumer.requeue(messages)
        except redis.RedisError as error:
            raise _closed(error) from error


def _closed(error: redis.RedisError) -> ConnectionClosed:
    """Translate any Redis error to the Dramatiq error after which a later try may succeed."""
    return ConnectionClosed(error)  # type: ignore[no-untyped-call]  # Dramatiq's errors have no types
