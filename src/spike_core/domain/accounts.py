"""Accounts: users, their sessions, and the secrets that authenticate them.

A secret is shown once and stored only as its SHA-256. Secrets are random and at least 256 bits long, so they can't be
guessed and a fast hash is enough.
"""

import hashlib
import re
from datetime import datetime
from typing import Final, Self

from attrs import field, frozen

from spike_core.domain.errors import InvalidValue, Unauthenticated
from spike_core.domain.identifiers import UserId

API_KEY_PREFIX: Final = "sk_live_"
_SHOWN_CHARS: Final = len(API_KEY_PREFIX) + 4
# lone surrogates are excluded: databases and mail servers can't store them
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,64}@[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,189}")


@frozen(order=True)
class Email:
    """An e-mail address in lower case. It identifies an account; that mail can be delivered to it isn't verified."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address that `text` spells.

        Raises:
            InvalidValue: it has no name, no host, or white space.
        """
        address = text.strip().lower()
        if _EMAIL.fullmatch(address) is None:
            raise InvalidValue(what="email", rule="must look like name@host")
        return cls(address)

    def __str__(self) -> str:
        """Return the address."""
        return self.text


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


@frozen(kw_only=True)
class User:
    """A person with an account."""

    id: UserId
    email: Email
    created_at: datetime


@frozen(kw_only=True)
class Session:
    """A signed-in browser or script, until it expires."""

    hash: SecretHash
    user_id: UserId
    created_at: datetime
    expires_at: datetime

    def owner(self, *, now: datetime) -> UserId:
        """Return the session's user.

        Raises:
            Unauthenticated: it has expired.
        """
        if now >= self.expires_at:
            raise Unauthenticated
        return self.user_id
