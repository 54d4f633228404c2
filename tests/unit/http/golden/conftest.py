"""The application of the specification's examples: objects are served by a CDN."""

import pytest

from golden.looks import CDN
from memory_spike import MemorySpike
from spike_runtime import Settings


@pytest.fixture
def services() -> MemorySpike:
    return MemorySpike.build(Settings(cdn_url=CDN))
