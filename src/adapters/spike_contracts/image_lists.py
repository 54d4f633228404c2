"""The laws of lists of images in an order, by state and by tier."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, an_image, an_order, an_owner
from spike_contracts.jobs import a_job_of, store
from spike_contracts.wallets import PROPERTY
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.image_lists import ImageOrder, ImageState, ListedImage, sort_key
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import CancelledJob, CompletedJob, FailedJob, Job, PendingJob, RefundedJob
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transaction, Transactions

NAMES: Final = ["a.jpg", "A.jpg", "b", "B1", "\u00c4", "_"]


def _a_job_of(kind: type[Job], image: Image, age: int, tier: Tier | None = None) -> Job:
    """Return a job of the image, the younger the greater `age` is. What costs nothing fails, the rest is refunded."""
    tier = tier or (Tier.FREE if kind is FailedJob else Tier.TIER_1K)
    return a_job_of(kind, spec=an_order(image=image, tier=tier, now=NOON + timedelta(minutes=age)))


def _matching(
    tx: Transaction, owner_id: OwnerId, *, state: ImageState | None = None, tier: Tier | None = None
) -> Sequence[ListedImage]:
    found = tx.images.examine(owner_id, order=ImageOrder.NEWEST, state=state, tier=tier, limit=99)
    return [image for image in found if image.is_match]


class ImageListsContract:
    """Laws every ImageRepository adapter keeps. Needs the fixture `transactions`, of an empty database."""

    @PROPERTY
    @given(
        drawn=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(NAMES)), max_size=9),
        order=st.sampled_from(ImageOrder),
        size=st.integers(1, 4),
    )
    def test_images_are_examined_once_each_in_the_order_asked_for(
        self, transactions: Transactions, drawn: list[tuple[int, str]], order: ImageOrder, size: int
    ) -> None:
        """Several have the same age or name. Names are in the order of `sort_key`."""
        owner_id = an_owner()
        mine = [
            evolve(an_image(owner_id=owner_id, now=NOON - timedelta(minutes=age)), name=ImageName(name))
            for age, name in drawn
        ]
        with transactions.begin() as tx:
            tx.images.add(*mine, an_image())
        listed: list[ListedImage] = []
        with transactions.view() as tx:
            while page := tx.images.examine(
                owner_id, order=order, after=listed[-1].cursor(order) if listed else None, limit=size
            ):
                assert len(page) <= size
                listed += page
        expected = {
            ImageOrder.NEWEST: sorted(mine, key=lambda image: image.cursor, reverse=True),
            ImageOrder.OLDEST: sorted(mine, key=lambda image: image.cursor),
            ImageOrder.NAME: sorted(mine, key=lambda image: (sort_key(image.name), image.id)),
        }[order]
        assert listed == [
            ListedImage(id=image.id, name=image.name, dimensions=image.dimensions, created_at=image.created_at)
            for image in expected
        ]

    def test_an_examined_image_matches_the_states_that_its_jobs_give_it(self, transactions: Transactions) -> None:
        """The newest job decides whether it has failed; any job, whether it is enhanced or being processed."""
        owner_id = an_owner()
        kinds: dict[str, list[type[Job]]] = {
            "bare": [],
            "cancelled": [CancelledJob],
            "processing": [PendingJob],
            "enhanced": [CompletedJob],
            "failed": [CompletedJob, FailedJob],
            "refunded": [RefundedJob],
            "again": [FailedJob, PendingJob],
            "recovered": [FailedJob, CompletedJob],
        }
        names: dict[ImageId, str] = {}
        with transactions.begin() as tx:
            for name, jobs in kinds.items():
                image = an_image(owner_id=owner_id)
                names[image.id] = name
                tx.images.add(image)
                store(tx, *(_a_job_of(kind, image, age) for age, kind in enumerate(jobs)))
        with transactions.view() as tx:
            matches = {state: {names[each.id] for each in _matching(tx, owner_id, state=state)} for state in ImageState}
        assert matches == {
            ImageState.ORIGINAL: {"bare", "cancelled", "processing", "refunded", "again"},
            ImageState.PROCESSING: {"processing", "again"},
            ImageState.ENHANCED: {"enhanced", "failed", "recovered"},
            ImageState.FAILED: {"failed", "refunded"},
        }

    def test_an_examined_image_matches_the_tiers_that_it_was_enhanced_at(self, transactions: Transactions) -> None:
        """A job that isn't completed doesn't count. State and tier both have to match."""
        owner_id = an_owner()
        both, one, waiting = (an_image(owner_id=owner_id) for _ in range(3))
        with transactions.begin() as tx:
            tx.images.add(both, one, waiting)
            store(
                tx,
                _a_job_of(CompletedJob, both, 0, Tier.TIER_1K),
                _a_job_of(CompletedJob, both, 1, Tier.TIER_4K),
                _a_job_of(PendingJob, both, 2, Tier.TIER_4K),
                _a_job_of(CompletedJob, one, 0, Tier.TIER_1K),
                _a_job_of(PendingJob, waiting, 0, Tier.TIER_1K),
            )
        with transactions.view() as tx:
            found = {
                (tier, state): {each.id for each in _matching(tx, owner_id, tier=tier, state=state)}
                for tier, state in (
                    (Tier.TIER_1K, None),
                    (Tier.TIER_4K, None),
                    (Tier.TIER_2K, None),
                    (Tier.TIER_1K, ImageState.PROCESSING),
                )
            }
        assert list(found.values()) == [{both.id, one.id}, {both.id}, set(), {both.id}]
