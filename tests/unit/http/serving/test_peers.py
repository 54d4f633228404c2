"""Which connections count as those of one client."""

from typing import Any, cast

import pytest
from attrs import evolve

from spike_http.serving.connections import BoundedChannel, ConnectionLimits
from spike_http.serving.peers import Peers

LIMITS = evolve(ConnectionLimits(), peer_connections_max=2, bodies_bytes_max=20)
SUBSCRIBER = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3"]


class Channel:
    """A connection that has sent a request, so that it isn't closed for others."""

    awaits_request = False

    def __init__(self, address: str, *, body_bytes: int = 0) -> None:
        self.addr = (address, 4711, 0, 0)
        self.body_bytes_max = body_bytes
        self.is_closed = False

    def handle_close(self) -> None:
        self.is_closed = True


def channel(address: str, *, body_bytes: int = 0) -> Any:
    return cast("BoundedChannel", Channel(address, body_bytes=body_bytes))


@pytest.fixture
def peers() -> Peers:
    return Peers(LIMITS, lambda address: address == "2001:db8:9::9")


def test_the_addresses_of_an_ipv6_network_are_one_client(peers: Peers) -> None:
    first, second, third = channels = [channel(address) for address in SUBSCRIBER]
    for each in channels:
        peers.admit(each)
    assert [first.is_closed, second.is_closed, third.is_closed] == [False, False, True]


@pytest.mark.parametrize("other", ["2001:db8:0:2::1", "192.0.2.1", "::ffff:192.0.2.1", "2001:db8:9::9"])
def test_other_networks_are_other_clients(peers: Peers, other: str) -> None:
    for address in SUBSCRIBER[:2]:
        peers.admit(channel(address))
    admitted = channel(other)
    peers.admit(admitted)
    assert not admitted.is_closed


def test_a_proxy_has_no_share(peers: Peers) -> None:
    channels = [channel("2001:db8:9::9") for _ in range(3)]
    for each in channels:
        peers.admit(each)
    assert not any(each.is_closed for each in channels)


def test_bodies_that_a_network_announces_are_added_up(peers: Peers) -> None:
    peers.admit(channel(SUBSCRIBER[0], body_bytes=8))
    second = channel(SUBSCRIBER[1])
    peers.admit(second)
    assert peers.has_room_for(second, 2)
    assert not peers.has_room_for(second, 3)


def test_a_connection_that_has_ended_is_not_counted(peers: Peers) -> None:
    first, second, third = [channel(address) for address in SUBSCRIBER]
    peers.admit(first)
    peers.admit(second)
    peers.forget(first)
    peers.admit(third)
    assert not third.is_closed
