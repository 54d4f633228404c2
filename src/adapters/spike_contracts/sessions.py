"""The laws of `Sessions`."""

from datetime import timedelta

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_body
from spike_contracts.users import a_session, a_user
from spike_core.domain.accounts import Session
from spike_core.domain.errors import Unauthenticated
from spike_core.domain.secrets import Secret
from spike_core.ports.transactions import Transaction, Transactions


class SessionsContract:
    """Laws every Sessions adapter keeps. Needs the fixture `transactions`, of an empty database."""

    def test_a_session_is_found_by_its_hash_expired_or_not(self, transactions: Transactions) -> None:
        user = a_user()
        live, expired = a_session(user), evolve(a_session(user), expires_at=NOON - timedelta(days=1))
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.sessions.add(live)
            tx.sessions.add(expired)
        with transactions.view() as tx:
            assert tx.sessions.get(live.hash) == live
            assert tx.sessions.get(expired.hash) == expired

    def test_a_session_is_removed_and_the_users_others_stay(self, transactions: Transactions) -> None:
        """Deleting it again is no error."""
        user = a_user()
        ended, other = a_session(user), a_session(user)
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.sessions.add(ended)
            tx.sessions.add(other)
        for removed in (1, 0):
            with transactions.begin() as tx:
                assert tx.sessions.remove(ended.hash) == removed
        with transactions.view() as tx:
            assert tx.sessions.get(other.hash) == other
            with pytest.raises(Unauthenticated):
                tx.sessions.get(ended.hash)

    def test_an_unknown_hash_opens_nothing(self, transactions: Transactions) -> None:
        unknown = Secret(a_body()).hash
        with transactions.view() as tx, pytest.raises(Unauthenticated):
            tx.sessions.get(unknown)

    def test_expired_sessions_are_purged_and_no_others(self, transactions: Transactions) -> None:
        user = a_user()
        live, ending, expired = (
            evolve(a_session(user), expires_at=NOON + timedelta(seconds=seconds)) for seconds in (1, 0, -1)
        )
        with transactions.begin() as tx:
            tx.users.add_user(user)
            for session in (live, ending, expired):
                tx.sessions.add(session)
        with transactions.begin() as tx:
            assert tx.sessions.purge(expired_before=NOON) == 1
            assert tx.sessions.purge(expired_before=NOON) == 0
        with transactions.view() as tx:
            assert tx.sessions.get(live.hash) == live
            assert tx.sessions.get(ending.hash) == ending
            with pytest.raises(Unauthenticated):
                tx.sessions.get(expired.hash)

    def test_a_users_sessions_are_listed_newest_first(self, transactions: Transactions) -> None:
        """Expired ones and links too; at the same moment, the greater hash comes first."""
        user, other = a_user(), a_user()
        older, link, expired = (
            evolve(a_session(user), created_at=NOON),
            evolve(a_session(user), created_at=NOON + timedelta(hours=1), is_link=True),
            evolve(a_session(user), created_at=NOON + timedelta(hours=1), expires_at=NOON),
        )
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.users.add_user(other)
            for session in (older, link, expired, a_session(other)):
                tx.sessions.add(session)
        listed = [*sorted((link, expired), key=lambda session: session.hash, reverse=True), older]
        with transactions.view() as tx:
            assert list(tx.sessions.of_user(user.id, limit=9)) == listed
            assert list(tx.sessions.of_user(user.id, limit=2)) == listed[:2]

    def test_a_use_is_noted_and_never_an_earlier_one(self, transactions: Transactions) -> None:
        user = a_user()
        session, other = a_session(user), a_session(user)
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.sessions.add(session)
            tx.sessions.add(other)
            assert session.last_used_at == session.created_at
            for minutes in (20, 10):
                tx.sessions.note_use(session.hash, now=NOON + timedelta(minutes=minutes))
            tx.sessions.note_use(Secret(a_body()).hash, now=NOON)
        with transactions.view() as tx:
            assert tx.sessions.get(session.hash) == evolve(session, last_used_at=NOON + timedelta(minutes=20))
            assert tx.sessions.get(other.hash) == other

    def test_all_sessions_of_a_user_are_removed_and_nobody_elses(self, transactions: Transactions) -> None:
        user, other = a_user(), a_user()
        kept = a_session(other)
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.users.add_user(other)
            for session in (a_session(user), evolve(a_session(user), is_link=True), kept):
                tx.sessions.add(session)
            assert tx.sessions.remove_all(user.id) == 2
        with transactions.view() as tx:
            assert list(tx.sessions.of_user(user.id, limit=9)) == []
            assert list(tx.sessions.of_user(other.id, limit=9)) == [kept]

    def test_what_may_descend_from_a_key_is_removed_and_nothing_else(self, transactions: Transactions) -> None:
        """Not what was opened before the key was created, nor what no key can have opened, nor the one that is kept."""
        user, other = a_user(), a_user()
        descendant, current = (evolve(a_session(user), may_descend_from_key=True) for _ in range(2))
        earlier = evolve(descendant, hash=Secret(a_body()).hash, created_at=NOON - timedelta(seconds=1))
        newer, others = a_session(user), evolve(a_session(other), may_descend_from_key=True)
        with transactions.begin() as tx:
            tx.users.add_user(user)
            tx.users.add_user(other)
            for session in (descendant, current, earlier, newer, others):
                tx.sessions.add(session)
            assert tx.sessions.remove_descendants(user.id, since=NOON, kept=current.hash) == 1
        with transactions.view() as tx:
            assert {*tx.sessions.of_user(user.id, limit=9)} == {current, earlier, newer}
            assert list(tx.sessions.of_user(other.id, limit=9)) == [others]
        with transactions.begin() as tx:
            assert tx.sessions.remove_descendants(user.id, since=NOON, kept=None) == 1

    def test_only_the_newest_sessions_of_a_user_are_kept(self, transactions: Transactions) -> None:
        user, other = a_user(), a_user()
        sessions = [evolve(a_session(user), created_at=NOON + timedelta(seconds=age)) for age in (3, 1, 2)]
        with transactions.begin() as tx:
            for owner in (user, other):
                tx.users.add_user(owner)
            for session in (*sessions, a_session(other)):
                tx.sessions.add(session)
            assert tx.sessions.count(user.id) == 3
            tx.sessions.keep_newest(user.id, count=2)
        with transactions.view() as tx:
            assert [tx.sessions.count(owner.id) for owner in (user, other)] == [2, 1]
            assert [_is_stored(tx, session) for session in sessions] == [True, False, True]


def _is_stored(tx: Transaction, session: Session) -> bool:
    try:
        return tx.sessions.get(session.hash) == session
    except Unauthenticated:
        return False
