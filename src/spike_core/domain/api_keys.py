"""API keys: credentials of programs, valid until they are revoked."""

from datetime import datetime
from typing import Self

from attrs import evolve, frozen

from spike_core.domain.errors import InvalidValue, TooManyApiKeys, Unauthenticated
from spike_core.domain.identifiers import ApiKeyId, UserId
from spike_core.domain.limits import API_KEY_NAME_CHARS_MAX, API_KEYS_ACTIVE_MAX
from spike_core.domain.secrets import SecretHash
from spike_core.domain.text_rules import has_controls


@frozen
class ApiKeyName:
    """A key's name, by which its owner knows which program uses it. Names needn't be unique."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the name that a person gave.

        Raises:
            InvalidValue: it is blank, longer than `API_KEY_NAME_CHARS_MAX`, or has control characters.
        """
        if not text.strip():
            raise InvalidValue(what="name", rule="must not be blank")
        if len(text) > API_KEY_NAME_CHARS_MAX:
            raise InvalidValue(what="name", rule=f"must have at most {API_KEY_NAME_CHARS_MAX} characters")
        if has_controls(text):
            raise InvalidValue(what="name", rule="must not have control characters")
        return cls(text)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


@frozen(kw_only=True)
class ApiKey:
    """An API key. The secret is shown once; only its hash and its first characters are stored."""

    id: ApiKeyId
    user_id: UserId
    name: ApiKeyName
    hash: SecretHash
    shown: str
    created_at: datetime
    revoked_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether the key authenticates its user."""
        return self.revoked_at is None

    def owner(self) -> UserId:
        """Return the key's user.

        Raises:
            Unauthenticated: it has been revoked.
        """
        if not self.is_active:
            raise Unauthenticated
        return self.user_id

    def revoke(self, *, now: datetime) -> "ApiKey":
        """Return the key, revoked. A key that was revoked before keeps its time of revocation."""
        return evolve(self, revoked_at=now) if self.is_active else self


def check_room(active: int) -> None:
    """Check that a user with `active` keys may create another.

    Raises:
        TooManyApiKeys: the user has `API_KEYS_ACTIVE_MAX`.
    """
    if active >= API_KEYS_ACTIVE_MAX:
        raise TooManyApiKeys(API_KEYS_ACTIVE_MAX)
