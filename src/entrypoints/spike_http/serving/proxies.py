"""Who is really asking, behind proxies: only what a trusted one says is believed.

A proxy appends the address that it was called from to `X-Forwarded-For`. So the list is read from its end, and the
first address that isn't a trusted proxy's is the client's; whatever stands before it, the client may have made up.
"""

import ipaddress
from collections.abc import Sequence
from typing import Self

import falcon
from attrs import frozen

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_IPV6_CLIENT_BITS = 64  # what one client usually has to itself (RFC 6177)


@frozen
class Proxies:
    """The trusted proxies, by network."""

    trusted: Sequence[Network]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the proxies that a setting names: addresses or networks, with commas or blanks between.

        Raises:
            ValueError: one of them is neither.
        """
        return cls([ipaddress.ip_network(part) for part in text.replace(",", " ").split()])

    def client(self, req: falcon.Request) -> str:
        """Return what stands for the client: its IPv4 address, or the /64 network of its IPv6 one."""
        peer = _address(req.remote_addr)
        if peer is None:  # a socket in the file system
            return req.remote_addr
        forwarded = req.get_header("X-Forwarded-For") or ""
        for text in reversed(forwarded.split(",")):
            if not self._is_trusted(peer):
                break
            named = _address(text.strip())
            if named is None:
                break
            peer = named
        return _client(peer)

    def trust(self, req: falcon.Request) -> bool:
        """Return whether the request comes from a trusted proxy, whose word counts."""
        peer = _address(req.remote_addr)
        return peer is not None and self._is_trusted(peer)

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self.trusted)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _client(address: Address) -> str:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.ip_network((address, _IPV6_CLIENT_BITS), strict=False))
