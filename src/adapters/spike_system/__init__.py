"""Time, chance and heartbeats of the real world: the one place that asks the machine for them."""

from spike_system.clock import SystemClock
from spike_system.heartbeat import ThreadHeartbeat
from spike_system.ids import Cuid2Ids
from spike_system.secrets import SystemSecrets

__all__ = ["Cuid2Ids", "SystemClock", "SystemSecrets", "ThreadHeartbeat"]
