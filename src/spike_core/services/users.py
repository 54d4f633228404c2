"""Users: looking up those who have an account of Spike's."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.accounts import Email, User
from spike_core.domain.identifiers import OwnerId, UserId
from spike_core.domain.limits import PAGE_SIZE, check_page_size
from spike_core.ports.transactions import Transaction, Transactions


def owner_id_of(tx: Transaction, owner: Email | OwnerId) -> OwnerId:
    """Return the id of the user with this address, or the id that was given.

    Raises:
        UserNotFound: no user has this address.
    """
    return tx.users.user_by_email(owner).id if isinstance(owner, Email) else owner


@frozen(kw_only=True)
class UsersPage:
    """A page of users, in the order of their ids."""

    users: Sequence[User]
    next_after: UserId | None  # where the next page starts, `None` behind the last


@frozen(kw_only=True)
class Users:
    """Looks up users. Owners that an app keeps itself aren't among them."""

    transactions: Transactions

    def by_id(self, user_id: UserId) -> User:
        """Return the user with this id.

        Raises:
            UserNotFound: there is no such user.
        """
        with self.transactions.view() as tx:
            return tx.users.user(user_id)

    def by_email(self, email: Email) -> User:
        """Return the user with this address.

        Raises:
            UserNotFound: there is no such user.
        """
        with self.transactions.view() as tx:
            return tx.users.user_by_email(email)

    def page(self, *, after: UserId | None = None, limit: int = PAGE_SIZE) -> UsersPage:
        """Return a page of all users; `limit` is 1 to `PAGE_SIZE_MAX`.

        Raises:
            InvalidValue: `limit` is out of range.
        """
        check_page_size(limit)
        with self.transactions.view() as tx:
            users = tx.users.page(after=after, limit=limit + 1)
        page = users[:limit]
        return UsersPage(users=page, next_after=page[-1].id if len(users) > limit else None)
