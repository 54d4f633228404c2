"""API keys in responses. The key itself is shown once, when it is created; its hash never."""

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from spike_core.domain.api_keys import ApiKey, ApiKeyName
from spike_core.domain.identifiers import ApiKeyId
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

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyView":
        """Return the view of a key."""
        return cls(
            id=key.id,
            name=key.name,
            key_prefix=key.shown,
            created_at=key.created_at,
            revoked_at=key.revoked_at,
            is_active=key.is_active,
        )


@frozen(kw_only=True)
class ApiKeysView:
    """The answer to `GET /api/settings/api-keys`."""

    success: bool = True
    api_keys: list[ApiKeyView]

    @classmethod
    def of(cls, keys: Sequence[ApiKey]) -> "ApiKeysView":
        """Return the view of a user's keys."""
        return cls(api_keys=[ApiKeyView.of(key) for key in keys])


@frozen(kw_only=True)
class NewApiKeyView:
    """A new API key, including the key itself, which is shown only here."""

    id: ApiKeyId
    name: ApiKeyName
    key_prefix: str
    created_at: datetime
    key: str

    @classmethod
    def of(cls, new: NewApiKey) -> "NewApiKeyView":
        """Return the view of a new key."""
        return cls(
            id=new.key.id,
            name=new.key.name,
            key_prefix=new.key.shown,
            created_at=new.key.created_at,
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
