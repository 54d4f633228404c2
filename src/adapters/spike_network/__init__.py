"""HTTP connections that end by a deadline: what the adapters that speak HTTP share."""

from spike_network.backend import DeadlineBackend
from spike_network.deadline import Deadline
from spike_network.lookups import Lookups, LookupTimeout
from spike_network.tls import TlsContext

__all__ = ["Deadline", "DeadlineBackend", "LookupTimeout", "Lookups", "TlsContext"]
