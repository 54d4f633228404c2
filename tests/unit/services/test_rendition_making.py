"""Renditions are made beside uploads and jobs, once, and fail nothing."""

import io
from datetime import timedelta

import pytest
from attrs import evolve

from spike_core.domain.errors import DatabaseUnavailable, SpikeError, UndecodablePicture
from spike_core.domain.identifiers import ImageId, JobId, OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.renditions import RENDITION_ATTEMPTS_MAX, Pictured, Renditions
from spike_core.ports.ids import AnyId
from spike_core.services.batch_uploads import NamedFile
from spike_core.services.rendition_making import CATCH_UP_BATCH, GRACE
from spike_core.testing import FailingPort, InMemorySpike, build_in_memory, draw_picture
from spike_memory import CountingIds

LARGE = draw_picture(2000, 1000)


def image_of(spike: InMemorySpike, image_id: ImageId) -> Image:
    with spike.transactions.view() as tx:
        return tx.images.get(image_id)


def renditions_of(spike: InMemorySpike, of: Pictured) -> Renditions | None:
    if isinstance(of, ImageId):
        return image_of(spike, of).renditions
    job = spike.job(of)
    assert isinstance(job, CompletedJob)
    return job.result.renditions


def made(spike: InMemorySpike, of: Pictured) -> Renditions:
    renditions = renditions_of(spike, of)
    assert renditions is not None
    return renditions


def stored(spike: InMemorySpike) -> set[ObjectKey]:
    return {each.key for each in spike.blobs.scan(limit=1000)}


def a_sound(spike: InMemorySpike) -> bool:
    return list(spike.maintenance.audit.findings()) == []


def test_an_upload_and_its_result_get_renditions_after_their_commit() -> None:
    spike = build_in_memory()
    uploaded = spike.upload(spike.owner(), LARGE)
    assert uploaded.job is not None
    assert renditions_of(spike, uploaded.image.id) is None
    spike.work()
    assert spike.background.run() == 2
    for of, sizes in ((uploaded.image.id, ("400x200", "1600x800")), (uploaded.job.id, ("400x200", "1024x512"))):
        renditions = made(spike, of)
        pictures = (renditions.thumbnail.key, renditions.preview.key)
        assert [spike.read(key) for key in pictures] == [f"picture WEBP {size}".encode() for size in sizes]
    assert a_sound(spike)


def test_every_kind_of_upload_gets_them() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    stranger = spike.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(LARGE))
    files = [NamedFile(filename=name, name=ImageName(name), content=io.BytesIO(LARGE)) for name in ("a.jpg", "b.jpg")]
    spike.images.batch_uploads.upload(owner, files=files)
    spike.background.run()
    images = [stranger.id, *(image.id for image in spike.queries.images(owner).images)]
    assert len(images) == 3
    assert all(renditions_of(spike, image) for image in images)


def test_those_of_what_a_page_shows_come_first_and_those_of_results_last() -> None:
    spike = build_in_memory()
    ada, bob = spike.owner(), spike.owner(email="bob@example.org")
    first = spike.upload(ada, LARGE)
    assert first.job is not None
    spike.work()
    images = [spike.upload(owner, LARGE).image for owner in (ada, ada, ada, bob)]
    spike.images.renditions.request_missing(images[1:3], caller=ada)
    expected = [images[1], images[2], first.image, images[3], images[0]]
    order: list[Pictured] = []
    for _ in range(6):
        key, action = spike.background._waiting.take() or pytest.fail("too few wait")
        action()
        spike.background._waiting.finish(key)
        order += [ImageId.parse(key)] if key.startswith("img_") else [JobId.parse(key)]
    assert order == [*(image.id for image in expected), first.job.id]


def test_a_small_picture_has_one_rendition() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner(), draw_picture(400, 300)).image
    spike.background.run()
    renditions = made(spike, image.id)
    assert renditions.preview == renditions.thumbnail
    assert len(stored(spike)) == 2
    assert a_sound(spike)


def test_they_dont_count_as_stored_bytes() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    spike.upload(owner, LARGE)
    before = spike.budgets.of(owner).usage
    spike.background.run()
    assert spike.budgets.of(owner).usage == before
    assert spike.budgets.recount() == 0


def test_no_failure_to_make_them_fails_an_upload_or_a_job() -> None:
    spike = build_in_memory()
    with spike.failing("rendition_maker"):
        uploaded = spike.upload(spike.owner())
        spike.work()
        spike.background.run()
    assert uploaded.job is not None
    assert isinstance(spike.job(uploaded.job.id), CompletedJob)
    assert renditions_of(spike, uploaded.image.id) is None
    assert a_sound(spike)


@pytest.mark.parametrize("port", ["rendition_maker", "blobs", "transactions"])
def test_the_maintenance_task_makes_what_was_missed(port: FailingPort) -> None:
    spike = build_in_memory()
    uploaded = spike.upload(spike.owner())
    spike.work()
    with spike.failing(port):
        spike.background.run()
    assert spike.images.renditions.catch_up() == 0  # within the grace
    spike.clock.advance(GRACE * 2)
    assert spike.images.renditions.catch_up() == 2
    assert spike.images.renditions.catch_up() == 0
    assert uploaded.job is not None
    assert renditions_of(spike, uploaded.image.id) is not None
    assert renditions_of(spike, uploaded.job.id) is not None
    assert a_sound(spike)


def test_a_run_takes_more_than_one_batch() -> None:
    spike = build_in_memory()
    owner = spike.owner(tokens=1000)
    for _ in range(CATCH_UP_BATCH + 1):
        spike.upload(owner)
    spike.clock.advance(GRACE * 2)
    assert spike.images.renditions.catch_up() == CATCH_UP_BATCH + 1


def test_a_picture_that_cant_be_decoded_is_tried_once() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner()).image
    with spike.failing("rendition_maker", UndecodablePicture()):
        spike.background.run()
    spike.clock.advance(GRACE * 2)
    assert spike.images.renditions.catch_up() == 0
    assert renditions_of(spike, image.id) is None


def test_a_picture_that_fails_each_time_is_given_up_and_keeps_no_other_waiting() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    old = spike.upload(owner).image
    spike.clock.advance(timedelta(seconds=1))
    bad = spike.upload(owner, draw_picture(639, 480)).image
    spike.clock.advance(GRACE * 2)
    spike.fail_next("rendition_maker", calls=RENDITION_ATTEMPTS_MAX - 1)
    assert spike.images.renditions.catch_up() == 2  # after two failures in a row
    assert renditions_of(spike, old.id) is not None
    assert renditions_of(spike, bad.id) is not None


def test_an_outage_of_the_engine_ends_the_run() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    images = [spike.upload(owner).image for _ in range(9)]
    spike.clock.advance(GRACE * 2)
    with spike.failing("rendition_maker"), pytest.raises(SpikeError):
        spike.images.renditions.catch_up()
    assert spike.images.renditions.catch_up() == len(images)


def test_an_outage_of_the_store_counts_as_no_attempt() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner()).image
    spike.clock.advance(GRACE * 2)
    for _ in range(RENDITION_ATTEMPTS_MAX + 1):
        with spike.failing("blobs", method="open"), pytest.raises(SpikeError):
            spike.images.renditions.catch_up()
    assert spike.images.renditions.catch_up() == 1
    assert renditions_of(spike, image.id) is not None


def test_a_picture_whose_object_is_gone_is_given_up() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner()).image
    spike.blobs.delete([image.original])
    spike.clock.advance(GRACE * 2)
    assert spike.images.renditions.catch_up() == 0
    with spike.transactions.view() as tx:
        assert tx.renditions.missing(before=spike.clock.now(), limit=9) == []


def test_of_two_at_once_the_first_wins_and_the_others_objects_go() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner()).image
    making = spike.images.renditions
    others: list[Renditions | None] = []

    class Racing(CountingIds):
        def new(self, kind: type[AnyId]) -> AnyId:
            """Let another process make the renditions between the picture's decoding and its storing."""
            others.append(making.make(image.id))
            return super().new(kind)

    racer = evolve(making, ids=Racing())
    assert racer.make(image.id) == others[0] == made(spike, image.id)
    assert stored(spike) == image_of(spike, image.id).objects


def test_an_image_deleted_meanwhile_leaves_no_object() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    image = spike.upload(owner).image
    spike.images.deletion.remove(owner, image.id)
    spike.background.run()
    assert stored(spike) == set()


def test_deletion_takes_the_renditions_along() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    image = spike.upload(owner).image
    spike.work()
    spike.background.run()
    assert len(stored(spike)) == 6
    spike.images.deletion.remove(owner, image.id)
    assert stored(spike) == set()


def test_orphan_collection_spares_renditions_and_takes_those_without_a_row() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner()).image
    with spike.failing("transactions", DatabaseUnavailable(), method="begin"):
        spike.background.run()  # stores objects, and can neither name nor look them up
    spike.images.renditions.make(image.id)
    named = image_of(spike, image.id).objects
    spike.blobs.put(ObjectKey.of_thumbnail(image.id, body="a" * 24), io.BytesIO(b"x"))
    spike.clock.advance(spike.limits.orphan_age * 2)
    spike.maintenance.recovery.collect_orphans()
    assert stored(spike) == named


def test_a_rendition_of_a_public_image_is_public_and_of_a_private_one_isnt() -> None:
    spike = build_in_memory()
    owner = spike.owner()
    private = spike.upload(owner).image
    public = spike.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(LARGE))
    spike.work()
    spike.background.run()
    for key in made(spike, public.id).objects:
        spike.objects.check_public(key)
    for key in (*made(spike, private.id).objects, ObjectKey.of_thumbnail(public.id, body="a" * 24)):
        with pytest.raises(SpikeError):
            spike.objects.check_public(key)


def test_a_hidden_originals_renditions_tell_no_place() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner(), draw_picture(flaw="located")).image
    assert image.original.is_hidden
    spike.background.run()
    for key in made(spike, image.id).objects:
        assert b"located" not in spike.read(key)


def test_a_job_without_a_result_has_none() -> None:
    spike = build_in_memory()
    uploaded = spike.upload(spike.owner())
    assert uploaded.job is not None
    for of in (uploaded.job.id, JobId.parse("job_" + "a" * 24), ImageId.parse("img_" + "a" * 24)):
        with pytest.raises(SpikeError):
            spike.images.renditions.make(of)


def test_their_keys_are_of_webp_and_of_their_picture() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner()).image
    spike.background.run()
    for key in made(spike, image.id).objects:
        assert (key.format, key.owner, ObjectKey.parse(key.text)) == (PictureFormat.WEBP, image.id, key)


def test_those_who_ask_during_an_outage_use_up_all_attempts_but_the_last() -> None:
    spike = build_in_memory()
    uploaded = spike.upload(spike.owner())
    owner = uploaded.image.owner_id
    with spike.failing("rendition_maker"):
        spike.background.run()
        spike.images.renditions.request_missing([image_of(spike, uploaded.image.id)], caller=owner)
        assert spike.background.run() == 0  # within the grace
        spike.clock.advance(GRACE * 2)
        for _ in range(5):
            spike.images.renditions.request_missing([image_of(spike, uploaded.image.id)], caller=owner)
            spike.background.run()
    with spike.transactions.view() as tx:
        assert tx.renditions.attempts(uploaded.image.id) == RENDITION_ATTEMPTS_MAX - 1
    spike.images.renditions.request_missing([image_of(spike, uploaded.image.id)], caller=owner)
    spike.background.run()
    assert renditions_of(spike, uploaded.image.id) is None
    spike.images.renditions.catch_up()
    assert renditions_of(spike, uploaded.image.id) is not None


def test_what_many_ask_for_at_once_is_made_once() -> None:
    spike = build_in_memory()
    image = spike.upload(spike.owner()).image
    spike.clock.advance(GRACE * 2)
    for number in range(200):
        spike.images.renditions.request_missing([image], caller=OwnerId.parse(f"user_{number}"))
    assert spike.background.run() == 1
    spike.images.renditions.request_missing([image_of(spike, image.id)], caller=None)
    assert spike.background.run() == 0


def test_a_lost_rendition_is_made_anew_and_its_twin_goes() -> None:
    spike = build_in_memory()
    uploaded = spike.upload(spike.owner(), LARGE)
    spike.work()
    spike.background.run()
    assert uploaded.job is not None
    for of in (uploaded.image.id, uploaded.job.id):
        before = made(spike, of)
        spike.images.renditions.remake_lost([of], caller=None)
        spike.background.run()
        assert made(spike, of) == before
        spike.blobs.delete([before.preview.key])
        assert not a_sound(spike)
        spike.images.renditions.remake_lost([of], caller=None)
        spike.background.run()
        assert not made(spike, of).objects & before.objects
        assert not stored(spike) & before.objects
        assert a_sound(spike)


def test_no_rendition_is_renewed_without_its_picture() -> None:
    """The store may be an empty one, by mistake: the renditions are there again once it is the right one."""
    spike = build_in_memory()
    image = spike.upload(spike.owner(), LARGE).image
    spike.background.run()
    before = made(spike, image.id)
    spike.blobs.delete([image.original, *before.objects])
    spike.images.renditions.remake_lost([image.id], caller=None)
    spike.background.run()
    assert made(spike, image.id) == before
