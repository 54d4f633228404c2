"""The job queue on Dramatiq, in this process or on a Redis server."""

from spike_dramatiq.broker import DramatiqBroker
from spike_dramatiq.plugin import open_memory_broker
from spike_dramatiq.queue import DramatiqQueue

__all__ = ["DramatiqBroker", "DramatiqQueue", "open_memory_broker"]
