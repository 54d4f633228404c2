"""The API keys port."""

from collections.abc import Sequence
from typing import Protocol

from spike_core.domain.accounts import SecretHash
from spike_core.domain.api_keys import ApiKey
from spike_core.domain.identifiers import ApiKeyId, UserId


class ApiKeys(Protocol):
    """The API keys of all users, within one transaction."""

    def put(self, key: ApiKey) -> None:
        """Store a new API key, or the new state of one that exists. Its user must be stored."""

    def get(self, key_id: ApiKeyId) -> ApiKey:
        """Return the API key with this id, revoked or not.

        Raises:
            ApiKeyNotFound: there is none.
        """

    def by_hash(self, hash_: SecretHash) -> ApiKey:
        """Return the API key with this hash, revoked or not.

        Raises:
            Unauthenticated: there is none.
        """

    def lock(self, user_id: UserId) -> None:
        """Lock the user's keys until the transaction ends: who counts them after this counts right.

        There may be no key yet, so it is the user that is locked. Where a database has one writer at a time (SQLite's
        `BEGIN IMMEDIATE`), the transaction is the lock; PostgreSQL locks the user's row, `FOR NO KEY UPDATE`.

        Raises:
            UserNotFound: there is no such user.
        """

    def active(self, user_id: UserId) -> Sequence[ApiKey]:
        """Return the user's keys that aren't revoked, newest first; there are `API_KEYS_ACTIVE_MAX` at most."""

    def revoked(self, user_id: UserId, *, limit: int) -> Sequence[ApiKey]:
        """Return the newest of the user's revoked keys, newest first by their creation."""
