"""The secrets port."""

from typing import Protocol

from spike_core.domain.secrets import Secret


class Secrets(Protocol):
    """Generates unguessable secrets, of at least 256 random bits each."""

    def session_token(self) -> Secret:
        """Return a new session token."""

    def api_key(self) -> Secret:
        """Return a new API key, made by `Secret.api_key`: it has the prefix and a checksum."""

    def share_token(self) -> Secret:
        """Return a new share token for an unlisted album."""
