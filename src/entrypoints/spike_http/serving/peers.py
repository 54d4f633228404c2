"""The open connections of a server, by peer: which are admitted, and which make room.

At a limit the connections that have waited longest for a request make room for new ones.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from attrs import define, field

from spike_http.serving.connections import BoundedChannel, ConnectionLimits
from spike_http.serving.proxies import client_of
from spike_runtime.logs import get_logger

_EVICTED_SHARE: Final = 16  # this part of a limit makes room at once, so that the search is rarely needed


@define(eq=False)
class Peers:
    """The open connections of a server, by the client that the peer's address stands for."""

    limits: ConnectionLimits
    is_proxy: Callable[[str], bool]  # whose connections are many clients'
    _channels: dict[BoundedChannel, str] = field(factory=dict, init=False)
    _counts: Counter[str] = field(factory=Counter, init=False)

    def admit(self, channel: BoundedChannel) -> None:
        """Register a connection.

        At a limit, those that have waited longest for a request are closed; if there are none, this one is.
        """
        address = str(channel.addr[0])
        client = client_of(address)
        others = self._channels
        if self._counts[client] >= self.limits.peer_connections_max and not self.is_proxy(address):
            others = {each: peer for each, peer in self._channels.items() if peer == client}
            has_room = self._make_room(others, self.limits.peer_connections_max)
        else:
            has_room = len(self._channels) < self.limits.connections_max or self._make_room(
                others, self.limits.connections_max
            )
        self._channels[channel] = client
        self._counts[client] += 1
        if not has_room:
            channel.handle_close()

    def has_room_for(self, channel: BoundedChannel, body_bytes: int) -> bool:
        """Return whether a body of this size may be received beside those that others have announced."""
        address = str(channel.addr[0])
        announced = {each: size for each in self._channels if each is not channel and (size := each.body_bytes_max)}
        if sum(announced.values()) + body_bytes > self.limits.bodies_bytes_max:
            return False
        client = client_of(address)
        of_peer = sum(size for each, size in announced.items() if self._channels[each] == client)
        return self.is_proxy(address) or of_peer + body_bytes <= self.limits.peer_bodies_bytes_max

    def forget(self, channel: BoundedChannel) -> None:
        """Unregister a connection."""
        client = self._channels.pop(channel, None)
        if client is not None:
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]

    def close_overdue(self) -> None:
        """Close the connections whose clients have exceeded a deadline."""
        now_s = time.monotonic()
        for channel in [each for each in self._channels if each.is_overdue(self.limits, now_s=now_s)]:
            channel.handle_close()  # which also ends the wait of a thread that writes

    @staticmethod
    def _make_room(channels: Mapping[BoundedChannel, str], limit: int) -> bool:
        """Close some of these connections that have no complete request; return whether there are any."""
        waiting = sorted((each for each in channels if each.awaits_request), key=lambda each: float(each.last_activity))
        evicted: Sequence[BoundedChannel] = waiting[: max(1, limit // _EVICTED_SHARE)]
        for channel in evicted:
            channel.handle_close()
        if evicted:
            get_logger(__name__).warning("too many connections: idle ones are closed", closed=len(evicted))
        return bool(evicted)
