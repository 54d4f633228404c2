"""Quotes: what they say equals what the request that follows is charged, or why it is refused."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import examples
from services import Services
from spike_contracts.builders import a_result, an_album_id, an_image_id
from spike_core.application import Policies
from spike_core.domain.api_keys import ApiKey, ApiKeyName, ApiKeyRules
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.durations import TimedResult, expected_duration
from spike_core.domain.errors import SpikeError
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId
from spike_core.domain.images import ImageName
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Budget, Budgets
from spike_core.services.ingest import InlineImage, WebAddress
from spike_core.services.order_checks import (
    BatchEnhancementOrder,
    EnhancementOrder,
    GenerationOrder,
    ModificationOrder,
    ParallelEnhancementOrder,
    UploadOrder,
)
from spike_core.services.quotes import RequestQuote
from spike_memory.engine import a_picture

TIGHT: Final = Policies(
    budgets=Budgets(owner=Budget(free_jobs=3, paid_jobs=5, image_jobs=2, images=6, stored_bytes=60_000))
)
PICTURE: Final = a_picture(Dimensions(width_px=64, height_px=48))
TIERS: Final = st.sampled_from([Tier.FREE, Tier.TIER_1K, Tier.TIER_2K, Tier.TIER_4K, Tier("TIER_9K")])


@frozen(kw_only=True)
class Known:
    """What requests may name: an owner with little money and a tight budget, images, albums, and a limited key."""

    services: Services
    owner: OwnerId
    key: ApiKey
    images: list[ImageId]
    albums: list[AlbumId | None]


def known(tokens: int) -> Known:
    services = Services.build(policies=TIGHT)
    owner, other = services.owner(tokens=tokens), services.owner("bob@example.org")
    key = services.accounts.api_keys.create(
        owner, name=ApiKeyName("laptop"), rules=ApiKeyRules(monthly_limit=Tokens(12))
    ).key
    quiet = services.album(owner, auto_enhance=False).id
    mine = [services.upload(owner, PICTURE, album_id=quiet).image.id for _ in range(3)]
    return Known(
        services=services,
        owner=owner,
        key=key,
        images=[*mine, services.upload(other).image.id, an_image_id()],
        albums=[
            None,
            quiet,
            services.album(owner, default_tier=Tier.TIER_2K).id,
            services.album(other).id,
            an_album_id(),
        ],
    )


@frozen(kw_only=True)
class Asked:
    """A request, and the quote for it."""

    quote: Callable[[], RequestQuote]
    order: Callable[[], object]


def asked(there: Known, data: st.DataObject) -> Asked:
    """Draw a request that may be refused in many ways."""
    image = st.sampled_from(there.images)
    owner, key, quotes = there.owner, there.key, there.services.quotes
    charging = there.services.accounts.api_key_limits.charging(key)
    tier = data.draw(TIERS)
    enhancements = there.services.jobs.enhancements.before_commit(charging)
    generations = there.services.jobs.generations.before_commit(charging)
    match data.draw(st.sampled_from(["enhance", "blend", "parallel", "batch", "generate", "modify", "upload"])):
        case "enhance" | "blend" as kind:
            id_, other = data.draw(image), data.draw(image)
            is_inline = kind == "blend" and data.draw(st.booleans())
            content = data.draw(st.sampled_from([PICTURE, b"", b"text"]))

            def source() -> ImageId | InlineImage | None:
                return InlineImage(content=io.BytesIO(content)) if is_inline else other if kind == "blend" else None

            return Asked(
                quote=lambda: quotes.of(owner, EnhancementOrder(image_id=id_, tier=tier, source=source()), api_key=key),
                order=lambda: enhancements.enhance(owner, image_id=id_, tier=tier, source=source()),
            )
        case "parallel":
            id_, tiers = data.draw(image), data.draw(st.lists(TIERS, max_size=4))
            return Asked(
                quote=lambda: quotes.of(owner, ParallelEnhancementOrder(image_id=id_, tiers=tiers), api_key=key),
                order=lambda: enhancements.enhance_in_parallel(owner, image_id=id_, tiers=tiers),
            )
        case "batch":
            ids = data.draw(st.lists(image, max_size=4))
            return Asked(
                quote=lambda: quotes.of(owner, BatchEnhancementOrder(image_ids=ids, tier=tier), api_key=key),
                order=lambda: enhancements.enhance_batch(owner, image_ids=ids, tier=tier),
            )
        case "generate":
            return Asked(
                quote=lambda: quotes.of(owner, GenerationOrder(tier=tier), api_key=key),
                order=lambda: generations.generate(
                    owner, prompt=Prompt("sea"), tier=tier, aspect_ratio=AspectRatio.SQUARE
                ),
            )
        case "modify":
            content = data.draw(st.sampled_from([PICTURE, b"", b"text"]))
            return Asked(
                quote=lambda: quotes.of(
                    owner,
                    ModificationOrder(tier=tier, picture=InlineImage(content=io.BytesIO(content))),
                    api_key=key,
                ),
                order=lambda: generations.modify(
                    owner, prompt=Prompt("sea"), tier=tier, picture=InlineImage(content=io.BytesIO(content))
                ),
            )
        case _:
            album_id, named = data.draw(st.sampled_from(there.albums)), data.draw(st.none() | TIERS)
            uploads = there.services.images.uploads.before_commit(charging)
            return Asked(
                quote=lambda: quotes.of(
                    owner,
                    UploadOrder(files_bytes=[len(PICTURE)], tier=named, album_id=album_id, is_batch=False),
                    api_key=key,
                ),
                order=lambda: uploads.upload(
                    owner,
                    name=ImageName("photo.jpg"),
                    content=io.BytesIO(PICTURE),
                    tier=named,
                    album_id=album_id,
                ),
            )


@settings(max_examples=examples(150), deadline=None)
@given(tokens=st.integers(0, 40), data=st.data())
def test_a_quote_says_what_the_request_is_charged_or_why_it_is_refused(tokens: int, data: st.DataObject) -> None:
    there = known(tokens)
    services, owner = there.services, there.owner
    for _ in range(data.draw(st.integers(1, 5))):
        request = asked(there, data)
        services.clock.advance(timedelta(seconds=data.draw(st.integers(0, 900))))
        before, balance = services.inventory(), services.balance(owner)
        quote = outcome(request.quote)
        services.check_nothing_but_time_passed(before)
        refusal = outcome(request.order)
        if isinstance(quote, SpikeError):
            assert repr(quote) == repr(refusal)
            continue
        assert isinstance(quote, RequestQuote)
        assert (quote.balance.amount, quote.is_sufficient) == (balance, quote.tokens.amount <= balance)
        if isinstance(refusal, SpikeError):
            assert repr(quote.refusals[0]) == repr(refusal)
        else:
            assert not quote.refusals
            assert services.balance(owner) == balance - quote.tokens.amount
        services.background.run()


def outcome(call: Callable[[], object]) -> object:
    """Return the result of a call, or the error that it raises."""
    try:
        return call()
    except SpikeError as error:
        return error


def test_a_batch_of_files_is_priced_without_those_that_are_left_out(services: Services) -> None:
    owner = services.owner(tokens=3)
    quote = services.quotes.of(owner, UploadOrder(files_bytes=[10, 0, 10**9, 20], is_batch=True))
    assert (quote.tokens, quote.is_sufficient) == (Tokens(4), False)
    assert [refusal.code for refusal in quote.refusals] == ["not_enough_tokens"]


def test_a_web_address_is_quoted_without_a_download(services: Services) -> None:
    """The downloader in memory knows no page, so a download would fail."""
    quote = services.quotes.of(
        services.owner(), ModificationOrder(tier=Tier.TIER_1K, picture=WebAddress("https://example.org"))
    )
    assert (quote.tokens, [*quote.refusals]) == (Tokens(2), [])


def test_seconds_are_those_of_the_latest_jobs_of_the_same_kind(services: Services) -> None:
    ada, bob = services.owner(), services.owner("bob@example.org")
    quotes = services.quotes
    images = [complete(services, ada, seconds=seconds) for seconds in (3, 5, 40)]
    complete(services, bob, seconds=900)  # another owner's
    services.jobs.generations.generate(ada, prompt=Prompt("sea"), tier=Tier.TIER_1K, aspect_ratio=AspectRatio.SQUARE)
    services.work()  # a creation, which took no time
    of_image = quotes.of(ada, EnhancementOrder(image_id=images[1], tier=Tier.TIER_2K))
    of_all = quotes.of(ada, BatchEnhancementOrder(image_ids=images, tier=Tier.TIER_1K))
    assert of_image.work == timedelta(seconds=4 * 5)
    assert of_all.work == 3 * timedelta(seconds=5)
    assert quotes.of(ada, GenerationOrder(tier=Tier.TIER_1K)).work == timedelta(milliseconds=1)
    assert quotes.of(bob, GenerationOrder(tier=Tier.TIER_1K)).work is None


def complete(services: Services, owner: OwnerId, *, seconds: int) -> ImageId:
    """Upload a picture whose job takes so long, and return its image."""
    job = services.claim(owner)
    services.clock.advance(timedelta(seconds=seconds))
    services.jobs.transitions.complete(job, a_result(job))
    assert job.spec.image_id is not None
    return job.spec.image_id


def test_the_time_of_a_larger_result_bounds_that_of_a_smaller_one() -> None:
    past = [TimedResult(longest_side_px=side, took=timedelta(seconds=took)) for side, took in ((1024, 9), (4096, 16))]
    assert expected_duration(1024, past) == timedelta(seconds=1)
    assert expected_duration(8192, past) == timedelta(seconds=64)
    assert expected_duration(1024, []) is None
