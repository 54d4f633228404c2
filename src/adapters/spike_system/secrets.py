"""Random secrets."""

import secrets
from typing import Final

from attrs import frozen

from spike_core.domain.secrets import Secret

SECRET_BYTES: Final = 32


@frozen
class SystemSecrets:
    """Generates secrets from the system's random source, with characters that are safe in URLs, headers and cookies."""

    def session_token(self) -> Secret:
        """Return a new session token; see the port."""
        return Secret(secrets.token_urlsafe(SECRET_BYTES))

    def api_key(self) -> Secret:
        """Return a new API key; see the port."""
        return Secret.api_key(secrets.token_urlsafe(SECRET_BYTES))

    def share_token(self) -> Secret:
        """Return a new share token; see the port."""
        return Secret(secrets.token_urlsafe(SECRET_BYTES))
