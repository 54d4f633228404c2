"""The laws of `Accounts`."""

from datetime import timedelta

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_body
from spike_core.domain.accounts import Email, ExternalIdentity, Session, User
from spike_core.domain.errors import EmailTaken, IdentityTaken, UserNotFound
from spike_core.domain.identifiers import UserId
from spike_core.domain.secrets import Secret
from spike_core.ports.transactions import Transactions


class UsersContract:
    """Laws every Accounts adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_a_user_is_found_by_email_as_it_was_added(self, transactions: Transactions) -> None:
        user, other = a_user(), a_user()
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.users.add_user(other)
        with transactions.view() as tx:
            assert tx.users.user_by_email(user.email) == user
            assert tx.users.user_by_email(other.email) == other

    def test_a_user_is_found_by_id(self, transactions: Transactions) -> None:
        user, other = a_user(), a_user()
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.users.add_user(other)
        with transactions.view() as tx:
            assert tx.users.user(user.id) == user
            assert tx.users.user(other.id) == other

    def test_an_unknown_id_is_nobodys(self, transactions: Transactions) -> None:
        with transactions.view() as tx, pytest.raises(UserNotFound):
            tx.users.user(a_user().id)

    def test_an_unknown_email_is_nobodys(self, transactions: Transactions) -> None:
        with transactions.view() as tx, pytest.raises(UserNotFound):
            tx.users.user_by_email(a_user().email)

    def test_an_email_is_taken_once(self, transactions: Transactions) -> None:
        """The error leaves the first user and the transaction unchanged."""
        user, third = a_user(), a_user()
        with transactions.begin() as tx:
            tx.users.add_user(user)
        with transactions.begin() as tx:
            with pytest.raises(EmailTaken):
                tx.users.add_user(evolve(a_user(), email=user.email))
            tx.users.add_user(third)
        with transactions.view() as tx:
            assert tx.users.user_by_email(user.email) == user
            assert tx.users.user_by_email(third.email) == third

    def test_an_identity_is_its_users_and_no_similar_one_is(self, transactions: Transactions) -> None:
        """Issuer and subject count together, and a user may have several."""
        user, other = a_user(), a_user()
        mine, too, others = an_identity("app", "1"), an_identity("shop", "1"), an_identity("app", "2")
        with transactions.begin() as tx:
            for each in (user, other):
                tx.users.add_user(each)
            tx.users.link(mine, user.id)
            tx.users.link(too, user.id)
            tx.users.link(others, other.id)
        with transactions.view() as tx:
            assert [tx.users.user_by_identity(each) for each in (mine, too, others)] == [user, user, other]
            for unknown in (an_identity("shop", "2"), an_identity("App", "1"), an_identity("app", "1 ")):
                with pytest.raises(UserNotFound):
                    tx.users.user_by_identity(unknown)

    def test_an_identity_is_linked_once(self, transactions: Transactions) -> None:
        """The error leaves the link and the transaction unchanged."""
        user, other = a_user(), a_user()
        identity, another = an_identity("app", "1"), an_identity("app", "2")
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.users.add_user(other)
            tx.users.link(identity, user.id)
        with transactions.begin() as tx:
            for each in (user, other):
                with pytest.raises(IdentityTaken):
                    tx.users.link(identity, each.id)
            tx.users.link(another, other.id)
        with transactions.view() as tx:
            assert tx.users.user_by_identity(identity) == user
            assert tx.users.user_by_identity(another) == other

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_pages_of_users_follow_one_another_by_id(self, transactions: Transactions, limit: int) -> None:
        users = [a_user() for _ in range(3)]
        with transactions.begin() as tx:
            for user in reversed(users):
                tx.users.add_user(user)
        read: list[User] = []
        with transactions.view() as tx:
            while page := tx.users.page(after=read[-1].id if read else None, limit=limit):
                assert len(page) <= limit
                assert not read or page[0].id > read[-1].id
                read.extend(page)
        assert [user for user in read if user in users] == users
        assert read == sorted(read, key=lambda user: user.id)


def a_user() -> User:
    body = a_body()
    return User(id=UserId.of(body), email=Email(f"{body}@example.org"), created_at=NOON)


def a_session(user: User) -> Session:
    return Session(hash=Secret(a_body()).hash, user_id=user.id, created_at=NOON, expires_at=NOON + timedelta(days=30))


def an_identity(issuer: str, subject: str) -> ExternalIdentity:
    return ExternalIdentity(issuer=issuer, subject=subject)
