"""The same bytes uploaded twice by one owner are reported, and both are kept."""

import io

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.images import ImageName
from spike_core.services.batch_uploads import KeptFile, NamedFile
from spike_core.testing import InMemorySpike, build_in_memory, draw_picture

OTHER = draw_picture(641, 480)


def in_batch(spike: InMemorySpike, owner: OwnerId, *pictures: bytes) -> list[KeptFile]:
    files = [
        NamedFile(filename=f"{place}.jpg", name=ImageName(f"{place}.jpg"), content=io.BytesIO(picture))
        for place, picture in enumerate(pictures)
    ]
    kept = spike.images.batch_uploads.upload(owner, files=files).files
    assert all(isinstance(file, KeptFile) for file in kept)
    return [file for file in kept if isinstance(file, KeptFile)]


def test_a_second_upload_names_the_first_and_is_kept_too() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    first, second, third = (spike.upload(owner, name=name) for name in ("a.jpg", "b.jpg", "c.jpg"))
    assert first.duplicate_of is None
    assert second.duplicate_of == third.duplicate_of == first.image.id
    assert len(spike.queries.images(owner).images) == 3
    assert spike.upload(owner, OTHER).duplicate_of is None


def test_another_owners_upload_is_none_of_ones_business() -> None:
    spike = build_in_memory()
    spike.upload(spike.owner())
    assert spike.upload(spike.owner("bob@example.org")).duplicate_of is None


def test_a_deleted_image_doesnt_count() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    first, second = spike.upload(owner), spike.upload(owner)
    spike.images.deletion.remove(owner, first.image.id)
    assert spike.upload(owner).duplicate_of == second.image.id


def test_a_file_of_a_batch_may_repeat_an_earlier_image_or_another_file() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    earlier = spike.upload(owner).image
    kept = in_batch(spike, owner, draw_picture(), OTHER, OTHER)
    assert [file.duplicate_of for file in kept] == [earlier.id, None, kept[1].image.id]
