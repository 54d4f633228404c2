"""Accounts in a database."""

from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, insert, select

from spike_core.domain.accounts import ApiKey, Email, SecretHash, Session, User
from spike_core.domain.errors import Unauthenticated, UserNotFound
from spike_sqlalchemy.prepared import Prepared, upsert
from spike_sqlalchemy.rows import api_key_of, api_key_row, session_of, session_row, user_of, user_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import api_keys, sessions, users

_ADD_USER: Final = Prepared(insert(users).inline())
_USER_BY_EMAIL: Final = Prepared(select(users).where(users.c.email == bindparam("address")))
_ADD_SESSION: Final = Prepared(insert(sessions).inline())
_SESSION: Final = Prepared(select(sessions).where(sessions.c.hash == bindparam("secret_hash")))
_PUT_API_KEY: Final = upsert(api_keys)
_API_KEY: Final = Prepared(select(api_keys).where(api_keys.c.hash == bindparam("secret_hash")))


@frozen
class SqlAlchemyAccounts:
    """See the port."""

    _statements: Statements

    def add_user(self, user: User) -> None:
        """Store a new user."""
        self._statements.write_all(_ADD_USER, [user_row(user)])

    def user_by_email(self, email: Email) -> User:
        """Return the user with this address."""
        for row in self._statements.rows(_USER_BY_EMAIL, {"address": email.text}):
            return user_of(row)
        raise UserNotFound

    def add_session(self, session: Session) -> None:
        """Store a new session."""
        self._statements.write_all(_ADD_SESSION, [session_row(session)])

    def session(self, hash_: SecretHash) -> Session:
        """Return the session with this hash."""
        for row in self._statements.rows(_SESSION, {"secret_hash": hash_.text}):
            return session_of(row)
        raise Unauthenticated

    def put_api_key(self, key: ApiKey) -> None:
        """Store an API key."""
        self._statements.write_all(_PUT_API_KEY, [api_key_row(key)])

    def api_key(self, hash_: SecretHash) -> ApiKey:
        """Return the API key with this hash."""
        for row in self._statements.rows(_API_KEY, {"secret_hash": hash_.text}):
            return api_key_of(row)
        raise Unauthenticated
