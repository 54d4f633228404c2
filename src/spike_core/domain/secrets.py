"""Secrets: session tokens and API keys, and the hashes under which they are stored.

A secret is shown once and stored only as its SHA-256. Secrets are random and at least 256 bits long, so they can't be
guessed and a fast hash is enough.
"""

import hashlib
from typing import Final

from attrs import field, frozen

API_KEY_PREFIX: Final = "sk_live_"
_SHOWN_CHARS: Final = len(API_KEY_PREFIX) + 4


@frozen
class Secret:
    """A session token or an API key, in the clear. Never logged, never stored."""

    text: str = field(repr=False)

    @property
    def is_api_key(self) -> bool:
        """Whether this is an API key; a session token otherwise."""
        return self.text.startswith(API_KEY_PREFIX)

    @property
    def hash(self) -> "SecretHash":
        """The digest that is stored and looked up; defined for any text, even invalid Unicode."""
        return SecretHash(hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest())

    @property
    def shown(self) -> str:
        """The first characters, by which the owner recognizes an API key."""
        return self.text[:_SHOWN_CHARS]


@frozen(order=True)
class SecretHash:
    """The SHA-256 of a secret, 64 hexadecimal digits."""

    text: str
