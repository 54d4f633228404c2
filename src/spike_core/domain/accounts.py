"""Accounts: users and their sessions."""

import re
from datetime import datetime, timedelta
from typing import Final, Self

from attrs import Attribute, Factory, field, frozen

from spike_core.domain.errors import InvalidValue, Unauthenticated
from spike_core.domain.identifiers import UserId
from spike_core.domain.secrets import SecretHash

# lone surrogates are excluded: databases and mail servers can't store them
_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,64}@[^@\s\x00-\x1f\x7f\ud800-\udfff]{1,189}")

IDENTITY_CHARS_MAX: Final = 255  # of a subject, by OpenID Connect Core, section 2; also of an issuer
_IDENTITY_PART: Final = re.compile(rf"[^\x00-\x1f\x7f\ud800-\udfff]{{1,{IDENTITY_CHARS_MAX}}}")

USE_NOTED_EVERY: Final = timedelta(minutes=10)  # so that most requests that read write nothing


@frozen(order=True)
class Email:
    """An e-mail address in lower case. It identifies an account; that mail can be delivered to it isn't verified.

    >>> print(Email.parse(" Ada@Example.org"))
    ada@example.org
    """

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


@frozen(kw_only=True, order=True)
class ExternalIdentity:
    """Who a person is for another program that signs people in: an issuer, and a name that it gives to no one else.

    Raises:
        InvalidValue: the issuer or the subject is empty, too long, or has control characters or lone surrogates.
    """

    issuer: str = field()
    subject: str = field()

    @issuer.validator
    @subject.validator
    def _storable(self, attribute: "Attribute[str]", value: str) -> None:
        if _IDENTITY_PART.fullmatch(value) is None:
            raise InvalidValue(what=attribute.name, rule=f"must have 1 to {IDENTITY_CHARS_MAX} printable characters")


@frozen(kw_only=True)
class SignUpPolicy:
    """Who of those whom another program signs in gets an account."""

    is_open: bool = False  # anybody may open one
    links_emails: bool = False  # an identity without one gets that with its e-mail address


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
    # to within `USE_NOTED_EVERY`
    last_used_at: datetime = field(default=Factory(lambda self: self.created_at, takes_self=True))
    is_link: bool = False  # it can only be exchanged for another session, once
    may_descend_from_key: bool = False  # it was opened by a release that let API keys open sessions

    def check_valid(self, *, now: datetime) -> Self:
        """Return the session.

        Raises:
            Unauthenticated: it has expired, or is the session of a sign-in link.
        """
        if self.is_link or now >= self.expires_at:
            raise Unauthenticated
        return self

    def check_redeemable(self, *, now: datetime) -> Self:
        """Return the session of a sign-in link.

        Raises:
            Unauthenticated: it has expired, or isn't the session of a sign-in link.
        """
        if not self.is_link or now >= self.expires_at:
            raise Unauthenticated
        return self

    def is_use_due(self, *, now: datetime) -> bool:
        """Return whether a use at this time is to be noted: the last one was `USE_NOTED_EVERY` ago."""
        return now - self.last_used_at >= USE_NOTED_EVERY
