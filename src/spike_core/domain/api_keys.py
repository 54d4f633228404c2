"""API keys: credentials of programs, valid until they are revoked or expire, for what their scopes allow."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import Final, Self

from attrs import evolve, field, frozen, validators

from spike_core.domain.errors import ApiKeyLimitReached, InvalidValue, TooManyApiKeys, Unauthenticated
from spike_core.domain.identifiers import ApiKeyId, JobId, UserId
from spike_core.domain.limits import API_KEY_LIMIT_MAX, API_KEY_NAME_CHARS_MAX, API_KEYS_ACTIVE_MAX
from spike_core.domain.secrets import SecretHash
from spike_core.domain.text_rules import has_controls
from spike_core.domain.tokens import Tokens


class Scope(Enum):
    """What an API key may be used for. No scope includes another."""

    READ = "read"  # read what the user may read
    SPEND = "spend"  # upload, enhance and generate, for tokens or for free, and cancel
    MANAGE = "manage"  # change and delete images, albums, keys and sessions


ALL_SCOPES: Final = frozenset(Scope)


def parse_scopes(texts: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes with these names.

    Raises:
        InvalidValue: there is none, or one is unknown.
    """
    try:
        scopes = frozenset(map(Scope, texts))
    except ValueError:
        scopes = frozenset()
    if not scopes:
        raise InvalidValue(what="scopes", rule=f"must be some of {', '.join(scope.value for scope in Scope)}")
    return scopes


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
    scopes: frozenset[Scope] = field(default=ALL_SCOPES, validator=validators.min_len(1))
    expires_at: datetime | None = None  # `None`: never
    monthly_limit: Tokens | None = None  # that its charges of one month may add up to; `None`: no limit

    def is_active(self, *, now: datetime) -> bool:
        """Return whether the key authenticates its user."""
        return self.revoked_at is None and not self.has_expired(now=now)

    def has_expired(self, *, now: datetime) -> bool:
        """Return whether the key's time is over, whether it was revoked or not."""
        return self.expires_at is not None and now >= self.expires_at

    def check_active(self, *, now: datetime) -> Self:
        """Return the key.

        Raises:
            Unauthenticated: it has been revoked, or has expired.
        """
        if not self.is_active(now=now):
            raise Unauthenticated
        return self

    def check_limit(self, price: Tokens, *, spent: Tokens) -> None:
        """Check that the key may pay `price` in a month in which it has `spent` so much.

        Raises:
            ApiKeyLimitReached: the two exceed the key's monthly limit.
        """
        if self.monthly_limit is not None and spent + price > self.monthly_limit:
            raise ApiKeyLimitReached(required=price.amount, used=spent.amount, limit=self.monthly_limit.amount)

    def revoke(self, *, now: datetime) -> "ApiKey":
        """Return the key, revoked. A key that was revoked before keeps its time of revocation."""
        return evolve(self, revoked_at=now) if self.revoked_at is None else self


@frozen(kw_only=True)
class ApiKeyRules:
    """What a new key may be used for, how long, and for how many tokens."""

    scopes: frozenset[Scope] = ALL_SCOPES
    expires_at: datetime | None = None
    monthly_limit: Tokens | None = None

    def check(self, *, now: datetime) -> None:
        """Check that a key with these rules can be used.

        Raises:
            InvalidValue: it would have expired, or its limit isn't 1 to `API_KEY_LIMIT_MAX` tokens.
        """
        if self.expires_at is not None and self.expires_at <= now:
            raise InvalidValue(what="expiresAt", rule="must be in the future")
        if self.monthly_limit is not None and not 1 <= self.monthly_limit.amount <= API_KEY_LIMIT_MAX:
            raise InvalidValue(what="monthlyLimit", rule=f"must be 1 to {API_KEY_LIMIT_MAX} tokens")


NO_RULES: Final = ApiKeyRules()


@frozen(order=True)
class Month:
    """A calendar month in UTC, such as `2026-11`."""

    text: str

    @classmethod
    def of(cls, time: datetime) -> Self:
        """Return the month that a time is in."""
        return cls(time.astimezone(UTC).strftime("%Y-%m"))


@frozen(kw_only=True)
class ApiKeyCharge:
    """A job's charge that counts for the monthly limit of the key that ordered the job."""

    job_id: JobId
    api_key_id: ApiKeyId
    month: Month
    tokens: Tokens


def check_room(active: int) -> None:
    """Check that a user with `active` keys may create another.

    Raises:
        TooManyApiKeys: the user has `API_KEYS_ACTIVE_MAX`.
    """
    if active >= API_KEYS_ACTIVE_MAX:
        raise TooManyApiKeys(API_KEYS_ACTIVE_MAX)
