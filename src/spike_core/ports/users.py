"""The user repository port."""

from collections.abc import Sequence
from typing import Protocol

from spike_core.domain.accounts import Email, ExternalIdentity, User
from spike_core.domain.identifiers import UserId


class UserRepository(Protocol):
    """All users, within one transaction."""

    def add_user(self, user: User) -> None:
        """Store a new user.

        Raises:
            EmailTaken: another user has this address.
        """

    def user_by_email(self, email: Email) -> User:
        """Return the user with this address.

        Raises:
            UserNotFound: there is no such user.
        """

    def user(self, user_id: UserId) -> User:
        """Return the user with this id.

        Raises:
            UserNotFound: there is no such user.
        """

    def link(self, identity: ExternalIdentity, user_id: UserId) -> None:
        """Link an identity of another program to a user, for good.

        Raises:
            IdentityTaken: it is linked already, to whomever; nothing changes.
        """

    def user_by_identity(self, identity: ExternalIdentity) -> User:
        """Return the user whom the identity is linked to.

        Raises:
            UserNotFound: it isn't linked.
        """

    def page(self, *, after: UserId | None = None, limit: int) -> Sequence[User]:
        """Return at most `limit` users whose ids come after `after`, by code points, in that order."""
