"""API keys in responses. The key itself is shown once, when it is created; its hash never."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from attrs import frozen

from spike_core.domain.api_keys import ApiKey, ApiKeyName, Scope
from spike_core.domain.identifiers import ApiKeyId
from spike_core.domain.tokens import Tokens
from spike_core.services.api_keys import NewApiKey


@frozen(kw_only=True)
class ApiKeyView:
    """An API key in a list."""

    id: ApiKeyId
    name: ApiKeyName
    key_prefix: str
    created_at: datetime
    revoked_at: datetime | None
    is_active: bool
    scopes: list[Scope]
    expires_at: datetime | None
    monthly_limit: Tokens | None
    spent_this_month: Tokens | None

    @classmethod
    def of(cls, key: ApiKey, *, spent: Tokens | None, now: datetime) -> "ApiKeyView":
        """Return the view of a key, which has `spent` so much this month if it has a limit."""
        return cls(
            id=key.id,
            name=key.name,
            key_prefix=key.shown,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
            is_active=key.is_active(now=now),
            scopes=_in_order(key.scopes),
            expires_at=key.expires_at,
            monthly_limit=key.monthly_limit,
            spent_this_month=spent,
        )


@frozen(kw_only=True)
class ApiKeysView:
    """The answer to `GET /api/settings/api-keys`."""

    success: bool = True
    api_keys: list[ApiKeyView]

    @classmethod
    def of(cls, keys: Sequence[ApiKey], *, spent: Mapping[ApiKeyId, Tokens], now: datetime) -> "ApiKeysView":
        """Return the view of a user's keys."""
        return cls(api_keys=[ApiKeyView.of(key, spent=spent.get(key.id), now=now) for key in keys])


@frozen(kw_only=True)
class NewApiKeyView:
    """A new API key, including the key itself, which is shown only here."""

    id: ApiKeyId
    name: ApiKeyName
    key_prefix: str
    created_at: datetime
    scopes: list[Scope]
    expires_at: datetime | None
    monthly_limit: Tokens | None
    key: str

    @classmethod
    def of(cls, new: NewApiKey) -> "NewApiKeyView":
        """Return the view of a new key."""
        return cls(
            id=new.key.id,
            name=new.key.name,
            key_prefix=new.key.shown,
            created_at=new.key.created_at,
            scopes=_in_order(new.key.scopes),
            expires_at=new.key.expires_at,
            monthly_limit=new.key.monthly_limit,
            key=new.secret.text,
        )


@frozen(kw_only=True)
class CreatedApiKeyView:
    """The answer to `POST /api/settings/api-keys`."""

    success: bool = True
    api_key: NewApiKeyView


@frozen(kw_only=True)
class RevokedApiKeyView:
    """The answer to `DELETE /api/settings/api-keys/{key_id}`."""

    success: bool = True
    message: str = "API key revoked successfully"


def _in_order(scopes: Collection[Scope]) -> list[Scope]:
    return [scope for scope in Scope if scope in scopes]
