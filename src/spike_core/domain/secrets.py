"""Secrets: session tokens and API keys, and the hashes under which they are stored.

A secret is shown once and stored only as its SHA-256. Secrets are random and at least 256 bits long, so they can't be
guessed and a fast hash is enough.

An API key ends in a checksum, so that a mistyped or truncated one is recognized without the database, and secret
scanners can tell a key from other text: `sk_live_`, the random part, and 6 base62 digits of the CRC-32 (IEEE 802.3) of
everything before them.
"""

import hashlib
import string
import zlib
from typing import Final, Self

from attrs import field, frozen

API_KEY_PREFIX: Final = "sk_live_"
CHECKSUM_CHARS: Final = 6  # the digits of 2**32 in base 62
_SHOWN_CHARS: Final = len(API_KEY_PREFIX) + 4
_KEY_CHARS_BEFORE_CHECKSUMS: Final = len(API_KEY_PREFIX) + 43  # 256 bits in base64; keys of earlier releases
_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase


@frozen
class Secret:
    """A session token or an API key, in the clear. Never logged, never stored."""

    text: str = field(repr=False)

    @classmethod
    def api_key(cls, random_text: str) -> Self:
        """Return the API key with this random part, which has at least 256 bits."""
        text = API_KEY_PREFIX + random_text
        return cls(text + _checksum(text))

    @property
    def is_api_key(self) -> bool:
        """Whether this is an API key; a session token otherwise."""
        return self.text.startswith(API_KEY_PREFIX)

    @property
    def is_mistyped(self) -> bool:
        """Whether this is an API key with a wrong checksum, which can't exist. Keys of earlier releases have none."""
        if not self.is_api_key or len(self.text) == _KEY_CHARS_BEFORE_CHECKSUMS:
            return False
        return _checksum(self.text[:-CHECKSUM_CHARS]) != self.text[-CHECKSUM_CHARS:]

    @property
    def hash(self) -> "SecretHash":
        """The digest that is stored and looked up; defined for any text, even invalid Unicode."""
        return SecretHash(hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest())

    @property
    def shown(self) -> str:
        """The first characters, by which the owner recognizes an API key."""
        return self.text[:_SHOWN_CHARS]


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode("utf-8", "surrogatepass"))
    digits = ""
    for _ in range(CHECKSUM_CHARS):
        number, digit = divmod(number, len(_BASE62))
        digits = _BASE62[digit] + digits
    return digits


@frozen(order=True)
class SecretHash:
    """The SHA-256 of a secret, 64 hexadecimal digits."""

    text: str
