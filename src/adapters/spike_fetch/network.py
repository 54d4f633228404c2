"""The addresses that a download connects to: a name is resolved once, checked, and connected to as checked.

A server that answers the first look-up with a public address and a later one with a private one gains nothing (DNS
rebinding), since there is no later look-up.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from functools import partial

from attrs import frozen

from spike_core.domain.errors import DownloadFailed, UnsafeAddress
from spike_fetch.ssrf_filter import Address
from spike_network import Deadline, Lookups

Resolve = Callable[[str, int], Sequence[Address]]
Judge = Callable[[Address, int], bool]


def resolved(host: str, port: int) -> Sequence[Address]:
    """Return all addresses of a host, in the order that the system prefers.

    Raises:
        DownloadFailed: it has none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DownloadFailed from error
    return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]


@frozen(kw_only=True)
class AddressGuard:
    """Chooses the address to connect to, by a deadline; `validate` decides which address and port are allowed."""

    resolve: Resolve
    validate: Judge
    lookups: Lookups
    deadline: Deadline

    def choose(self, host: str, port: int) -> str:
        """Return the host's first address.

        Raises:
            UnsafeAddress: one of its addresses isn't allowed.
            DownloadFailed: it has none.
            LookupTimeout: they weren't found in time.
            ReadTimeout: the deadline has passed.
        """
        addresses = self.lookups.run(partial(self.resolve, host, port), timeout_s=self.deadline.timeout_s(None))
        if not addresses:
            raise DownloadFailed
        if not all(self.validate(address, port) for address in addresses):
            raise UnsafeAddress
        return str(addresses[0])
