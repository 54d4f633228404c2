"""API keys: creating, listing, revoking."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.accounts import Email
from spike_core.domain.api_keys import NO_RULES, ApiKey, ApiKeyName, ApiKeyRules, check_room
from spike_core.domain.errors import ApiKeyNotFound
from spike_core.domain.identifiers import ApiKeyId, OwnerId, UserId
from spike_core.domain.limits import API_KEYS_REVOKED_SHOWN_MAX
from spike_core.domain.secrets import Secret, SecretHash
from spike_core.ports.clock import Clock
from spike_core.ports.ids import Ids
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transactions
from spike_core.services.transaction_retries import retry_on_conflict


@frozen(kw_only=True)
class NewApiKey:
    """A new API key, with its secret, which is shown only once."""

    key: ApiKey
    secret: Secret


@frozen(kw_only=True)
class ApiKeys:
    """Creates, lists and revokes users' API keys."""

    transactions: Transactions
    clock: Clock
    ids: Ids
    secrets: Secrets

    def holder(self, email: Email) -> UserId:
        """Return the user with this address.

        Raises:
            UserNotFound: no user has this address.
        """
        with self.transactions.view() as tx:
            return tx.users.user_by_email(email).id

    @retry_on_conflict
    def create(self, user_id: UserId, name: ApiKeyName, rules: ApiKeyRules = NO_RULES) -> NewApiKey:
        """Create a key.

        Keys are counted and stored under one lock, so concurrent requests can't exceed the limit. Expired keys make
        room: they are revoked as of their expiry.

        Raises:
            InvalidValue: no key can have these rules.
            UserNotFound: no user has this id.
            TooManyApiKeys: the user has `API_KEYS_ACTIVE_MAX` active ones.
        """
        secret, now = self.secrets.api_key(), self.clock.now()
        rules.check(now=now)
        with self.transactions.begin() as tx:
            tx.api_keys.lock(user_id)
            keys = tx.api_keys.active(user_id)
            expired = [key for key in keys if key.has_expired(now=now)]
            for key in expired:
                tx.api_keys.put(key.revoke(now=key.expires_at or now))
            check_room(len(keys) - len(expired))
            key = ApiKey(
                id=self.ids.new(ApiKeyId),
                user_id=user_id,
                name=name,
                hash=secret.hash,
                shown=secret.shown,
                created_at=now,
                scopes=rules.scopes,
                expires_at=rules.expires_at,
                monthly_limit=rules.monthly_limit,
            )
            tx.api_keys.put(key)
        return NewApiKey(key=key, secret=secret)

    def of(self, user_id: OwnerId) -> Sequence[ApiKey]:
        """Return the user's keys, newest first: all active ones and the most recent revoked ones."""
        with self.transactions.view() as tx:
            keys = [*tx.api_keys.active(user_id), *tx.api_keys.revoked(user_id, limit=API_KEYS_REVOKED_SHOWN_MAX)]
        return sorted(keys, key=lambda key: (key.created_at, key.id), reverse=True)

    @retry_on_conflict
    def revoke(self, user_id: OwnerId, key_id: ApiKeyId, *, session: SecretHash | None = None) -> ApiKey:
        """Revoke the user's key permanently; revoking it again changes nothing.

        Earlier releases let keys open sessions and didn't record which. So the sessions that they opened since the
        key was created end with it, except the `session` in which the key is revoked.

        Raises:
            UserNotFound: no user has this id.
            ApiKeyNotFound: no key has this id, or it belongs to another user.
        """
        with self.transactions.begin() as tx:
            tx.api_keys.lock(user_id)
            key = tx.api_keys.get(key_id)
            if key.user_id != user_id:
                raise ApiKeyNotFound
            revoked = key.revoke(now=self.clock.now())
            tx.api_keys.put(revoked)
            tx.sessions.remove_descendants(user_id, since=key.created_at, kept=session)
        return revoked
