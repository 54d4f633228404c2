"""The entry point `broker.memory`."""

from typing import Final

from spike_core.domain.errors import InvalidValue
from spike_core.ports.broker import Broker
from spike_dramatiq.broker import DramatiqBroker
from spike_dramatiq.stub import RequeueingStubBroker

ADAPTER_API: Final = 1


def open_memory_broker(url: str) -> Broker:
    """Open a new broker in this process, with messages of its own.

    Raises:
        InvalidValue: the URL isn't `memory://`.
    """
    if url.lower() != "memory://":
        raise InvalidValue(what="broker URL", rule="must be memory://")
    broker = RequeueingStubBroker(middleware=[])
    return DramatiqBroker(broker, is_in_process=True, held=broker.held)
