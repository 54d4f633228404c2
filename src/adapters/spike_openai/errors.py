"""What goes wrong between us and the server, in words for whoever runs Spike.

None of it leaves the adapter but as the cause of a `GeneratorUnavailable`: a log shows it, a client doesn't see it. The
HTTP library's own errors are left behind, since their frames hold the key.
"""

from attrs import frozen


@frozen
class ServerTrouble(Exception):
    """The server can't be used as it is; asking again at once would end alike."""

    text: str

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@frozen
class PassingTrouble(ServerTrouble):
    """The server may do better in a moment; `pause_s` is how long it wants to be left alone, 0 where it doesn't say."""

    pause_s: float = 0.0


@frozen
class FieldRefused(ServerTrouble):
    """The server doesn't take one of the request's fields."""

    field: str
