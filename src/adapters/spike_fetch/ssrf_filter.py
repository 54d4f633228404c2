"""Which addresses belong to the public internet.

Python's `is_global` follows the registries as of its release, so it is asked too, but isn't relied on.
"""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# https://www.iana.org/assignments/iana-ipv4-special-registry, whether globally reachable or not
_SPECIAL_IPV4: Final = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598)
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link-local (RFC 3927), with the metadata servers of clouds
        "172.16.0.0/12",  # private use
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private use
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved (RFC 1112), and the broadcast address
        # not in the registry: Azure's platform services, on every virtual machine there
        "168.63.129.16/32",
    )
)

# the addresses that IANA has assigned to unicast (RFC 4291, section 2.4); outside are the embedded IPv4 addresses
# ::/96, ::ffff:0:0/96 and NAT64's 64:ff9b::/96 and 64:ff9b:1::/48, discard and dummy prefixes 100::/64 and
# 100:0:0:1::/64, SRv6's 5f00::/16, and local, link-local, site-local and multicast addresses
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it is within global unicast
_SPECIAL_IPV6: Final = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments (RFC 2928), with Teredo (RFC 4380), ORCHID and benchmarking
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4 (RFC 3056), which embeds IPv4 addresses
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
        "3ffe::/16",  # not in the registry: the former 6bone (RFC 3701)
        "3fff::/20",  # documentation (RFC 9637)
    )
)


def is_public(address: Address) -> bool:
    """Return whether the address belongs to the public internet and to no private network or special purpose."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    match address:
        case ipaddress.IPv4Address():
            return not any(address in network for network in _SPECIAL_IPV4)
        case ipaddress.IPv6Address():
            return address in _GLOBAL_UNICAST and not any(address in network for network in _SPECIAL_IPV6)
