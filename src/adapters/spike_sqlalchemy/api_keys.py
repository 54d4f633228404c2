"""API keys in a database."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, select

from spike_core.domain.api_keys import ApiKey
from spike_core.domain.errors import ApiKeyNotFound, Unauthenticated, UserNotFound
from spike_core.domain.identifiers import ApiKeyId, OwnerId
from spike_core.domain.secrets import SecretHash
from spike_sqlalchemy.prepared_statements import Prepared, upsert
from spike_sqlalchemy.rows import api_key_of, api_key_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import api_keys, users

_PUT: Final = upsert(api_keys)
_GET: Final = Prepared(select(api_keys).where(api_keys.c.id == bindparam("key")))
_BY_HASH: Final = Prepared(select(api_keys).where(api_keys.c.hash == bindparam("secret_hash")))
# the weaker of PostgreSQL's two locks: a session may begin meanwhile
_LOCK: Final = Prepared(select(users.c.id).where(users.c.id == bindparam("user")).with_for_update(key_share=True))
_OF_USER: Final = (
    select(api_keys)
    .where(api_keys.c.user_id == bindparam("user"))
    .order_by(api_keys.c.created_at.desc(), api_keys.c.id.desc())
)
_ACTIVE: Final = Prepared(_OF_USER.where(api_keys.c.revoked_at.is_(None)))
_REVOKED: Final = Prepared(_OF_USER.where(api_keys.c.revoked_at.is_not(None)).limit(bindparam("rows_max")))


@frozen
class SqlAlchemyApiKeys:
    """See the port."""

    _statements: Statements

    def put(self, key: ApiKey) -> None:
        """Store an API key."""
        self._statements.write_all(_PUT, [api_key_row(key)])

    def get(self, key_id: ApiKeyId) -> ApiKey:
        """Return the API key with this id."""
        for row in self._statements.rows(_GET, {"key": key_id.text}):
            return api_key_of(row)
        raise ApiKeyNotFound

    def by_hash(self, hash_: SecretHash) -> ApiKey:
        """Return the API key with this hash."""
        for row in self._statements.rows(_BY_HASH, {"secret_hash": hash_.text}):
            return api_key_of(row)
        raise Unauthenticated

    def lock(self, user_id: OwnerId) -> None:
        """Lock the user; on SQLite the one writer there is has all locks."""
        if not self._statements.locked_rows(_LOCK, {"user": user_id.text}):
            raise UserNotFound

    def active(self, user_id: OwnerId) -> Sequence[ApiKey]:
        """Return the user's active keys, newest first."""
        return [api_key_of(row) for row in self._statements.rows(_ACTIVE, {"user": user_id.text})]

    def revoked(self, user_id: OwnerId, *, limit: int) -> Sequence[ApiKey]:
        """Return the user's revoked keys, newest first."""
        rows = self._statements.rows(_REVOKED, {"user": user_id.text, "rows_max": limit})
        return [api_key_of(row) for row in rows]
