"""The system clock, random ids and secrets, and threads: the only package that reads time and randomness."""

from spike_system.background import ThreadBackground
from spike_system.clock import SystemClock
from spike_system.concurrency import ThreadConcurrency
from spike_system.heartbeat import ThreadHeartbeat
from spike_system.ids import Cuid2Ids
from spike_system.secrets import SystemSecrets

__all__ = ["Cuid2Ids", "SystemClock", "SystemSecrets", "ThreadBackground", "ThreadConcurrency", "ThreadHeartbeat"]
