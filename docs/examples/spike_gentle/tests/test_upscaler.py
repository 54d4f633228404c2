"""The laws of the port, against our upscaler."""

import io

import pytest
from PIL import Image
from spike_gentle import GentleUpscaler

from spike_contracts.probe import MakePicture
from spike_contracts.upscaler import UpscalerContract
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.ports.probe import ImageProbe
from spike_core.ports.upscaler import Upscaler
from spike_pillow import PillowProbe


def a_picture(size: Dimensions, format_: PictureFormat = PictureFormat.JPEG, flaw: str = "") -> bytes:
    """Return gradients in three directions, or what the flaw says."""
    if format_ is PictureFormat.HEIC:
        pytest.skip("Pillow writes no HEIC")
    width_height = (size.width_px, size.height_px)
    ramp = Image.linear_gradient("L")
    bands = [ramp, ramp.rotate(90), Image.radial_gradient("L")]
    picture = Image.merge("RGB", [band.resize(width_height) for band in bands])
    if flaw == "blank":
        picture = Image.new("RGB", width_height, "teal")
    out = io.BytesIO()
    if flaw == "animated":
        picture.save(out, format_.value, save_all=True, append_images=[picture.rotate(180)])
    else:
        picture.save(out, format_.value)
    return out.getvalue()[: out.tell() // 2] if flaw == "corrupt" else out.getvalue()


class TestGentleUpscaler(UpscalerContract):
    @pytest.fixture
    def upscaler(self) -> Upscaler:
        return GentleUpscaler()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return PillowProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture
