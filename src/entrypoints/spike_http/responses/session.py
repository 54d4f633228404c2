"""Sessions in responses."""

from attrs import frozen

from spike_core.domain.accounts import Email, User
from spike_core.domain.identifiers import UserId


@frozen(kw_only=True)
class UserView:
    """The signed-in user."""

    id: UserId
    email: Email


@frozen(kw_only=True)
class SessionView:
    """The answer to `GET /api/session` and `POST /api/session`."""

    success: bool = True
    user: UserView | None  # null if no user is signed in

    @classmethod
    def of(cls, user: User | None) -> "SessionView":
        """Return the view of the signed-in user, if there is one."""
        return cls(user=None if user is None else UserView(id=user.id, email=user.email))


@frozen(kw_only=True)
class ClosedSessionView:
    """The answer to `DELETE /api/session`."""

    success: bool = True
