"""Accounts in a database."""

from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, delete, insert, select

from spike_core.domain.accounts import Email, SecretHash, Session, User
from spike_core.domain.errors import EmailTaken, Unauthenticated, UserNotFound
from spike_core.domain.identifiers import UserId
from spike_sqlalchemy.prepared import Prepared, insert_unless
from spike_sqlalchemy.rows import session_of, session_row, user_of, user_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import sessions, users

_ADD_USER: Final = insert_unless(users, unique=["email"])
_USER_BY_EMAIL: Final = Prepared(select(users).where(users.c.email == bindparam("address")))
_USER: Final = Prepared(select(users).where(users.c.id == bindparam("user")))
_ADD_SESSION: Final = Prepared(insert(sessions).inline())
_SESSION: Final = Prepared(select(sessions).where(sessions.c.hash == bindparam("secret_hash")))
_REMOVE_SESSION: Final = Prepared(delete(sessions).where(sessions.c.hash == bindparam("secret_hash")))


@frozen
class SqlAlchemyAccounts:
    """See the port."""

    _statements: Statements

    def add_user(self, user: User) -> None:
        """Store a new user."""
        if not self._statements.write(_ADD_USER, user_row(user)):
            raise EmailTaken

    def user_by_email(self, email: Email) -> User:
        """Return the user with this address."""
        for row in self._statements.rows(_USER_BY_EMAIL, {"address": email.text}):
            return user_of(row)
        raise UserNotFound

    def user(self, user_id: UserId) -> User:
        """Return the user with this id."""
        for row in self._statements.rows(_USER, {"user": user_id.text}):
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

    def remove_session(self, hash_: SecretHash) -> None:
        """Remove the session with this hash."""
        self._statements.write(_REMOVE_SESSION, {"secret_hash": hash_.text})
