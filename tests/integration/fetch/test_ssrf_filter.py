"""Classification of public addresses."""

import ipaddress
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_fetch.ssrf_filter import is_public

# Written down from the registries, apart from the table in the code: each block's first and last address are tried.
# https://www.iana.org/assignments/iana-ipv4-special-registry, last updated 2024-08-01
IPV4_REGISTRY: Final = """
    0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
    192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24
    192.88.99.0/24 192.88.99.2/32 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24
    240.0.0.0/4 255.255.255.255/32
"""
# https://www.iana.org/assignments/iana-ipv6-special-registry, last updated 2025-05-07
IPV6_REGISTRY: Final = """
    ::1/128 ::/128 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32 2001:1::1/128
    2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48 2001:10::/28 2001:20::/28 2001:30::/28
    2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10
"""
# multicast, the deprecated forms of local and embedded addresses, and what clouds have inside
OTHERS: Final = "224.0.0.0/4 168.63.129.16/32 ::/96 ::ffff:0:0:0/96 fec0::/10 ff00::/8 3ffe::/16 4000::/3"

NEIGHBORS: Final = [
    "168.63.129.15",
    "168.63.129.17",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.31.195.255",
    "2001:200::1",
    "2003::1",
    "2620:4f:8001::1",
    "2620:4f:7fff::1",
    "3ffd::1",
    "2000::1",
]


@pytest.mark.parametrize("block", [*IPV4_REGISTRY.split(), *IPV6_REGISTRY.split(), *OTHERS.split()])
def test_no_address_of_a_special_purpose_is_public(block: str) -> None:
    network = ipaddress.ip_network(block)
    middle = network[network.num_addresses // 2]
    assert not any(map(is_public, (network[0], middle, network[-1])))


METADATA_SERVERS: Final = ["169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"]


@pytest.mark.parametrize("text", METADATA_SERVERS)
def test_no_metadata_server_of_a_cloud_is_public(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001::1"])
def test_the_public_internet_is(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", NEIGHBORS)
def test_the_neighbors_of_special_blocks_are_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_an_ipv6_one_never_is(address: ipaddress.IPv4Address) -> None:
    """Compatible, mapped and translated addresses, NAT64 by both prefixes, 6to4, Teredo, and ISATAP's link-local."""
    number = int(address)
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::", "fe80::5efe:0:0"):
        assert not is_public(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + number))
    assert not is_public(ipaddress.IPv6Address((0x2002 << 112) + (number << 80)))
    assert not is_public(ipaddress.IPv6Address((0x20010000 << 96) + (0x08080808 << 64) + (number ^ 0xFFFFFFFF)))


@given(st.ip_addresses(v=4, network="10.0.0.0/8") | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_no_private_address_is(address: ipaddress.IPv4Address) -> None:
    assert not is_public(address)
