"""Mutants of users, sessions, API keys and their charges."""

from datetime import datetime, timedelta
from typing import Any, Final

from attrs import evolve

from mutants.mutant import Mutant, backwards, instead_of, nothing, with_arguments
from spike_contracts.api_key_charges import ApiKeyChargesContract as Charges
from spike_contracts.api_keys import ApiKeysContract as Keys
from spike_contracts.sessions import SessionsContract as Sessions
from spike_contracts.users import UsersContract as Users
from spike_core.domain.api_keys import ApiKey, Month
from spike_core.domain.errors import ApiKeyNotFound, EmailTaken, IdentityTaken, Unauthenticated, UserNotFound
from spike_core.domain.identifiers import ApiKeyId, UserId
from spike_core.domain.secrets import SecretHash
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_memory.api_key_charges import MemoryApiKeyCharges
from spike_memory.api_keys import MemoryApiKeys
from spike_memory.sessions import MemorySessions
from spike_memory.users import MemoryUsers


def _any_of(rows: Any, name: str) -> Any:
    return next(iter(getattr(rows._rows.state, name).values()))


def _with_any_hash(by_hash: Any, keys: MemoryApiKeys, hash_: SecretHash) -> Any:
    sessions = keys._rows.state.sessions
    return _any_of(keys, "api_keys") if hash_ in sessions else by_hash(keys, hash_)


def _oldest_first(_keep: Any, sessions: MemorySessions, user_id: UserId, *, count: int) -> None:
    own = [session for session in sessions._rows.state.sessions.values() if session.user_id == user_id]
    for session in sorted(own, key=lambda session: session.created_at)[count:]:
        del sessions._rows.state.sessions[session.hash]


def _note_any_use(_note: Any, sessions: MemorySessions, hash_: SecretHash, *, now: datetime) -> None:
    kept = sessions._rows.check_writable().sessions
    if hash_ in kept:
        kept[hash_] = evolve(kept[hash_], last_used_at=now)


def _spent_ever(_spent: Any, charges: MemoryApiKeyCharges, key_id: ApiKeyId, *, month: Month) -> Tokens:
    kept = charges._rows.state.api_key_charges.values()
    return sum((each.tokens for each in kept if each.api_key_id == key_id), NO_TOKENS)


def _spent_by_all(_spent: Any, charges: MemoryApiKeyCharges, key_id: ApiKeyId, *, month: Month) -> Tokens:
    kept = charges._rows.state.api_key_charges.values()
    return sum((each.tokens for each in kept if each.month == month), NO_TOKENS)


def _take_back_any(take_back: Any, charges: MemoryApiKeyCharges, job_id: Any) -> None:
    kept = charges._rows.check_writable().api_key_charges
    if job_id not in kept and kept:
        kept.pop(next(iter(kept)))
    take_back(charges, job_id)


def _without_expiry(put: Any, keys: MemoryApiKeys, key: ApiKey) -> None:
    put(keys, evolve(key, expires_at=None))


MUTANTS: Final = [
    Mutant(
        "stores a user under another address",
        MemoryUsers,
        "add_user",
        lambda add, users, user: add(users, evolve(user, created_at=user.created_at + timedelta(days=1))),
        Users.test_a_user_is_found_by_email_as_it_was_added,
    ),
    Mutant(
        "finds the first user by any id",
        MemoryUsers,
        "user",
        lambda user, users, user_id: _any_of(users, "users"),
        Users.test_a_user_is_found_by_id,
    ),
    Mutant(
        "returns None for an unknown id",
        MemoryUsers,
        "user",
        instead_of(UserNotFound),
        Users.test_an_unknown_id_is_nobodys,
    ),
    Mutant(
        "returns None for an unknown address",
        MemoryUsers,
        "user_by_email",
        instead_of(UserNotFound),
        Users.test_an_unknown_email_is_nobodys,
    ),
    Mutant(
        "ignores a second user of an address",
        MemoryUsers,
        "add_user",
        instead_of(EmailTaken),
        Users.test_an_email_is_taken_once,
    ),
    Mutant(
        "finds an identity by its subject alone",
        MemoryUsers,
        "user_by_identity",
        lambda by_identity, users, identity: users.user(
            next(user_id for each, user_id in users._rows.state.identities.items() if each.subject == identity.subject)
        ),
        Users.test_an_identity_is_its_users_and_no_similar_one_is,
    ),
    Mutant(
        "ignores a second link of an identity",
        MemoryUsers,
        "link",
        instead_of(IdentityTaken),
        Users.test_an_identity_is_linked_once,
    ),
    Mutant(
        "hides expired sessions",
        MemorySessions,
        "add",
        lambda add, sessions, session: add(sessions, session) if session.expires_at > session.created_at else None,
        Sessions.test_a_session_is_found_by_its_hash_expired_or_not,
        fails_with=Unauthenticated,
    ),
    Mutant(
        "lets two remove one session",
        MemorySessions,
        "remove",
        lambda remove, sessions, hash_: [remove(sessions, hash_), 1][1],
        Sessions.test_a_session_is_removed_and_the_users_others_stay,
    ),
    Mutant(
        "returns None for an unknown hash",
        MemorySessions,
        "get",
        instead_of(Unauthenticated),
        Sessions.test_an_unknown_hash_opens_nothing,
    ),
    Mutant(
        "purges sessions that expire at that instant",
        MemorySessions,
        "purge",
        lambda purge, sessions, *, expired_before: purge(
            sessions, expired_before=expired_before + timedelta(microseconds=1)
        ),
        Sessions.test_expired_sessions_are_purged_and_no_others,
    ),
    Mutant(
        "lists sessions oldest first",
        MemorySessions,
        "of_user",
        lambda of_user, sessions, user_id, *, limit: of_user(sessions, user_id, limit=99)[::-1][:limit],
        Sessions.test_a_users_sessions_are_listed_newest_first,
    ),
    Mutant(
        "notes a use that came before",
        MemorySessions,
        "note_use",
        _note_any_use,
        Sessions.test_a_use_is_noted_and_never_an_earlier_one,
    ),
    Mutant(
        "signs every user out",
        MemorySessions,
        "remove_all",
        lambda remove_all, sessions, user_id: sessions._remove(lambda _session: True),
        Sessions.test_all_sessions_of_a_user_are_removed_and_nobody_elses,
    ),
    Mutant(
        "ends sessions older than the key",
        MemorySessions,
        "remove_descendants",
        lambda remove, sessions, user_id, *, since, kept: remove(
            sessions, user_id, since=since - timedelta(days=1), kept=kept
        ),
        Sessions.test_what_may_descend_from_a_key_is_removed_and_nothing_else,
    ),
    Mutant(
        "ends the current session",
        MemorySessions,
        "remove_descendants",
        with_arguments(kept=None),
        Sessions.test_what_may_descend_from_a_key_is_removed_and_nothing_else,
    ),
    Mutant(
        "keeps the oldest sessions",
        MemorySessions,
        "keep_newest",
        _oldest_first,
        Sessions.test_only_the_newest_sessions_of_a_user_are_kept,
    ),
    Mutant(
        "finds only keys that weren't revoked",
        MemoryApiKeys,
        "by_hash",
        lambda by_hash, keys, hash_: None if by_hash(keys, hash_).revoked_at else by_hash(keys, hash_),
        Keys.test_a_key_is_found_by_its_hash_and_by_its_id_revoked_or_not,
    ),
    Mutant(
        "returns None for an unknown hash",
        MemoryApiKeys,
        "by_hash",
        instead_of(Unauthenticated),
        Keys.test_an_unknown_hash_opens_nothing,
    ),
    Mutant(
        "returns None for an unknown id",
        MemoryApiKeys,
        "get",
        instead_of(ApiKeyNotFound),
        Keys.test_an_unknown_id_is_no_key,
    ),
    Mutant(
        "accepts a session's token as a key",
        MemoryApiKeys,
        "by_hash",
        _with_any_hash,
        Keys.test_a_session_is_no_api_key_and_the_other_way_round,
    ),
    Mutant(
        "lists revoked keys in the order of their revocation",
        MemoryApiKeys,
        "revoked",
        lambda revoked, keys, user_id, *, limit: sorted(
            revoked(keys, user_id, limit=99), key=lambda key: key.revoked_at, reverse=True
        )[:limit],
        Keys.test_active_and_revoked_keys_are_listed_apart_each_newest_first,
    ),
    Mutant(
        "lists active keys oldest first",
        MemoryApiKeys,
        "active",
        backwards,
        Keys.test_active_and_revoked_keys_are_listed_apart_each_newest_first,
        Keys.test_keys_of_the_same_moment_are_in_the_order_of_their_ids,
    ),
    Mutant(
        "lists the keys of all users",
        MemoryApiKeys,
        "active",
        lambda active, keys, user_id: [key for key in keys._rows.state.api_keys.values() if key.revoked_at is None],
        Keys.test_nobody_sees_anothers_keys,
    ),
    Mutant("forgets when a key expires", MemoryApiKeys, "put", _without_expiry, Keys.test_a_keys_rules_are_kept),
    Mutant(
        "locks the keys of a user who doesn't exist",
        MemoryApiKeys,
        "lock",
        nothing,
        Keys.test_only_a_user_has_keys_to_lock,
    ),
    Mutant(
        "sums the charges of all months",
        MemoryApiKeyCharges,
        "spent",
        _spent_ever,
        Charges.test_charges_are_summed_by_key_and_month,
    ),
    Mutant(
        "sums the charges of all keys",
        MemoryApiKeyCharges,
        "spent",
        _spent_by_all,
        Charges.test_charges_are_summed_by_key_and_month,
    ),
    Mutant(
        "takes nothing back",
        MemoryApiKeyCharges,
        "take_back",
        nothing,
        Charges.test_a_refund_is_subtracted_from_the_month_of_its_charge_once,
    ),
    Mutant(
        "takes back the charge of another job",
        MemoryApiKeyCharges,
        "take_back",
        _take_back_any,
        Charges.test_a_job_that_no_key_has_ordered_has_nothing_to_take_back,
    ),
    Mutant(
        "returns the first page of users again",
        MemoryUsers,
        "page",
        with_arguments(after=None),
        Users.test_pages_of_users_follow_one_another_by_id,
    ),
    Mutant(
        "returns users in the opposite order",
        MemoryUsers,
        "page",
        backwards,
        Users.test_pages_of_users_follow_one_another_by_id,
    ),
]
