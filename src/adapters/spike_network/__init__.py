"""HTTP connections that end by a deadline: what the adapters that speak HTTP share."""

from spike_network.backend import DeadlineBackend
from spike_network.deadline import Deadline

__all__ = ["Deadline", "DeadlineBackend"]
