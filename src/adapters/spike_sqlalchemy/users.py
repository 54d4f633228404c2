"""Accounts in a database."""

from collections.abc import Sequence
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, select

from spike_core.domain.accounts import Email, ExternalIdentity, User
from spike_core.domain.errors import EmailTaken, IdentityTaken, UserNotFound
from spike_core.domain.identifiers import UserId
from spike_sqlalchemy.prepared_statements import Prepared, insert_unless
from spike_sqlalchemy.rows import user_of, user_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import identities, users

_ADD_USER: Final = insert_unless(users, unique=["email"])
_USER_BY_EMAIL: Final = Prepared(select(users).where(users.c.email == bindparam("address")))
_USER: Final = Prepared(select(users).where(users.c.id == bindparam("user")))
_LINK: Final = insert_unless(identities, unique=["issuer", "subject"])
_USER_BY_IDENTITY: Final = Prepared(
    select(users)
    .join(identities, identities.c.user_id == users.c.id)
    .where(identities.c.issuer == bindparam("issuer_"), identities.c.subject == bindparam("subject_"))
)
_PAGE: Final = Prepared(
    select(users).where(users.c.id > bindparam("after")).order_by(users.c.id).limit(bindparam("rows_max"))
)


@frozen
class SqlAlchemyUsers:
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

    def link(self, identity: ExternalIdentity, user_id: UserId) -> None:
        """Link an identity to a user."""
        row = {"issuer": identity.issuer, "subject": identity.subject, "user_id": user_id.text}
        if not self._statements.write(_LINK, row):
            raise IdentityTaken

    def user_by_identity(self, identity: ExternalIdentity) -> User:
        """Return the user whom the identity is linked to."""
        named = {"issuer_": identity.issuer, "subject_": identity.subject}
        for row in self._statements.rows(_USER_BY_IDENTITY, named):
            return user_of(row)
        raise UserNotFound

    def page(self, *, after: UserId | None = None, limit: int) -> Sequence[User]:
        """Return a page of users, by id."""
        above = "" if after is None else after.text
        return [user_of(row) for row in self._statements.rows(_PAGE, {"after": above, "rows_max": limit})]
