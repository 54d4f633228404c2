"""The contract suites notice adapters that break the laws of owners: references, users, policies, identities."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

import pytest
from attrs import evolve

from spike_contracts.authenticator import AuthenticatorContract
from spike_contracts.regeneration import RegenerationPoliciesContract
from spike_contracts.users import UsersContract
from spike_contracts.wallets import WalletsContract
from spike_core.domain.accounts import User
from spike_core.domain.errors import DuplicateEntry, EntryNotFound, InvalidIdentifier, Unauthenticated
from spike_core.domain.identifiers import ANONYMOUS, OwnerId, UserId
from spike_core.domain.ledger import EARN_KINDS, LedgerEntry, Reference
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.wallet import Posting
from spike_core.ports.authenticator import Authenticator, Identity, IncomingRequest
from spike_core.ports.regeneration import RegenerationPolicies
from spike_core.services.regeneration import SamePolicy
from spike_memory import CountingIds, MemoryTransactions
from spike_memory.users import MemoryUsers
from spike_memory.wallets import MemoryWallets

WALLETS, USERS = WalletsContract(), UsersContract()
POST, ENTRY, ENTRIES, PAGE = MemoryWallets.post, MemoryWallets.entry, MemoryWallets.entries, MemoryUsers.page
Law = Callable[[MemoryTransactions], None]


def _entry_of_anybody(wallets: MemoryWallets, _owner_id: OwnerId, reference: Reference) -> LedgerEntry:
    for owner_id in wallets._rows.state.ledgers:
        for entry in ENTRIES(wallets, owner_id, limit=99):
            if entry.reference == reference:
                return entry
    raise EntryNotFound


def _entry_in_any_case(wallets: MemoryWallets, owner_id: OwnerId, reference: Reference) -> LedgerEntry:
    for entry in ENTRIES(wallets, owner_id, limit=99):
        if entry.reference is not None and entry.reference.text.lower() == reference.text.lower():
            return entry
    raise EntryNotFound


def _post_as_another(wallets: MemoryWallets, posting: Posting) -> None:
    """Store entries whose reference is there all the same."""
    numbers = count(len(wallets._rows.state.ledgers.get(posting.wallet.owner_id, ())))
    entries = [
        evolve(entry, reference=entry.reference and Reference(f"{entry.reference} {next(numbers)}"))
        for entry in posting.entries
    ]
    POST(wallets, evolve(posting, entries=tuple(entries)))


def _post_some(wallets: MemoryWallets, posting: Posting) -> None:
    """Refuse a posting, but keep the wallet that it has without its entries."""
    try:
        POST(wallets, posting)
    except DuplicateEntry:
        wallets._rows.state.wallets[posting.wallet.owner_id] = posting.wallet
        raise


def _post_once_per_reference_of_all(wallets: MemoryWallets, posting: Posting) -> None:
    named = {entry.reference for ledger in wallets._rows.state.ledgers.values() for entry in ledger} - {None}
    if named & {entry.reference for entry in posting.entries}:
        raise AssertionError("another owner has the reference")
    POST(wallets, posting)


def _post_unspent(wallets: MemoryWallets, posting: Posting) -> None:
    spent = NO_TOKENS if any(entry.kind not in EARN_KINDS for entry in posting.entries) else posting.wallet.spent
    POST(wallets, evolve(posting, wallet=evolve(posting.wallet, spent=spent)))


def _page_by_email(users: MemoryUsers, *, after: UserId | None = None, limit: int) -> Sequence[User]:
    return sorted(PAGE(users, after=after, limit=99), key=lambda user: user.email, reverse=True)[:limit]


BROKEN: dict[str, tuple[type, str, Any, Law]] = {
    "finds other owners' entries": (
        MemoryWallets,
        "entry",
        _entry_of_anybody,
        WALLETS.test_an_entry_is_found_by_its_reference_and_owner,
    ),
    "finds references in any case": (
        MemoryWallets,
        "entry",
        _entry_in_any_case,
        WALLETS.test_an_entry_is_found_by_its_reference_and_owner,
    ),
    "finds an owner's first entry": (
        MemoryWallets,
        "entry",
        lambda wallets, owner_id, _reference: ENTRIES(wallets, owner_id, limit=99)[-1],
        WALLETS.test_an_entry_is_found_by_its_reference_and_owner,
    ),
    "has one reference for all owners": (
        MemoryWallets,
        "post",
        _post_once_per_reference_of_all,
        WALLETS.test_an_entry_is_found_by_its_reference_and_owner,
    ),
    "stores references twice": (
        MemoryWallets,
        "post",
        _post_as_another,
        WALLETS.test_a_reference_is_used_once_by_an_owner,
    ),
    "changes the wallet of a refused posting": (
        MemoryWallets,
        "post",
        _post_some,
        WALLETS.test_a_reference_is_used_once_by_an_owner,
    ),
    "doesn't sum debits": (MemoryWallets, "post", _post_unspent, WALLETS.test_a_debit_is_stored_without_a_job),
    "forgets the policy": (
        MemoryWallets,
        "post",
        lambda wallets, posting: POST(wallets, evolve(posting, wallet=evolve(posting.wallet, policy=None))),
        WALLETS.test_the_policy_that_a_wallet_follows_is_stored_with_it,
    ),
    "returns the first page of users again": (
        MemoryUsers,
        "page",
        lambda users, *, after=None, limit: PAGE(users, after=after and UserId("user_"), limit=limit)[:2],
        partial(USERS.test_pages_of_users_follow_one_another_by_id, limit=1),
    ),
    "returns users in another order": (
        MemoryUsers,
        "page",
        _page_by_email,
        partial(USERS.test_pages_of_users_follow_one_another_by_id, limit=100),
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_adapter_fails_its_law(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter, method, replacement, law = BROKEN[broken]
    law(MemoryTransactions())
    monkeypatch.setattr(adapter, method, replacement)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        law(MemoryTransactions())


class TestSamePolicy(RegenerationPoliciesContract):
    @pytest.fixture
    def policies(self) -> RegenerationPolicies:
        return SamePolicy()

    @pytest.fixture
    def ids(self) -> CountingIds:
        return CountingIds()


class _Fickle:
    def __init__(self) -> None:
        self._caps = count(1)

    def of(self, _owner_id: OwnerId) -> RegenerationPolicy:
        return RegenerationPolicy(cap=Tokens(next(self._caps)))


class _OfKnownOwners:
    def of(self, owner_id: OwnerId) -> RegenerationPolicy | None:
        return RegenerationPolicy() if owner_id == OwnerId("known") else None


POLICIES = RegenerationPoliciesContract()


@pytest.mark.parametrize(
    ("policies", "law"),
    [
        (_Fickle(), POLICIES.test_the_same_owner_has_the_same_policy_again),
        (_Fickle(), POLICIES.test_threads_may_ask_at_once),
        (_OfKnownOwners(), partial(POLICIES.test_every_owner_has_a_policy, ids=CountingIds())),
    ],
)
def test_broken_policies_fail_their_law(policies: RegenerationPolicies, law: Callable[..., None]) -> None:
    law(SamePolicy())
    with pytest.raises(AssertionError):
        law(policies)


ADA = Identity(owner_id=OwnerId("ada"))
ASKED = IncomingRequest(method="GET", headers={"authorization": "Bearer t"})
AUTHENTICATORS = AuthenticatorContract()


class _Sound:
    """Knows one token."""

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        if "authorization" not in request.headers:
            return None
        if request.bearer_token != "t":
            raise Unauthenticated
        return ADA


class _RefusesAll(_Sound):
    def authenticate(self, request: IncomingRequest) -> Identity | None:
        return super().authenticate(evolve(request, headers={"authorization": "", **request.headers}))


class _NamesNobody(_Sound):
    def authenticate(self, request: IncomingRequest) -> Identity | None:
        super().authenticate(request)
        return None


class _NamesTheAnonymous(_Sound):
    def authenticate(self, request: IncomingRequest) -> Identity | None:
        identity = super().authenticate(request)
        if identity is not None:
            object.__setattr__(identity := evolve(identity), "owner_id", ANONYMOUS)
        return identity


class _TellsAddresses(_Sound):
    def authenticate(self, request: IncomingRequest) -> Identity | None:
        super().authenticate(request)
        return Identity(owner_id=OwnerId(f"at-{request.remote_address}"))


class _LetsErrorsOut(_Sound):
    def authenticate(self, request: IncomingRequest) -> Identity | None:
        (request.bearer_token or "").encode("ascii")
        return super().authenticate(request)


class _AcceptsAll(_Sound):
    def authenticate(self, request: IncomingRequest) -> Identity | None:
        return ADA if request.bearer_token else super().authenticate(request)


@pytest.mark.parametrize(
    ("authenticator", "law"),
    [
        (_RefusesAll(), AUTHENTICATORS.test_a_request_without_credentials_is_nobodys),
        (_NamesNobody(), partial(AUTHENTICATORS.test_valid_credentials_are_their_owners, request_of_ada=ASKED)),
        (_NamesTheAnonymous(), partial(AUTHENTICATORS.test_valid_credentials_are_their_owners, request_of_ada=ASKED)),
        (
            _TellsAddresses(),
            partial(AUTHENTICATORS.test_the_same_credentials_are_the_same_owners_again, request_of_ada=ASKED),
        ),
        (
            _LetsErrorsOut(),
            partial(
                AUTHENTICATORS.test_strange_credentials_are_invalid_and_no_other_error, request_of_ada=ASKED, text="é"
            ),
        ),
        (
            _AcceptsAll(),
            partial(
                AUTHENTICATORS.test_strange_credentials_are_invalid_and_no_other_error, request_of_ada=ASKED, text="x"
            ),
        ),
    ],
)
def test_broken_authenticators_fail_their_law(authenticator: Authenticator, law: Callable[..., None]) -> None:
    law(_Sound())
    with pytest.raises((AssertionError, UnicodeEncodeError, InvalidIdentifier, Unauthenticated)):
        law(authenticator)
