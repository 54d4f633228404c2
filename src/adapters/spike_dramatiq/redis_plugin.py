"""The entry points `broker.redis` and `broker.rediss`; they need the extra `redis`."""

from typing import Final

from spike_core.domain.errors import InvalidValue
from spike_core.ports.broker import Broker
from spike_dramatiq.broker import DramatiqBroker
from spike_dramatiq.redis_broker import ForgivingRedisBroker

ADAPTER_API: Final = 1


def open_redis_broker(url: str) -> Broker:
    """Open the broker on the Redis or Valkey server at `url`, `redis://host:port/number` or, with TLS, `rediss://…`.

    Raises:
        InvalidValue: the URL is invalid.
    """
    try:
        broker = ForgivingRedisBroker.at(url)
    except ValueError as error:
        raise InvalidValue(what="broker URL", rule="must look like redis://host:port/number") from error
    return DramatiqBroker(
        broker, is_in_process=False, held=broker.held, instance_id=broker.instance_id, ask=broker.ping
    )
