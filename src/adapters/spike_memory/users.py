"""Accounts in memory."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.accounts import Email, ExternalIdentity, User
from spike_core.domain.errors import EmailTaken, IdentityTaken, UserNotFound
from spike_core.domain.identifiers import UserId
from spike_memory.state import Rows


@frozen
class MemoryUsers:
    """See the port."""

    _rows: Rows

    def add_user(self, user: User) -> None:
        """Store a new user."""
        state = self._rows.check_writable()
        if user.email in state.users:
            raise EmailTaken
        state.users[user.email] = user

    def user_by_email(self, email: Email) -> User:
        """Return the user with this address."""
        try:
            return self._rows.state.users[email]
        except KeyError as error:
            raise UserNotFound from error

    def user(self, user_id: UserId) -> User:
        """Return the user with this id."""
        for user in self._rows.state.users.values():
            if user.id == user_id:
                return user
        raise UserNotFound

    def link(self, identity: ExternalIdentity, user_id: UserId) -> None:
        """Link an identity to a user."""
        state = self._rows.check_writable()
        if identity in state.identities:
            raise IdentityTaken
        state.identities[identity] = user_id

    def user_by_identity(self, identity: ExternalIdentity) -> User:
        """Return the user whom the identity is linked to."""
        user_id = self._rows.state.identities.get(identity)
        if user_id is None:
            raise UserNotFound
        return self.user(user_id)

    def page(self, *, after: UserId | None = None, limit: int) -> Sequence[User]:
        """Return a page of users, by id."""
        users = sorted(self._rows.state.users.values(), key=lambda user: user.id)
        return [user for user in users if after is None or user.id > after][:limit]
