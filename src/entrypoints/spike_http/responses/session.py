"""Sessions, as clients see them."""

from attrs import frozen

from spike_core.domain.accounts import Email, User
from spike_core.domain.identifiers import UserId


@frozen(kw_only=True)
class UserView:
    """Who is signed in."""

    id: UserId
    email: Email


@frozen(kw_only=True)
class SessionView:
    """The answer to `GET /api/session` and `POST /api/session`."""

    success: bool = True
    user: UserView | None  # null where nobody is signed in

    @classmethod
    def of(cls, user: User | None) -> "SessionView":
        """Return the view of a user, or of nobody."""
        return cls(user=None if user is None else UserView(id=user.id, email=user.email))


@frozen(kw_only=True)
class ClosedSessionView:
    """The answer to `DELETE /api/session`."""

    success: bool = True
