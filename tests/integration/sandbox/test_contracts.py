"""Engines satisfy their contracts in a sandbox too."""

from collections.abc import Iterator
from functools import partial

import pytest

from effort import each_value_once
from pictures import a_photo, encoded, exif, photograph
from sandboxes import a_sandbox
from spike_contracts.blender import BlenderContract
from spike_contracts.canvas_fitter import CanvasFitterContract
from spike_contracts.generator import GeneratorContract
from spike_contracts.metadata import MetadataContract
from spike_contracts.probe import MakePicture, ProbeContract
from spike_contracts.rendition_maker import RenditionMakerContract
from spike_contracts.upscaler import UpscalerContract
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.ports.blender import Blender
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.generator import Generator
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_core.ports.rendition_maker import RenditionMaker
from spike_core.ports.upscaler import Upscaler
from spike_pillow import classical_engine
from spike_procedural.plugin import open_generator
from spike_sandbox import Sandbox

pytestmark = each_value_once


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with a_sandbox(
        classical_engine, generator=partial(open_generator, url="", api_key="", model=""), workers=2, probes=2
    ) as sandbox:
        yield sandbox


def _a_photo_with_place(size: Dimensions, format_: PictureFormat = PictureFormat.JPEG, flaw: str = "") -> bytes:
    if flaw != "located":
        return a_photo(size, format_, flaw)
    return encoded(photograph(size=(size.width_px, size.height_px)), format_, exif=exif())


class _OfPillow:
    @pytest.fixture
    def upscaler(self, sandbox: Sandbox) -> Upscaler:
        return sandbox.engine.upscaler

    @pytest.fixture
    def blender(self, sandbox: Sandbox) -> Blender:
        return sandbox.engine.blender

    @pytest.fixture
    def probe(self, sandbox: Sandbox) -> ImageProbe:
        return sandbox.engine.probe

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_photo


class TestSandboxedProbe(_OfPillow, ProbeContract):
    pass


class TestSandboxedUpscaler(_OfPillow, UpscalerContract):
    pass


class TestSandboxedBlender(_OfPillow, BlenderContract):
    pass


class TestSandboxedRenditionMaker(_OfPillow, RenditionMakerContract):
    @pytest.fixture
    def rendition_maker(self, sandbox: Sandbox) -> RenditionMaker:
        assert sandbox.engine.rendition_maker is not None
        return sandbox.engine.rendition_maker


class TestSandboxedFramer(_OfPillow, CanvasFitterContract):
    @pytest.fixture
    def canvas_fitter(self, sandbox: Sandbox) -> CanvasFitter:
        return sandbox.engine.canvas_fitter


class TestSandboxedMetadata(_OfPillow, MetadataContract):
    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return _a_photo_with_place

    @pytest.fixture
    def metadata(self, sandbox: Sandbox) -> Metadata:
        return sandbox.engine.metadata


class TestSandboxedGenerator(_OfPillow, GeneratorContract):
    @pytest.fixture
    def generator(self, sandbox: Sandbox) -> Generator:
        return sandbox.generator

    @pytest.fixture
    def lost_generator(self) -> Generator:
        pytest.skip("it has no server")
