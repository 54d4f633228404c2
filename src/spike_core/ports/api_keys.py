"""The API key repository port."""

from collections.abc import Sequence
from typing import Protocol

from spike_core.domain.api_keys import ApiKey
from spike_core.domain.identifiers import ApiKeyId, OwnerId
from spike_core.domain.secrets import SecretHash


class ApiKeyRepository(Protocol):
    """All API keys, within one transaction."""

    def put(self, key: ApiKey) -> None:
        """Store a new API key of a stored user, or a key's new state."""

    def get(self, key_id: ApiKeyId) -> ApiKey:
        """Return the API key with this id, revoked or not.

        Raises:
            ApiKeyNotFound: no key has this id.
        """

    def by_hash(self, hash_: SecretHash) -> ApiKey:
        """Return the API key with this hash, revoked or not.

        Raises:
            Unauthenticated: no key has this hash.
        """

    def lock(self, user_id: OwnerId) -> None:
        """Lock the set of the user's keys until the transaction ends, so that they can be counted before one is added.

        Adapters lock the user's row, since there may be no key yet.

        Raises:
            UserNotFound: there is no such user.
        """

    def active(self, user_id: OwnerId) -> Sequence[ApiKey]:
        """Return the user's keys that weren't revoked, at most `API_KEYS_ACTIVE_MAX`, newest first."""

    def revoked(self, user_id: OwnerId, *, limit: int) -> Sequence[ApiKey]:
        """Return at most `limit` of the user's revoked keys, newest first by creation."""
