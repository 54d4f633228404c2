"""The secrets port."""

from typing import Protocol

from spike_core.domain.accounts import Secret


class Secrets(Protocol):
    """Draws secrets that nobody can guess: at least 256 random bits each."""

    def session_token(self) -> Secret:
        """Return a fresh session token."""

    def api_key(self) -> Secret:
        """Return a fresh API key, `API_KEY_PREFIX` in front."""

    def share_token(self) -> Secret:
        """Return a fresh token for an album that is shown to whoever holds it."""
