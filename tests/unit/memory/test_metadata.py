"""The metadata of made-up pictures."""

import pytest

from spike_contracts.metadata import MetadataContract
from spike_contracts.probe import MakePicture
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_memory import MemoryMetadata, MemoryProbe
from spike_memory.engine import a_picture


class TestMemoryMetadata(MetadataContract):
    @pytest.fixture
    def metadata(self) -> Metadata:
        return MemoryMetadata()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture
