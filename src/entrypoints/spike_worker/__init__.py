"""The work behind the requests: the actor, the relay and the sweeper."""

from spike_worker.background import working

__all__ = ["working"]
