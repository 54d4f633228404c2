"""The secrets port."""

from typing import Protocol

from spike_core.domain.secrets import Secret


class Secrets(Protocol):
    """Generates unguessable secrets, of at least 256 random bits each."""

    def session_token(self) -> Secret:
        """Return a new session token."""

    def api_key(self) -> Secret:
        """Return a new API key, which starts with `API_KEY_PREFIX`."""

    def share_token(self) -> Secret:
        """Return a new share token for an unlisted album."""
