"""The inputs and outputs of the engines."""

import io
from contextlib import nullcontext

import pytest
from attrs import evolve

from spike_contracts.builders import NOON, a_job_id, an_image, an_order, an_owner
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import ImageNotFound, InvalidResult, ObjectNotFound, PromptRefused
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import JobId
from spike_core.domain.images import Image
from spike_core.domain.jobs import JobSpec
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tasks import Blend, Enhancement, Generation, JobInput, Modification, Task
from spike_core.domain.tiers import Tier
from spike_core.ports.progress import UNMONITORED
from spike_core.ports.upscaler import RenderedImage
from spike_core.services.rendering import Rendering
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
def rendering() -> Rendering:
    return Rendering(
        transactions=MemoryTransactions(),
        blobs=MemoryBlobStore(ManualClock()),
        probe=MemoryProbe(),
        upscaler=MemoryUpscaler(),
        blender=MemoryBlender(),
        generator=MemoryGenerator(),
        metadata=MemoryMetadata(),
    )


def an_image_in(rendering: Rendering, *, size: Dimensions = WIDE, flaw: str = "") -> Image:
    image = an_image(size=size)
    rendering.blobs.put(image.original, io.BytesIO(a_picture(size, flaw=flaw)))
    with rendering.transactions.begin() as tx:
        tx.images.add(image)
    return image


def an_input_in(rendering: Rendering, job_id: JobId, *, size: Dimensions = WIDE, flaw: str = "") -> JobInput:
    key = ObjectKey.of_input(job_id, PictureFormat.JPEG)
    rendering.blobs.put(key, io.BytesIO(a_picture(size, flaw=flaw)))
    return JobInput(key=key, dimensions=size)


def spec(task: Task, *, tier: Tier = Tier.TIER_2K) -> JobSpec:
    return evolve(an_order(tier=tier), owner_id=an_owner(), task=task, created_at=NOON)


def made(rendering: Rendering, task: Task) -> RenderedImage:
    render_spec = rendering.render_spec(spec(task))
    picture = rendering.make(render_spec, monitor=UNMONITORED)
    rendering.check(picture, render_spec)
    return picture


def test_a_blend_with_an_image_keeps_the_aspect_of_the_one_it_is_about(rendering: Rendering) -> None:
    image, source = an_image_in(rendering), an_image_in(rendering, size=Dimensions(width_px=50, height_px=80))
    picture = made(rendering, Blend(image_id=image.id, source=source.id))
    assert picture.dimensions == Dimensions(width_px=2048, height_px=512)


def test_a_blend_takes_what_came_with_the_request(rendering: Rendering) -> None:
    image, source = an_image_in(rendering), an_input_in(rendering, a_job_id())
    assert made(rendering, Blend(image_id=image.id, source=source)).dimensions == Dimensions(
        width_px=2048, height_px=512
    )


def test_a_blend_whose_source_was_deleted_cant_be_made(rendering: Rendering) -> None:
    image, source = an_image_in(rendering), an_image()
    with pytest.raises(ImageNotFound):
        rendering.render_spec(spec(Blend(image_id=image.id, source=source.id)))


def test_a_blend_whose_input_is_gone_cant_be_made(rendering: Rendering) -> None:
    image, source = an_image_in(rendering), an_input_in(rendering, a_job_id())
    rendering.blobs.delete([source.key])
    with pytest.raises(ObjectNotFound):
        made(rendering, Blend(image_id=image.id, source=source))


@pytest.mark.parametrize("ratio", AspectRatio)
def test_a_generation_has_the_tiers_longest_side_and_the_aspect_asked(rendering: Rendering, ratio: AspectRatio) -> None:
    size = made(rendering, Generation(prompt=PROMPT, negative=None, aspect_ratio=ratio)).dimensions
    width, height = map(int, ratio.value.split(":"))
    assert size.longest_side_px == 2048
    assert abs(size.width_px * height - size.height_px * width) <= max(width, height)


def test_a_modification_keeps_its_inputs_aspect(rendering: Rendering) -> None:
    source = an_input_in(rendering, a_job_id())
    picture = made(rendering, Modification(prompt=PROMPT, negative=None, input=source))
    assert picture.dimensions == Dimensions(width_px=2048, height_px=512)


def test_a_refused_prompt_is_no_picture(rendering: Rendering) -> None:
    with pytest.raises(PromptRefused):
        made(rendering, Generation(prompt=Prompt("refuse"), negative=None, aspect_ratio=AspectRatio.SQUARE))


def flawed(size: Dimensions, flaw: str) -> RenderedImage:
    return RenderedImage(content=a_picture(size, flaw=flaw), format=PictureFormat.JPEG, dimensions=size)


def test_a_blank_blend_is_right_only_where_both_pictures_are_blank(rendering: Rendering) -> None:
    image, source = an_image_in(rendering, flaw="blank"), an_image_in(rendering)
    both = rendering.render_spec(spec(Blend(image_id=image.id, source=image.id)))
    rendering.check(flawed(both.size, "blank"), both)
    one = rendering.render_spec(spec(Blend(image_id=image.id, source=source.id)))
    with pytest.raises(InvalidResult):
        rendering.check(flawed(one.size, "blank"), one)


def test_a_generation_is_never_blank(rendering: Rendering) -> None:
    render_spec = rendering.render_spec(spec(Generation(prompt=PROMPT, negative=None, aspect_ratio=AspectRatio.SQUARE)))
    with pytest.raises(InvalidResult):
        rendering.check(flawed(render_spec.size, "blank"), render_spec)


SPOILED = ["dark", "tinted", "half"]


@pytest.mark.parametrize("flaw", [*SPOILED, "burst", "blank"])
def test_a_flaw_of_the_original_is_none_of_the_engines(rendering: Rendering, flaw: str) -> None:
    image = an_image_in(rendering, flaw=flaw)
    made(rendering, Enhancement(image_id=image.id))
    made(rendering, Blend(image_id=image.id, source=image.id))


@pytest.mark.parametrize("flaw", [*SPOILED, "burst", "blank"])
def test_an_enhancement_shows_its_original(rendering: Rendering, flaw: str) -> None:
    render_spec = rendering.render_spec(spec(Enhancement(image_id=an_image_in(rendering).id)))
    with pytest.raises(InvalidResult):
        rendering.check(flawed(render_spec.size, flaw), render_spec)


@pytest.mark.parametrize("flaw", SPOILED)
def test_a_blend_has_a_color_between_those_of_its_pictures(rendering: Rendering, flaw: str) -> None:
    image, source = an_image_in(rendering), an_image_in(rendering)
    render_spec = rendering.render_spec(spec(Blend(image_id=image.id, source=source.id)))
    with pytest.raises(InvalidResult):
        rendering.check(flawed(render_spec.size, flaw), render_spec)
    spoiled = an_image_in(rendering, flaw=flaw)
    render_spec = rendering.render_spec(spec(Blend(image_id=image.id, source=spoiled.id)))
    rendering.check(flawed(render_spec.size, flaw), render_spec)


@pytest.mark.parametrize("flaw", SPOILED)
def test_a_modification_may_have_any_colors(rendering: Rendering, flaw: str) -> None:
    source = an_input_in(rendering, a_job_id())
    render_spec = rendering.render_spec(spec(Modification(prompt=PROMPT, negative=None, input=source)))
    rendering.check(flawed(render_spec.size, flaw), render_spec)


def test_a_modification_may_be_blank_where_its_original_is(rendering: Rendering) -> None:
    for flaw in ("blank", ""):
        source = an_input_in(rendering, a_job_id(), flaw=flaw)
        render_spec = rendering.render_spec(spec(Modification(prompt=PROMPT, negative=None, input=source)))
        with nullcontext() if flaw else pytest.raises(InvalidResult):
            rendering.check(flawed(render_spec.size, "blank"), render_spec)


def test_a_flawed_result_is_refused_with_its_numbers(rendering: Rendering) -> None:
    render_spec = rendering.render_spec(spec(Enhancement(image_id=an_image_in(rendering).id)))
    with pytest.raises(InvalidResult, match=r"6\.2% of its pixels, 2% allowed"):
        rendering.check(flawed(render_spec.size, "burst"), render_spec)
