"""The generator of made-up pictures."""

import pytest

from spike_contracts.generator import GeneratorContract
from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import PromptRefused
from spike_core.domain.generation import Prompt
from spike_core.ports.generator import Generator
from spike_core.ports.probe import ImageProbe
from spike_memory import MemoryGenerator, MemoryProbe
from spike_memory.engine import a_picture


class TestMemoryGenerator(GeneratorContract):
    @pytest.fixture
    def generator(self) -> Generator:
        return MemoryGenerator()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture


def test_a_prompt_can_be_refused() -> None:
    with pytest.raises(PromptRefused):
        MemoryGenerator().generate(Prompt("refuse"), negative=None, size=Dimensions(width_px=8, height_px=8))
