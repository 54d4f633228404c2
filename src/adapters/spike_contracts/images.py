"""The laws of `Images`."""

from datetime import timedelta
from typing import Final

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, an_image, an_image_id, an_owner
from spike_contracts.wallets import INSTANTS, PROPERTY
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import ImageNotFound
from spike_core.domain.identifiers import ImageId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.objects import ContentDigest, ObjectKey, PictureFormat
from spike_core.ports.transactions import Transactions

MANY: Final = 1200  # more than an adapter may request at once

# characters that every database can store: no NUL, no lone surrogates
TEXTS: Final = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
SHA256: Final = st.binary(min_size=32, max_size=32)
SIDES: Final = st.integers(1, 100_000)


@st.composite
def images(draw: st.DrawFn) -> Image:
    """Draw an image with any values."""
    id_, format_ = an_image_id(), draw(st.sampled_from(PictureFormat))
    return Image(
        id=id_,
        owner_id=an_owner(),
        name=ImageName(draw(TEXTS)),
        description=draw(st.none() | TEXTS),
        format=format_,
        dimensions=Dimensions(width_px=draw(SIDES), height_px=draw(SIDES)),
        size_bytes=draw(st.integers(1, 2**40)),
        original=ObjectKey.of_original(id_, format_),
        is_public=draw(st.booleans()),
        view_count=draw(st.integers(0, 2**40)),
        created_at=draw(INSTANTS),
        updated_at=draw(INSTANTS),
        sha256=draw(st.none() | SHA256),
        shown_digest=draw(
            st.none() | st.builds(ContentDigest, size_bytes=st.integers(1, 2**40), sha256=st.none() | SHA256)
        ),
    )


class ImagesContract:
    """Laws every Images adapter keeps. Needs the fixture `transactions`, of an empty database."""

    @PROPERTY
    @given(image=images())
    def test_an_image_comes_back_as_it_was_added(self, transactions: Transactions, image: Image) -> None:
        with transactions.begin() as tx:
            tx.images.add(image)
        with transactions.view() as tx:
            assert tx.images.get(image.id) == image
            assert tx.images.find([image.id]) == {image.id: image}

    def test_an_anonymous_images_id_is_one_too(self, transactions: Transactions) -> None:
        image = an_image(image_id=ImageId(an_image_id().text.replace("img_", "img_anon_")), owner_id=an_owner())
        with transactions.begin() as tx:
            tx.images.add(image)
        with transactions.view() as tx:
            assert tx.images.get(image.id) == image

    def test_an_unknown_id_is_no_image(self, transactions: Transactions) -> None:
        with transactions.view() as tx, pytest.raises(ImageNotFound):
            tx.images.get(an_image_id())

    def test_finding_skips_what_isnt_there(self, transactions: Transactions) -> None:
        first, second, other = an_image(), an_image(), an_image()
        with transactions.begin() as tx:
            for image in (first, second, other):
                tx.images.add(image)
        with transactions.view() as tx:
            assert tx.images.find([first.id, an_image_id(), second.id]) == {first.id: first, second.id: second}
            assert tx.images.find([]) == {}

    def test_any_number_of_images_can_be_looked_for(self, transactions: Transactions) -> None:
        image = an_image()
        with transactions.begin() as tx:
            tx.images.add(image)
        with transactions.view() as tx:
            found = tx.images.find([*(an_image_id() for _ in range(MANY)), image.id])
        assert found == {image.id: image}

    @PROPERTY
    @given(ages=st.lists(st.integers(0, 5), max_size=12), size=st.integers(1, 4))
    def test_pages_hold_each_image_of_an_owner_once_and_newest_first(
        self, transactions: Transactions, ages: list[int], size: int
    ) -> None:
        owner_id = an_owner()
        mine = [an_image(owner_id=owner_id, now=NOON - timedelta(minutes=age)) for age in ages]
        with transactions.begin() as tx:
            for image in [*mine, an_image()]:
                tx.images.add(image)
        listed: list[Image] = []
        with transactions.view() as tx:
            while page := tx.images.of_owner(owner_id, before=listed[-1].cursor if listed else None, limit=size):
                assert len(page) <= size
                listed += page
        assert listed == sorted(mine, key=lambda image: image.cursor, reverse=True)

    def test_duplicates_are_the_owners_earliest_images_that_arent_hidden(self, transactions: Transactions) -> None:
        owner_id, first, second, unknown = an_owner(), bytes(32), bytes(range(32)), bytes(range(1, 33))
        late, early, hidden = (
            evolve(an_image(owner_id=owner_id, now=NOON + timedelta(minutes=minutes)), sha256=first)
            for minutes in (2, 1, 0)
        )
        other = evolve(an_image(owner_id=owner_id), sha256=second)
        foreign = evolve(an_image(now=NOON - timedelta(days=1)), sha256=first)
        with transactions.begin() as tx:
            tx.images.add(late, early, hidden, other, foreign, an_image(owner_id=owner_id))
            tx.images.begin_deletion(hidden.id, now=NOON)
        with transactions.view() as tx:
            assert tx.images.duplicates(owner_id, [first]) == {first: early.id}
            assert tx.images.duplicates(owner_id, [first, second, unknown]) == {first: early.id, second: other.id}
            many = [number.to_bytes(32, "big") for number in range(1, 60)]
            assert tx.images.duplicates(owner_id, [*many, second]) == {second: other.id}
            assert tx.images.duplicates(an_owner(), [first, second]) == tx.images.duplicates(owner_id, []) == {}

    def test_each_view_counts(self, transactions: Transactions) -> None:
        image, other = an_image(), an_image()
        with transactions.begin() as tx:
            tx.images.add(image)
            tx.images.add(other)
            tx.images.count_view(image.id)
            tx.images.count_view(image.id)
        with transactions.view() as tx:
            assert tx.images.get(image.id) == evolve(image, view_count=2)
            assert tx.images.get(other.id) == other

    def test_a_view_of_no_image_counts_nowhere(self, transactions: Transactions) -> None:
        image = an_image()
        with transactions.begin() as tx:
            tx.images.add(image)
            tx.images.count_view(an_image_id())
        with transactions.view() as tx:
            assert tx.images.get(image.id) == image

    def test_a_change_leaves_views_that_were_counted_meanwhile(self, transactions: Transactions) -> None:
        image = an_image()
        changed = evolve(
            image, name=ImageName("b.jpg"), description="x", is_public=True, updated_at=NOON + timedelta(seconds=1)
        )
        with transactions.begin() as tx:
            tx.images.add(image)
            tx.images.count_view(image.id)
            tx.images.change(evolve(changed, size_bytes=1))
            with pytest.raises(ImageNotFound):
                tx.images.change(evolve(changed, id=an_image_id()))
        with transactions.view() as tx:
            assert tx.images.get(image.id) == evolve(changed, view_count=1)
