"""Ids and secrets that can be foretold: for tests only."""

import itertools
from typing import Final

from spike_core.domain.identifiers import BODY_LENGTH
from spike_core.domain.secrets import Secret
from spike_core.ports.ids import AnyId

_SECRET_CHARS: Final = 43  # as many as 256 bits take in base 64


class CountingIds:
    """Draws 1, 2, 3 and so on."""

    def __init__(self) -> None:
        """Begin at 1."""
        self._count = itertools.count(1)

    def new(self, kind: type[AnyId]) -> AnyId:
        """Return the next identifier; see the port."""
        return kind.of(str(next(self._count)).zfill(BODY_LENGTH))


class CountingSecrets:
    """Draws 1, 2, 3 and so on."""

    def __init__(self) -> None:
        """Begin at 1."""
        self._count = itertools.count(1)

    def session_token(self) -> Secret:
        """Return the next session token; see the port."""
        return Secret(self._next())

    def api_key(self) -> Secret:
        """Return the next API key; see the port."""
        return Secret.api_key(self._next())

    def share_token(self) -> Secret:
        """Return the next share token; see the port."""
        return Secret(self._next())

    def _next(self) -> str:
        return str(next(self._count)).zfill(_SECRET_CHARS)
