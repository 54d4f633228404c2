"""What API keys may do, how long, and for how many tokens."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from services import VGA, Services
from spike_contracts.api_keys import an_api_key
from spike_contracts.users import a_session
from spike_core.domain.api_keys import ALL_SCOPES, ApiKey, ApiKeyName, ApiKeyRules, Month, Scope
from spike_core.domain.errors import ApiKeyLimitReached, Unauthenticated
from spike_core.domain.identifiers import UserId
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import JobStatus
from spike_core.domain.limits import API_KEYS_ACTIVE_MAX
from spike_core.domain.secrets import API_KEY_PREFIX, Secret
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import NO_TOKENS, Tokens
from spike_core.domain.transitions import unsettled
from spike_core.ports.transactions import Transaction
from spike_memory import MemoryTransactions
from spike_memory.engine import a_picture

CI = ApiKeyName("ci")


@pytest.fixture
def services() -> Services:
    return Services.build()


@pytest.fixture
def ada(services: Services) -> UserId:
    return services.owner()


class CountedViews(MemoryTransactions):
    views = 0

    def view(self) -> AbstractContextManager[Transaction]:
        self.views += 1
        return super().view()


def limited(services: Services, owner: UserId, tokens: int) -> ApiKey:
    return services.accounts.api_keys.create(owner, CI, ApiKeyRules(monthly_limit=Tokens(tokens))).key


def spent(services: Services, key: ApiKey) -> int:
    return services.accounts.api_key_limits.spent([key])[key.id].amount


def test_a_key_has_the_rules_that_it_was_created_with(services: Services, ada: UserId) -> None:
    rules = ApiKeyRules(
        scopes=frozenset({Scope.READ}),
        expires_at=services.clock.now() + timedelta(days=1),
        monthly_limit=Tokens(50),
    )
    key = services.accounts.api_keys.create(ada, CI, rules).key
    assert (key.scopes, key.expires_at, key.monthly_limit) == (rules.scopes, rules.expires_at, rules.monthly_limit)
    assert services.accounts.api_keys.create(ada, CI).key.scopes == ALL_SCOPES


def test_an_expired_key_opens_nothing_and_makes_room(services: Services, ada: UserId) -> None:
    expiring = ApiKeyRules(expires_at=services.clock.now() + timedelta(hours=1))
    keys = [services.accounts.api_keys.create(ada, CI, expiring) for _ in range(API_KEYS_ACTIVE_MAX - 1)]
    services.pass_time(timedelta(hours=1))
    with pytest.raises(Unauthenticated):
        services.accounts.authentication.authenticate(keys[0].secret)
    new = services.accounts.api_keys.create(ada, CI).key
    revoked = {key.id: key.revoked_at for key in services.accounts.api_keys.of(ada) if key.revoked_at}
    assert revoked == {key.key.id: expiring.expires_at for key in keys}
    assert new.id not in revoked


def test_a_mistyped_key_is_refused_without_the_database() -> None:
    """The old ones, which have no checksum, are looked up."""
    transactions = CountedViews()
    services = Services.build(transactions=transactions)
    registered = services.register()
    good = registered.api_key.text
    before = transactions.views
    typos = [
        good[:-1],
        good + "x",
        good[:20] + "x" + good[21:],
        good[:30] + good[31] + good[30] + good[32:],
        "sk_live_",
    ]
    for text in [typo for typo in typos if typo != good]:
        with pytest.raises(Unauthenticated):
            services.accounts.authentication.authenticate(Secret(text))
    assert transactions.views == before
    old = Secret(API_KEY_PREFIX + "o" * 43)
    with transactions.begin() as tx:
        tx.api_keys.put(evolve(an_api_key(registered.user), hash=old.hash))
    assert services.accounts.authentication.authenticate(old) == registered.user.id


@given(st.text("abcXYZ019_-", min_size=43, max_size=60), st.integers(0, 200), st.sampled_from("aB3_-"))
def test_one_wrong_character_breaks_the_checksum(random: str, place: int, wrong: str) -> None:
    key = Secret.api_key(random).text
    assert not Secret(key).is_mistyped
    place = len(API_KEY_PREFIX) + place % (len(key) - len(API_KEY_PREFIX))
    assert Secret(key[:place] + wrong + key[place + 1 :]).is_mistyped == (key[place] != wrong)


def test_a_key_spends_its_limit_to_the_last_token_and_no_more(services: Services, ada: UserId) -> None:
    image_id = services.upload(ada).image.id
    key = limited(services, ada, 12)
    paid = services.jobs.enhancements.before_commit(services.accounts.api_key_limits.charging(key))
    paid.enhance(ada, image_id=image_id, tier=Tier.TIER_4K)
    before = services.inventory()
    with pytest.raises(ApiKeyLimitReached) as refused:
        paid.enhance(ada, image_id=image_id, tier=Tier.TIER_2K)
    assert (refused.value.required, refused.value.used, refused.value.limit) == (5, 10, 12)
    assert services.inventory() == before, "the charge is undone"
    paid.enhance(ada, image_id=image_id, tier=Tier.FREE)
    with pytest.raises(ApiKeyLimitReached):
        paid.enhance_in_parallel(ada, image_id=image_id, tiers=[Tier.TIER_1K, Tier.TIER_2K])
    paid.enhance(ada, image_id=image_id, tier=Tier.TIER_1K)
    assert spent(services, key) == 12


def test_every_refund_gives_back_to_the_limit(services: Services, ada: UserId) -> None:
    """A cancellation, a failure and a deletion; of a charge by another key or by a session nothing."""
    image_id = services.upload(ada).image.id
    key, other = limited(services, ada, 30), limited(services, ada, 30)
    hook = services.accounts.api_key_limits.charging(key)
    paid = services.jobs.enhancements.before_commit(hook)
    jobs = [paid.enhance(ada, image_id=image_id, tier=Tier.TIER_4K).job for _ in range(2)]
    services.images.uploads.before_commit(hook).upload(ada, name=ImageName("a.png"), content=BytesIO(a_picture(VGA)))
    mine = services.jobs.enhancements.enhance(ada, image_id=image_id, tier=Tier.TIER_2K).job
    assert (spent(services, key), spent(services, other)) == (22, 0)
    services.jobs.cancellation.cancel(ada, mine.id)
    services.jobs.cancellation.cancel(ada, jobs[0].id)
    assert spent(services, key) == 12
    services.jobs.transitions.fail(unsettled(services.job(jobs[1].id), target=JobStatus.FAILED), reason="no")
    assert spent(services, key) == 2
    for image in services.queries.images(ada).images:
        services.images.deletion.remove(ada, image.id)
    assert spent(services, key) == 0


def test_a_month_begins_anew_and_a_late_refund_counts_for_the_month_of_its_charge(
    services: Services, ada: UserId
) -> None:
    image_id = services.upload(ada).image.id
    key = limited(services, ada, 10)
    paid = services.jobs.enhancements.before_commit(services.accounts.api_key_limits.charging(key))
    services.pass_time(datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC) - services.clock.now())
    late = paid.enhance(ada, image_id=image_id, tier=Tier.TIER_4K).job
    services.pass_time(timedelta(microseconds=1))
    paid.enhance(ada, image_id=image_id, tier=Tier.TIER_4K)
    services.jobs.cancellation.cancel(ada, late.id)
    assert spent(services, key) == 10
    with pytest.raises(ApiKeyLimitReached):
        paid.enhance(ada, image_id=image_id, tier=Tier.TIER_1K)


def test_a_key_without_a_limit_isnt_counted(services: Services, ada: UserId) -> None:
    image_id = services.upload(ada).image.id
    key = services.accounts.api_keys.create(ada, CI).key
    paid = services.jobs.enhancements.before_commit(services.accounts.api_key_limits.charging(key))
    paid.enhance(ada, image_id=image_id, tier=Tier.TIER_4K)
    assert services.accounts.api_key_limits.spent([key]) == {}
    with services.transactions.view() as tx:
        assert tx.api_key_charges.spent(key.id, month=Month.of(services.clock.now())) == NO_TOKENS


def test_revoking_a_key_ends_what_it_may_have_opened(services: Services) -> None:
    """Sessions of earlier releases, opened since; not the one that revokes, nor one that no key can have opened."""
    registered = services.register()
    services.pass_time(timedelta(hours=1))
    key = services.accounts.api_keys.create(registered.user.id, CI).key
    tokens = [Secret(f"session {number}") for number in range(2)]
    with services.transactions.begin() as tx:
        for token in tokens:
            tx.sessions.add(
                evolve(
                    a_session(registered.user),
                    hash=token.hash,
                    created_at=services.clock.now(),
                    expires_at=services.clock.now() + timedelta(days=30),
                    may_descend_from_key=True,
                )
            )
    opened = services.accounts.sessions.open(registered.user.id)
    with services.transactions.view() as tx:
        opener = tx.sessions.get(tokens[1].hash)
    opened_by_it = services.accounts.sessions.open(registered.user.id, opener=opener)
    services.accounts.api_keys.revoke(registered.user.id, key.id, session=tokens[0].hash)
    for token in (tokens[0], opened.token, registered.session_token):
        assert services.accounts.authentication.authenticate(token) == registered.user.id
    for token in (tokens[1], opened_by_it.token):
        with pytest.raises(Unauthenticated):
            services.accounts.authentication.authenticate(token)
    with pytest.raises(Unauthenticated):
        services.accounts.sessions.open(registered.user.id, opener=opener)
