"""Children decode users' pictures and the server's responses, and contain the harm."""

import io
from collections.abc import Iterator
from functools import partial

import pytest

from forked_children import forked_children
from hostile_engine import a_hostile_engine, hostile_pillow
from images_api import KEY, ImagesApi, with_picture
from pictures import encoded, photograph
from sandboxes import a_sandbox
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import WorkKilled
from spike_core.domain.generation import Prompt
from spike_core.ports.factories import EngineResources
from spike_openai import ImageServer, OpenAIGenerator
from spike_pillow import classical_engine

SIZE = Dimensions(width_px=64, height_px=48)
PROMPT = Prompt("a cat on a chair")
ROGUE = a_hostile_engine("work: segfault")


@pytest.fixture(scope="module", autouse=True)
def _forked() -> Iterator[None]:
    """Fork the sandbox's children, which would take most of the time to start."""
    with forked_children():
        yield


@pytest.fixture
def api() -> Iterator[ImagesApi]:
    with ImagesApi() as opened:
        yield opened


@pytest.fixture
def generator(api: ImagesApi) -> Iterator[OpenAIGenerator]:
    with a_sandbox(partial(hostile_pillow, means=EngineResources(classical=classical_engine))) as sandbox:
        server = ImageServer.parse(api.url, api_key=KEY, model="")
        yield OpenAIGenerator(server=server, canvas_fitter=sandbox.engine.canvas_fitter)


def test_an_original_that_kills_who_opens_it_kills_a_child_and_is_not_sent(
    api: ImagesApi, generator: OpenAIGenerator
) -> None:
    with pytest.raises(WorkKilled):
        generator.modify(io.BytesIO(encoded(photograph(), comment=ROGUE)), PROMPT, negative=None, size=SIZE)
    assert api.asked == []
    good = generator.modify(io.BytesIO(encoded(photograph())), PROMPT, negative=None, size=SIZE)
    assert good.dimensions == SIZE


def test_an_answer_that_kills_who_opens_it_kills_a_child(api: ImagesApi, generator: OpenAIGenerator) -> None:
    api.scripts.append(with_picture(encoded(photograph(), comment=ROGUE)))
    with pytest.raises(WorkKilled):
        generator.generate(PROMPT, negative=None, size=SIZE)
    assert generator.generate(PROMPT, negative=None, size=SIZE).dimensions == SIZE
