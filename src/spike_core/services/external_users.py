"""The users whom another program signs in: found by their identity there, linked or registered at first sight."""

from contextlib import suppress
from typing import Final

from attrs import field, frozen

from spike_core.domain.accounts import Email, ExternalIdentity, SignUpPolicy
from spike_core.domain.errors import (
    EmailTaken,
    IdentityNotLinked,
    IdentityTaken,
    SignUpClosed,
    UserNotFound,
    VerifiedEmailRequired,
)
from spike_core.domain.identifiers import UserId
from spike_core.ports.transactions import Transaction, Transactions
from spike_core.services.accounts import Registration
from spike_core.services.transaction_retries import retry_on_conflict

_TRIES_MAX: Final = 3  # another request may link the same identity, or take the address, meanwhile


@frozen(kw_only=True)
class ExternalUsers:
    """Finds the user of an identity. Once linked, an identity stays its user's, whatever its address becomes."""

    transactions: Transactions
    registration: Registration
    policy: SignUpPolicy = field(factory=SignUpPolicy)

    def user_of(self, identity: ExternalIdentity, *, email: Email | None) -> UserId:
        """Return the user of an identity; where the policy allows it, link or register one at its first request.

        `email` is `None` if the other program names none, or says that it isn't verified. Requests at the same time
        make one user.

        Raises:
            SignUpClosed: it has no user, and the policy registers none.
            IdentityNotLinked: it has no user, and the one with its address isn't linked by the policy.
            VerifiedEmailRequired: it has no user and no verified address.
        """
        with self.transactions.view() as tx:  # most requests, and all that are refused, write nothing
            found = self._found(tx, identity, email=email)
        if found is not None:
            user_id, is_linked = found
            if is_linked:
                return user_id
        return self._linked(identity, email=email)

    @retry_on_conflict
    def _linked(self, identity: ExternalIdentity, *, email: Email | None) -> UserId:
        for _ in range(_TRIES_MAX - 1):
            with suppress(EmailTaken, IdentityTaken):  # the transaction is undone
                return self._link(identity, email=email)
        return self._link(identity, email=email)

    def _link(self, identity: ExternalIdentity, *, email: Email | None) -> UserId:
        with self.transactions.begin() as tx:
            found = self._found(tx, identity, email=email)
            if found is None:
                assert email is not None, "a new user has an address"
                user, _ = self.registration.add(tx, email)
                user_id = user.id
            else:
                user_id, is_linked = found
                if is_linked:
                    return user_id
            tx.users.link(identity, user_id)
            return user_id

    def _found(self, tx: Transaction, identity: ExternalIdentity, *, email: Email | None) -> tuple[UserId, bool] | None:
        """Return the user and whether they are linked already, or `None` for one who is to be registered.

        Raises:
            SignUpClosed, IdentityNotLinked, VerifiedEmailRequired: as `user_of`.
        """
        with suppress(UserNotFound):
            return tx.users.user_by_identity(identity).id, True
        if email is None:
            raise VerifiedEmailRequired
        try:
            user_id = tx.users.user_by_email(email).id
        except UserNotFound:
            if self.policy.is_open:
                return None
            raise SignUpClosed from None
        if not self.policy.links_emails:
            raise IdentityNotLinked
        return user_id, False
