"""Which claims about a client's address are trusted."""

import pytest
from falcon import testing
from hypothesis import given
from hypothesis import strategies as st

from spike_http.serving.proxies import Proxies

TRUSTED = Proxies.parse("10.0.0.0/8, 192.168.1.1 fd00::/8")


def client(peer: str, forwarded: str | None = None, *, proxies: Proxies = TRUSTED) -> str:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return proxies.client(testing.create_req(headers=headers, remote_addr=peer))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("1.2.3.4", None, "1.2.3.4"),
        ("1.2.3.4", "6.6.6.6", "1.2.3.4"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", "1.2.3.4"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("10.0.0.1", "1.2.3.4, garbage", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("192.168.1.1", " 1.2.3.4 ", "1.2.3.4"),
        ("192.168.1.2", "1.2.3.4", "192.168.1.2"),
        ("::ffff:10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"),
        ("fd00::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8::1", None, "2001:db8::/64"),
        ("fe80::1%eth0", None, "fe80::/64"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str | None, expected: str) -> None:
    assert client(peer, forwarded) == expected


@given(st.lists(st.ip_addresses(v=4).map(str) | st.text("0123456789.,: x", max_size=12), max_size=5))
def test_what_a_client_makes_up_never_counts(made_up: list[str]) -> None:
    """Lesson 19: the leftmost entry was trusted."""
    assert client("1.2.3.4", ", ".join(made_up)) == "1.2.3.4"
    assert client("10.0.0.1", ", ".join([*made_up, "1.2.3.4"])) == "1.2.3.4"


def test_nobody_is_trusted_unless_told() -> None:
    assert client("127.0.0.1", "1.2.3.4", proxies=Proxies.parse("")) == "127.0.0.1"


def test_neighbors_in_one_ipv6_network_are_one_client() -> None:
    assert client("2001:db8::1") == client("2001:db8::ffff:1") != client("2001:db8:0:1::1")
