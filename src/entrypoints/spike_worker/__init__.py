"""Background work: the actor, the relay, recovery, maintenance, and worker processes."""

from spike_worker.background import housekeeping, working
from spike_worker.supervisor import Supervisor

__all__ = ["Supervisor", "housekeeping", "working"]
