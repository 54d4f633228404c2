"""API keys in memory."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.api_keys import ApiKey
from spike_core.domain.errors import ApiKeyNotFound, Unauthenticated, UserNotFound
from spike_core.domain.identifiers import ApiKeyId, OwnerId
from spike_core.domain.secrets import SecretHash
from spike_memory.state import Rows


@frozen
class MemoryApiKeys:
    """See the port."""

    _rows: Rows

    def put(self, key: ApiKey) -> None:
        """Store an API key."""
        self._rows.check_writable().api_keys[key.id] = key

    def get(self, key_id: ApiKeyId) -> ApiKey:
        """Return the API key with this id."""
        try:
            return self._rows.state.api_keys[key_id]
        except KeyError as error:
            raise ApiKeyNotFound from error

    def by_hash(self, hash_: SecretHash) -> ApiKey:
        """Return the API key with this hash."""
        for key in self._rows.state.api_keys.values():
            if key.hash == hash_:
                return key
        raise Unauthenticated

    def lock(self, user_id: OwnerId) -> None:
        """Lock the user's keys: there is one writing transaction at a time."""
        users = self._rows.check_writable().users.values()
        if all(user.id != user_id for user in users):
            raise UserNotFound

    def active(self, user_id: OwnerId) -> Sequence[ApiKey]:
        """Return the user's active keys, newest first."""
        return [key for key in self._newest_first(user_id) if key.revoked_at is None]

    def revoked(self, user_id: OwnerId, *, limit: int) -> Sequence[ApiKey]:
        """Return the user's revoked keys, newest first."""
        return [key for key in self._newest_first(user_id) if key.revoked_at is not None][:limit]

    def _newest_first(self, user_id: OwnerId) -> Sequence[ApiKey]:
        keys = [key for key in self._rows.state.api_keys.values() if key.user_id == user_id]
        return sorted(keys, key=lambda key: (key.created_at, key.id), reverse=True)
