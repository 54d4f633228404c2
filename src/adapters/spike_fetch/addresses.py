"""Which addresses belong to the public internet."""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# networks that `is_global` accepts in some Python versions although they aren't public: encodings of IPv4 addresses in
# IPv6 (RFC 4291, 6052, 8215, 3056, 4380), site-local addresses (RFC 3879), and the IETF's own (RFC 6890, 7534, 7535)
_NOT_PUBLIC: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "::/96",
        "::ffff:0:0/96",
        "::ffff:0:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "fec0::/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "100.64.0.0/10",
    )
)


def is_public(address: Address) -> bool:
    """Return whether the address belongs to the public internet and to no private network."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address.version == network.version and address in network for network in _NOT_PUBLIC)
