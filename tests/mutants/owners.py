"""Mutants of what an app may decide about owners: authenticators, regeneration policies and price lists."""

import threading
from itertools import count
from typing import Any, Final

from attrs import evolve

from memory_fixtures import ADA, BOB, LostPrices, LostTokens, OneToken
from mutants.mutant import Mutant, raising, returning
from spike_contracts.authenticator import AuthenticatorContract as Authenticators
from spike_contracts.price_list import PriceListContract as Prices
from spike_contracts.regeneration import RegenerationPoliciesContract as Regeneration
from spike_core.domain.errors import InvalidIdentifier, Unauthenticated
from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.orders import Order
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.tokens import Tokens
from spike_core.ports.authenticator import Identity, IncomingRequest
from spike_core.services.pricing import CatalogPrices
from spike_core.services.regeneration import SamePolicy

A_MOMENT_S: Final = 0.0001  # in which other threads go on
SURCHARGES: Final = {ADA: 0, BOB: 1}


def _with_an_empty_header(authenticate: Any, own: OneToken, request: IncomingRequest) -> Any:
    return authenticate(own, evolve(request, headers={"authorization": "", **request.headers}))


def _no_owner(authenticate: Any, own: OneToken, request: IncomingRequest) -> None:
    authenticate(own, request)


def _anonymous(authenticate: Any, own: OneToken, request: IncomingRequest) -> Any:
    identity = authenticate(own, request)
    if identity is not None:
        object.__setattr__(identity, "owner_id", ANONYMOUS)
    return identity


def _by_address(authenticate: Any, own: OneToken, request: IncomingRequest) -> Any:
    authenticate(own, request)
    return Identity(owner_id=OwnerId(f"at-{request.remote_address}"))


def _encoding(authenticate: Any, own: OneToken, request: IncomingRequest) -> Any:
    (request.bearer_token or "").encode("ascii")
    return authenticate(own, request)


def _credulous(authenticate: Any, own: OneToken, request: IncomingRequest) -> Any:
    return Identity(owner_id=ADA) if request.bearer_token else authenticate(own, request)


def _changing() -> Any:
    caps = count(1)
    return lambda _of, _own, _owner_id: RegenerationPolicy(cap=Tokens(next(caps)))


def _of_another_thread() -> Any:
    """Return an `of` that has the policy of the owner whom another thread has asked about meanwhile."""
    current = ADA

    def of(_right: Any, _own: SamePolicy, owner_id: OwnerId) -> RegenerationPolicy:
        nonlocal current
        current = owner_id
        threading.Event().wait(A_MOMENT_S)
        return RegenerationPolicy(cap=Tokens(sum(current.text.encode())))

    return of


def _rising() -> Any:
    prices = count(1)
    return lambda _price, _own, _order, *, owner_id: Tokens(next(prices))


def _as_the_one_before() -> Any:
    """Return a `price` that is the one of the owner asked about last time."""
    last = ADA

    def price(right: Any, own: CatalogPrices, order: Order, *, owner_id: OwnerId) -> Tokens:
        nonlocal last
        charged_as, last = last, owner_id
        return right(own, order, owner_id=owner_id) + Tokens(SURCHARGES[charged_as])  # type: ignore[no-any-return]

    return price


def _as_another_thread() -> Any:
    """Return a `price` that is the one of the owner whom another thread has asked about meanwhile."""
    current = ADA

    def price(right: Any, own: CatalogPrices, order: Order, *, owner_id: OwnerId) -> Tokens:
        nonlocal current
        current = owner_id
        threading.Event().wait(A_MOMENT_S)
        return right(own, order, owner_id=owner_id) + Tokens(SURCHARGES[current])  # type: ignore[no-any-return]

    return price


MUTANTS: Final = [
    Mutant("takes missing credentials for invalid ones", OneToken, "authenticate", _with_an_empty_header,
           Authenticators.test_a_request_without_credentials_is_nobodys, fails_with=Unauthenticated),
    Mutant("names no owner", OneToken, "authenticate", _no_owner,
           Authenticators.test_valid_credentials_are_their_owners),
    Mutant("names the anonymous owner", OneToken, "authenticate", _anonymous,
           Authenticators.test_valid_credentials_are_their_owners, fails_with=InvalidIdentifier),
    Mutant("names owners by their addresses", OneToken, "authenticate", _by_address,
           Authenticators.test_the_same_credentials_are_the_same_owners_again),
    Mutant("takes every token for ASCII", OneToken, "authenticate", _encoding,
           Authenticators.test_strange_credentials_are_invalid_and_no_other_error, fails_with=UnicodeEncodeError),
    Mutant("accepts every token", OneToken, "authenticate", _credulous,
           Authenticators.test_strange_credentials_are_invalid_and_no_other_error),
    Mutant("takes an outage for invalid credentials", LostTokens, "authenticate", raising(Unauthenticated()),
           Authenticators.test_credentials_that_cant_be_checked_are_unavailable_and_not_invalid,
           fails_with=Unauthenticated),
    Mutant("has policies for known owners alone", SamePolicy, "of",
           lambda of, own, owner_id: of(own, owner_id) if owner_id in SURCHARGES else None,
           Regeneration.test_every_owner_has_a_policy),
    Mutant("has another policy at each call", SamePolicy, "of", _changing(),
           Regeneration.test_the_same_owner_has_the_same_policy_again),
    Mutant("keeps the owner where other threads replace it", SamePolicy, "of", _of_another_thread(),
           Regeneration.test_threads_may_ask_at_once),
    Mutant("returns plain numbers", CatalogPrices, "price",
           lambda price, own, order, *, owner_id: price(own, order, owner_id=owner_id).amount,
           Prices.test_every_paid_tier_has_a_price_for_every_kind_of_task),
    Mutant("raises its price with each question", CatalogPrices, "price", _rising(),
           Prices.test_asking_changes_nothing),
    Mutant("returns the price of the owner before", CatalogPrices, "price", _as_the_one_before(),
           Prices.test_asking_changes_nothing, Prices.test_one_owners_price_doesnt_depend_on_who_asked_before),
    Mutant("has prices for known owners alone", CatalogPrices, "price",
           lambda price, own, order, *, owner_id: price(own, order, owner_id=owner_id) + Tokens(SURCHARGES[owner_id]),
           Prices.test_an_owner_it_has_never_heard_of_has_a_price_too, fails_with=KeyError),
    Mutant("keeps the owner where other threads replace it", CatalogPrices, "price", _as_another_thread(),
           Prices.test_many_threads_may_ask_at_once),
    Mutant("is free while its prices are away", LostPrices, "price", returning(Tokens(0)),
           Prices.test_prices_that_cant_be_found_out_are_unavailable),
    Mutant("raises what its server's client raises", LostPrices, "price", raising(ConnectionError()),
           Prices.test_prices_that_cant_be_found_out_are_unavailable, fails_with=ConnectionError),
]  # fmt: skip
