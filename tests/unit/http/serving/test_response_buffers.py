"""What a connection keeps of a response that is streamed to it."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, Final

import pytest
from waitress.adjustments import Adjustments

from spike_http.serving.connections import BoundedChannel, ConnectionLimits
from spike_http.serving.peers import Peers

PIECE: Final = b"x" * 65_536
KEPT_BYTES_MAX: Final = 4_000_000


class Channel(BoundedChannel):
    """A connection of no listener."""

    peers = Peers(ConnectionLimits(), lambda _address: False)
    parser_class = SimpleNamespace


@pytest.fixture
def connection() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = socket.socketpair()
    server = SimpleNamespace(active_channels={}, pull_trigger=lambda: None)
    channel = Channel(server, ours, ("192.0.2.1", 4711), Adjustments(), map={})
    yield channel, theirs
    channel.handle_close()
    theirs.close()


def kept_bytes(channel: Any) -> int:
    """Return what the buffers of a response hold in memory, sent or not."""
    buffers = [each.buf for each in channel.outbufs if each.buf is not None and not each.overflowed]
    return sum(len(each.file.getbuffer()) for each in buffers)


def test_what_was_sent_is_not_kept(connection: tuple[Channel, socket.socket]) -> None:
    """A client that keeps up costs little memory, and one that doesn't a file: never 16 MB for each thread."""
    channel, client = connection
    kept = []
    for _ in range(400):
        channel.write_soon(PIECE)
        while channel.total_outbufs_len > 300_000:
            client.recv(1_000_000)
            channel.handle_write()
        kept.append(kept_bytes(channel))
    assert max(kept) < KEPT_BYTES_MAX
    kept.clear()
    for _ in range(200):  # the client reads nothing
        channel.write_soon(PIECE)
        kept.append(kept_bytes(channel))
    assert channel.total_outbufs_len > 10_000_000
    assert max(kept) < KEPT_BYTES_MAX
