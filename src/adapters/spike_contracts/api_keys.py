"""The laws of `ApiKeys`."""

from datetime import timedelta

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_body
from spike_contracts.users import a_session, a_user
from spike_core.domain.accounts import User
from spike_core.domain.api_keys import ApiKey, ApiKeyName, Scope
from spike_core.domain.errors import ApiKeyNotFound, Unauthenticated, UserNotFound
from spike_core.domain.identifiers import ApiKeyId
from spike_core.domain.secrets import API_KEY_PREFIX, Secret
from spike_core.domain.tokens import Tokens
from spike_core.ports.transactions import Transactions

LATER = NOON + timedelta(hours=1)


class ApiKeysContract:
    """Laws every ApiKeys adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_a_key_is_found_by_its_hash_and_by_its_id_revoked_or_not(self, transactions: Transactions) -> None:
        user = a_user()
        key, other = an_api_key(user), an_api_key(user)
        revoked = key.revoke(now=LATER)
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.api_keys.put(key)
            tx.api_keys.put(other)
            assert tx.api_keys.by_hash(key.hash) == tx.api_keys.get(key.id) == key
            tx.api_keys.put(revoked)
        with transactions.view() as tx:
            assert tx.api_keys.by_hash(key.hash) == tx.api_keys.get(key.id) == revoked
            assert tx.api_keys.by_hash(other.hash) == tx.api_keys.get(other.id) == other

    def test_an_unknown_hash_opens_nothing(self, transactions: Transactions) -> None:
        with transactions.view() as tx, pytest.raises(Unauthenticated):
            tx.api_keys.by_hash(Secret(a_body()).hash)

    def test_an_unknown_id_is_no_key(self, transactions: Transactions) -> None:
        with transactions.view() as tx, pytest.raises(ApiKeyNotFound):
            tx.api_keys.get(ApiKeyId.of(a_body()))

    def test_a_session_is_no_api_key_and_the_other_way_round(self, transactions: Transactions) -> None:
        user = a_user()
        session, key = a_session(user), an_api_key(user)
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.sessions.add(session)
            tx.api_keys.put(key)
        with transactions.view() as tx:
            with pytest.raises(Unauthenticated):
                tx.api_keys.by_hash(session.hash)
            with pytest.raises(Unauthenticated):
                tx.sessions.get(key.hash)

    def test_active_and_revoked_keys_are_listed_apart_each_newest_first(self, transactions: Transactions) -> None:
        """By their creation; at the same instant, the greater id comes first."""
        user = a_user()
        oldest, older, newer, newest = (evolve(an_api_key(user), created_at=NOON + hours(n)) for n in (0, 1, 2, 2))
        revoked = [older.revoke(now=NOON + hours(9)), newest.revoke(now=NOON + hours(8))]
        with transactions.begin() as tx:
            tx.users.add_user(user)
            for key in (newer, *revoked, oldest):
                tx.api_keys.put(key)
        with transactions.view() as tx:
            assert list(tx.api_keys.active(user.id)) == [newer, oldest]
            assert list(tx.api_keys.revoked(user.id, limit=2)) == revoked[::-1]
            assert list(tx.api_keys.revoked(user.id, limit=1)) == revoked[1:]

    def test_keys_of_the_same_moment_are_in_the_order_of_their_ids(self, transactions: Transactions) -> None:
        user = a_user()
        keys = [an_api_key(user) for _ in range(5)]
        with transactions.begin() as tx:
            tx.users.add_user(user)
            for key in keys:
                tx.api_keys.put(key)
            assert list(tx.api_keys.active(user.id)) == sorted(keys, key=lambda key: key.id, reverse=True)

    def test_nobody_sees_anothers_keys(self, transactions: Transactions) -> None:
        user, other = a_user(), a_user()
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.users.add_user(other)
            tx.api_keys.put(an_api_key(user))
            tx.api_keys.put(an_api_key(user).revoke(now=LATER))
        with transactions.view() as tx:
            assert [*tx.api_keys.active(other.id), *tx.api_keys.revoked(other.id, limit=10)] == []

    def test_a_keys_rules_are_kept(self, transactions: Transactions) -> None:
        """One scope, some, or all; with an expiry and a limit, or without."""
        user = a_user()
        keys = [
            an_api_key(user),
            evolve(an_api_key(user), scopes=frozenset({Scope.SPEND}), expires_at=LATER, monthly_limit=Tokens(500)),
            evolve(an_api_key(user), scopes=frozenset({Scope.READ, Scope.MANAGE}), monthly_limit=Tokens(2**50)),
        ]
        with transactions.begin() as tx:
            tx.users.add_user(user)
            for key in keys:
                tx.api_keys.put(key)
        with transactions.view() as tx:
            assert [tx.api_keys.get(key.id) for key in keys] == keys

    def test_only_a_user_has_keys_to_lock(self, transactions: Transactions) -> None:
        user = a_user()
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.api_keys.lock(user.id)
            with pytest.raises(UserNotFound):
                tx.api_keys.lock(a_user().id)
            tx.api_keys.put(an_api_key(user))
            assert len(tx.api_keys.active(user.id)) == 1


def hours(count: int) -> timedelta:
    return timedelta(hours=count)


def an_api_key(user: User) -> ApiKey:
    secret = Secret(API_KEY_PREFIX + a_body())
    return ApiKey(
        id=ApiKeyId.of(a_body()),
        user_id=user.id,
        name=ApiKeyName("first"),
        hash=secret.hash,
        shown=secret.shown,
        created_at=NOON,
    )
