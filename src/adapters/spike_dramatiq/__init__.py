"""The worker queue by Dramatiq, in this process."""

from spike_dramatiq.broker import InProcessBroker
from spike_dramatiq.plugin import open_memory_broker
from spike_dramatiq.queue import DramatiqQueue

__all__ = ["DramatiqQueue", "InProcessBroker", "open_memory_broker"]
