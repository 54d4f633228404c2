"""The work behind the requests: the actor, the relay, the sweeper, and processes that do nothing else."""

from spike_worker.background import housekeeping, working
from spike_worker.supervisor import Supervisor

__all__ = ["Supervisor", "housekeeping", "working"]
