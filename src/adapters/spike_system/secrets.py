"""Secrets by chance."""

import secrets
from typing import Final

from attrs import frozen

from spike_core.domain.accounts import API_KEY_PREFIX, Secret

SECRET_BYTES: Final = 32


@frozen
class SystemSecrets:
    """Draws secrets from the system's chance, in characters that URLs, headers and cookies take as they are."""

    def session_token(self) -> Secret:
        """Return a fresh session token; see the port."""
        return Secret(secrets.token_urlsafe(SECRET_BYTES))

    def api_key(self) -> Secret:
        """Return a fresh API key; see the port."""
        return Secret(API_KEY_PREFIX + secrets.token_urlsafe(SECRET_BYTES))

    def share_token(self) -> Secret:
        """Return a fresh share token; see the port."""
        return Secret(secrets.token_urlsafe(SECRET_BYTES))
