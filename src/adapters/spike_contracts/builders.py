"""Builders of domain values with defaults for everything that a test doesn't specify."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Final

from spike_core.domain.albums import Album, AlbumName
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import BODY_LENGTH, AlbumId, AlbumImageId, ImageId, JobId, OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import (
    CancelledJob,
    ClaimedJob,
    CompletedJob,
    FailedJob,
    Job,
    JobSpec,
    PendingJob,
    RefundedJob,
    Result,
    StartedJob,
)
from spike_core.domain.ledger import EntryKind
from spike_core.domain.objects import ContentDigest, ObjectKey, PictureFormat
from spike_core.domain.tasks import Blend, Enhancement, Generation, JobInput, Modification, Task
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Posting, Wallet

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
LEASE: Final = timedelta(minutes=1)

_numbers = itertools.count(1)


def a_body() -> str:
    """Return a unique body of an identifier."""
    return "b" + str(next(_numbers)).zfill(BODY_LENGTH - 1)  # distinct from those of `CountingIds`


def an_owner() -> OwnerId:
    """Return a unique id of an owner with all that an app's own may have, or nearly."""
    return OwnerId.parse(f"{a_body()}%/..'\"\\é🦊")


def an_image_id() -> ImageId:
    return ImageId.of(a_body())


def a_job_id() -> JobId:
    return JobId.of(a_body())


def an_album_id() -> AlbumId:
    return AlbumId.of(a_body())


def an_album_image_id() -> AlbumImageId:
    return AlbumImageId.of(a_body())


def a_wallet(tokens: int = 100, *, owner_id: OwnerId | None = None, now: datetime = NOON) -> Wallet:
    return an_opening(tokens, owner_id=owner_id, now=now).wallet


def an_opening(tokens: int = 100, *, owner_id: OwnerId | None = None, now: datetime = NOON) -> Posting:
    """Return the posting that opens a wallet with this balance."""
    empty = Wallet.empty(owner_id or an_owner(), now=now)
    return empty.credit(Tokens(tokens), kind=EntryKind.EARN_BONUS, now=now, reason="Welcome")


def an_image(
    *,
    owner_id: OwnerId | None = None,
    image_id: ImageId | None = None,
    size: Dimensions = Dimensions(width_px=640, height_px=480),  # noqa: B008  # frozen
    is_public: bool = False,
    now: datetime = NOON,
) -> Image:
    image_id = image_id or an_image_id()
    return Image(
        id=image_id,
        owner_id=owner_id or an_owner(),
        name=ImageName("photo.jpg"),
        description=None,
        format=PictureFormat.JPEG,
        dimensions=size,
        size_bytes=1000,
        original=ObjectKey.of_original(image_id, PictureFormat.JPEG),
        is_public=is_public,
        view_count=0,
        created_at=now,
        updated_at=now,
    )


def an_order(*, image: Image | None = None, tier: Tier = Tier.TIER_1K, now: datetime = NOON) -> JobSpec:
    image = image or an_image()
    return JobSpec(
        id=a_job_id(),
        owner_id=image.owner_id,
        task=Enhancement(image_id=image.id),
        tier=tier,
        charged=SPECIFIED[tier].price,
        created_at=now,
    )


def image_id_of(job: Job) -> ImageId:
    """Return the image of a job, which must have one."""
    image_id = job.spec.image_id
    assert image_id is not None, "the job has an image"
    return image_id


def an_input(job_id: JobId) -> JobInput:
    return JobInput(
        key=ObjectKey.of_input(job_id, PictureFormat.PNG),
        dimensions=Dimensions(width_px=300, height_px=200),
        digest=ContentDigest(size_bytes=500, sha256=bytes(range(32))),
    )


def a_task_of_each_kind(job_id: JobId) -> list[Task]:
    """Return tasks of every kind: a blend with each kind of source, prompts with and without a negative prompt."""
    input_, prompt = an_input(job_id), Prompt("a mountain at sunset")
    return [
        Enhancement(image_id=an_image_id()),
        Blend(image_id=an_image_id(), source=an_image_id()),
        Blend(image_id=an_image_id(), source=input_),
        Generation(prompt=prompt, negative=None, aspect_ratio=AspectRatio.SQUARE),
        Generation(prompt=prompt, negative=Prompt("people"), aspect_ratio=AspectRatio.TWENTY_ONE_TO_NINE),
        Modification(prompt=prompt, negative=None, input=input_),
        Modification(prompt=prompt, negative=Prompt("people"), input=input_),
    ]


def a_job(*, image: Image | None = None, tier: Tier = Tier.TIER_1K, now: datetime = NOON) -> PendingJob:
    return PendingJob(spec=an_order(image=image, tier=tier, now=now))


def a_started_job(*, image: Image | None = None, tier: Tier = Tier.TIER_1K, now: datetime = NOON) -> StartedJob:
    return a_job(image=image, tier=tier, now=now).start(now=now)


def a_claimed_job(*, image: Image | None = None, tier: Tier = Tier.TIER_1K, now: datetime = NOON) -> ClaimedJob:
    return a_started_job(image=image, tier=tier, now=now).claim(now=now, lease=LEASE)


def a_result(job: ClaimedJob) -> Result:
    return Result(
        key=ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=job.attempt),
        format=PictureFormat.JPEG,
        dimensions=Dimensions(width_px=1024, height_px=768),
        size_bytes=2000,
        sha256=bytes(range(1, 33)),
        method="by hand",
    )


def one_job_of_each_kind(*, now: datetime = NOON) -> list[Job]:
    """Return a job in each state, charged if the state requires it."""
    claimed = a_claimed_job(now=now)
    kinds: list[Job] = [
        a_job(now=now),
        a_started_job(now=now),
        claimed,
        claimed.complete(a_result(claimed), now=now),
        a_job(tier=Tier.FREE, now=now).fail("no", now=now),
        a_job(now=now).fail("no", now=now),
        a_job(now=now).cancel(now=now),
    ]
    assert [type(job) for job in kinds] == [
        PendingJob,
        StartedJob,
        ClaimedJob,
        CompletedJob,
        FailedJob,
        RefundedJob,
        CancelledJob,
    ]
    return kinds


def an_album(*, owner_id: OwnerId | None = None, default_tier: Tier = Tier.TIER_1K, auto_enhance: bool = True) -> Album:
    return Album(
        id=an_album_id(),
        owner_id=owner_id or an_owner(),
        name=AlbumName("Holidays"),
        default_tier=default_tier,
        auto_enhance=auto_enhance,
        created_at=NOON,
        updated_at=NOON,
    )
