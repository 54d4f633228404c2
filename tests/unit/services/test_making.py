"""What goes into which engine, and what comes out."""

import io
from contextlib import nullcontext

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_job_id, an_image, an_order, an_owner
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import FlawedResult, ImageNotFound, ObjectNotFound, PromptRefused
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import JobId
from spike_core.domain.images import Image
from spike_core.domain.jobs import JobOrder
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tasks import Blend, Enhancement, Generation, Input, Modification, Task
from spike_core.domain.tiers import Tier
from spike_core.ports.upscaler import EnhancedPicture
from spike_core.ports.watch import UNWATCHED
from spike_core.services.making import Making
from spike_memory import (
    ManualClock,
    MemoryBlender,
    MemoryBlobStore,
    MemoryGenerator,
    MemoryMetadata,
    MemoryProbe,
    MemoryTransactions,
    MemoryUpscaler,
)
from spike_memory.engine import a_picture

WIDE = Dimensions(width_px=400, height_px=100)
PROMPT = Prompt("a mountain at sunset")


@pytest.fixture
def making() -> Making:
    return Making(
        transactions=MemoryTransactions(),
        blobs=MemoryBlobStore(ManualClock()),
        probe=MemoryProbe(),
        upscaler=MemoryUpscaler(),
        blender=MemoryBlender(),
        generator=MemoryGenerator(),
        metadata=MemoryMetadata(),
    )


def an_image_in(making: Making, *, size: Dimensions = WIDE, flaw: str = "") -> Image:
    image = an_image(size=size)
    making.blobs.put(image.original, io.BytesIO(a_picture(size, flaw=flaw)))
    with making.transactions.begin() as tx:
        tx.images.add(image)
    return image


def an_input_in(making: Making, job_id: JobId, *, size: Dimensions = WIDE, flaw: str = "") -> Input:
    key = ObjectKey.of_input(job_id, PictureFormat.JPEG)
    making.blobs.put(key, io.BytesIO(a_picture(size, flaw=flaw)))
    return Input(key=key, dimensions=size)


def order(task: Task, *, tier: Tier = Tier.TIER_2K) -> JobOrder:
    return evolve(an_order(tier=tier), owner_id=an_owner(), task=task, created_at=NOON)


def made(making: Making, task: Task) -> EnhancedPicture:
    assignment = making.assignment(order(task))
    picture = making.make(assignment, watch=UNWATCHED)
    making.check(picture, assignment)
    return picture


def test_a_blend_with_an_image_keeps_the_aspect_of_the_one_it_is_about(making: Making) -> None:
    image, source = an_image_in(making), an_image_in(making, size=Dimensions(width_px=50, height_px=80))
    picture = made(making, Blend(image_id=image.id, source=source.id))
    assert picture.dimensions == Dimensions(width_px=2048, height_px=512)


def test_a_blend_takes_what_came_with_the_request(making: Making) -> None:
    image, source = an_image_in(making), an_input_in(making, a_job_id())
    assert made(making, Blend(image_id=image.id, source=source)).dimensions == Dimensions(width_px=2048, height_px=512)


def test_a_blend_whose_source_was_deleted_cant_be_made(making: Making) -> None:
    image, source = an_image_in(making), an_image()
    with pytest.raises(ImageNotFound):
        making.assignment(order(Blend(image_id=image.id, source=source.id)))


def test_a_blend_whose_input_is_gone_cant_be_made(making: Making) -> None:
    image, source = an_image_in(making), an_input_in(making, a_job_id())
    making.blobs.delete([source.key])
    with pytest.raises(ObjectNotFound):
        made(making, Blend(image_id=image.id, source=source))


@pytest.mark.parametrize("ratio", AspectRatio)
def test_a_generation_has_the_tiers_longest_side_and_the_aspect_asked(making: Making, ratio: AspectRatio) -> None:
    size = made(making, Generation(prompt=PROMPT, negative=None, aspect_ratio=ratio)).dimensions
    width, height = map(int, ratio.value.split(":"))
    assert size.longest_side_px == 2048
    assert abs(size.width_px * height - size.height_px * width) <= max(width, height)


def test_a_modification_keeps_its_inputs_aspect(making: Making) -> None:
    source = an_input_in(making, a_job_id())
    picture = made(making, Modification(prompt=PROMPT, negative=None, input=source))
    assert picture.dimensions == Dimensions(width_px=2048, height_px=512)


def test_a_refused_prompt_is_no_picture(making: Making) -> None:
    with pytest.raises(PromptRefused):
        made(making, Generation(prompt=Prompt("refuse"), negative=None, aspect_ratio=AspectRatio.SQUARE))


def flawed(size: Dimensions, flaw: str) -> EnhancedPicture:
    return EnhancedPicture(content=a_picture(size, flaw=flaw), format=PictureFormat.JPEG, dimensions=size)


def test_a_blank_blend_is_right_only_where_both_pictures_are_blank(making: Making) -> None:
    image, source = an_image_in(making, flaw="blank"), an_image_in(making)
    both = making.assignment(order(Blend(image_id=image.id, source=image.id)))
    making.check(flawed(both.size, "blank"), both)
    one = making.assignment(order(Blend(image_id=image.id, source=source.id)))
    with pytest.raises(FlawedResult):
        making.check(flawed(one.size, "blank"), one)


def test_a_generation_is_never_blank(making: Making) -> None:
    assignment = making.assignment(order(Generation(prompt=PROMPT, negative=None, aspect_ratio=AspectRatio.SQUARE)))
    with pytest.raises(FlawedResult):
        making.check(flawed(assignment.size, "blank"), assignment)


SPOILED = ["dark", "tinted", "half"]


@pytest.mark.parametrize("flaw", [*SPOILED, "burst", "blank"])
def test_a_flaw_of_the_original_is_none_of_the_engines(making: Making, flaw: str) -> None:
    image = an_image_in(making, flaw=flaw)
    made(making, Enhancement(image_id=image.id))
    made(making, Blend(image_id=image.id, source=image.id))


@pytest.mark.parametrize("flaw", [*SPOILED, "burst", "blank"])
def test_an_enhancement_shows_its_original(making: Making, flaw: str) -> None:
    assignment = making.assignment(order(Enhancement(image_id=an_image_in(making).id)))
    with pytest.raises(FlawedResult):
        making.check(flawed(assignment.size, flaw), assignment)


@pytest.mark.parametrize("flaw", SPOILED)
def test_a_blend_has_a_colour_between_those_of_its_pictures(making: Making, flaw: str) -> None:
    image, source = an_image_in(making), an_image_in(making)
    assignment = making.assignment(order(Blend(image_id=image.id, source=source.id)))
    with pytest.raises(FlawedResult):
        making.check(flawed(assignment.size, flaw), assignment)
    spoiled = an_image_in(making, flaw=flaw)
    assignment = making.assignment(order(Blend(image_id=image.id, source=spoiled.id)))
    making.check(flawed(assignment.size, flaw), assignment)


@pytest.mark.parametrize("flaw", SPOILED)
def test_a_modification_may_have_any_colours(making: Making, flaw: str) -> None:
    source = an_input_in(making, a_job_id())
    assignment = making.assignment(order(Modification(prompt=PROMPT, negative=None, input=source)))
    making.check(flawed(assignment.size, flaw), assignment)


def test_a_modification_may_be_blank_where_its_original_is(making: Making) -> None:
    for flaw in ("blank", ""):
        source = an_input_in(making, a_job_id(), flaw=flaw)
        assignment = making.assignment(order(Modification(prompt=PROMPT, negative=None, input=source)))
        with nullcontext() if flaw else pytest.raises(FlawedResult):
            making.check(flawed(assignment.size, "blank"), assignment)


def test_a_flawed_result_is_refused_with_its_numbers(making: Making) -> None:
    assignment = making.assignment(order(Enhancement(image_id=an_image_in(making).id)))
    with pytest.raises(FlawedResult, match=r"6\.2% of its pixels, 2% allowed"):
        making.check(flawed(assignment.size, "burst"), assignment)
