"""Accounts: users and their sessions."""

import re
from datetime import datetime
from typing import Final, Self

from attrs import frozen

from spike_core.domain.errors import InvalidValue, Unauthenticated
from spike_core.domain.identifiers import UserId
from spike_core.domain.secrets import SecretHash

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
