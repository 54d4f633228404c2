"""API keys: handing out, listing, revoking."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.accounts import Email, Secret
from spike_core.domain.api_keys import ApiKey, ApiKeyName, check_room
from spike_core.domain.errors import ApiKeyNotFound
from spike_core.domain.identifiers import ApiKeyId, UserId
from spike_core.domain.limits import API_KEYS_REVOKED_SHOWN_MAX
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transactions
from spike_core.services.retries import retry_on_conflict


@frozen(kw_only=True)
class NewApiKey:
    """A new API key, with the secret that is never shown again."""

    key: ApiKey
    secret: Secret


@frozen(kw_only=True)
class ApiKeys:
    """Hands out users' API keys, lists and revokes them."""

    transactions: Transactions
    clock: Clock
    ids: Ids
    secrets: Secrets

    def holder(self, email: Email) -> UserId:
        """Return the user with this address.

        Raises:
            UserNotFound: there is none.
        """
        with self.transactions.view() as tx:
            return tx.accounts.user_by_email(email).id

    @retry_on_conflict
    def create(self, user_id: UserId, name: ApiKeyName) -> NewApiKey:
        """Give the user one more key.

        The keys are counted and the new one is stored under one lock, so nobody gets an eleventh by asking twice at
        once.

        Raises:
            UserNotFound: there is no such user.
            TooManyApiKeys: the user has `API_KEYS_ACTIVE_MAX` active ones.
        """
        secret = self.secrets.api_key()
        with self.transactions.begin() as tx:
            tx.api_keys.lock(user_id)
            check_room(len(tx.api_keys.active(user_id)))
            key = ApiKey(
                id=self.ids.new(ApiKeyId),
                user_id=user_id,
                name=name,
                hash=secret.hash,
                shown=secret.shown,
                created_at=self.clock.now(),
            )
            tx.api_keys.put(key)
        return NewApiKey(key=key, secret=secret)

    def of(self, user_id: UserId) -> Sequence[ApiKey]:
        """Return the user's keys, newest first: all active ones, and the newest of the revoked."""
        with self.transactions.view() as tx:
            keys = [*tx.api_keys.active(user_id), *tx.api_keys.revoked(user_id, limit=API_KEYS_REVOKED_SHOWN_MAX)]
        return sorted(keys, key=lambda key: (key.created_at, key.id), reverse=True)

    @retry_on_conflict
    def revoke(self, user_id: UserId, key_id: ApiKeyId) -> ApiKey:
        """Revoke the user's key, for good and from now on; doing it again changes nothing.

        Raises:
            UserNotFound: there is no such user.
            ApiKeyNotFound: there is no such key, or it is somebody else's.
        """
        with self.transactions.begin() as tx:
            tx.api_keys.lock(user_id)
            key = tx.api_keys.get(key_id)
            if key.user_id != user_id:
                raise ApiKeyNotFound
            revoked = key.revoke(now=self.clock.now())
            tx.api_keys.put(revoked)
        return revoked
