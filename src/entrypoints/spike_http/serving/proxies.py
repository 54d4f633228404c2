"""Client addresses behind reverse proxies. Only trusted proxies are believed.

A proxy appends the address of its peer to `X-Forwarded-For`. So the list is read from its end: the first address that
isn't a trusted proxy's is the client's. Whatever precedes it may be forged.
"""

import ipaddress
from collections.abc import Sequence
from typing import Self

import falcon
from attrs import frozen

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_IPV6_CLIENT_BITS = 64  # the prefix that one client usually has to itself (RFC 6177)


@frozen
class Proxies:
    """The networks of the trusted proxies."""

    trusted: Sequence[Network]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a setting: addresses or networks, separated by commas or spaces.

        Raises:
            ValueError: an item is neither an address nor a network.
        """
        return cls([ipaddress.ip_network(part) for part in text.replace(",", " ").split()])

    def client(self, req: falcon.Request) -> str:
        """Return the key that identifies the client: its IPv4 address, or the /64 network of its IPv6 address."""
        peer = _address(req.remote_addr)
        if peer is None:  # a Unix socket
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
        """Return whether the request comes from a trusted proxy, whose forwarding headers are believed."""
        peer = _address(req.remote_addr)
        return peer is not None and self._is_trusted(peer)

    def trusts_address(self, text: str) -> bool:
        """Return whether an address is a trusted proxy's."""
        address = _address(text)
        return address is not None and self._is_trusted(address)

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self.trusted)


def client_of(text: str) -> str:
    """Return the client that an address stands for: the address itself, or an IPv6 subscriber's whole network."""
    address = _address(text)
    return text if address is None else _client(address)


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
