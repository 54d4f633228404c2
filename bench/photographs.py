"""Photographs for the neural benches, made smaller and worse in known ways, and blocks of tables in a page.

Two sets that have no picture in common: `REPORTED` is measured and shown, `fitted_on` is what the mixture's sums were
fitted on. The second has three photographs from other packages, installed by name into `bench/.photographs`.
"""

import functools
import io
import subprocess
import sys
import zlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE / ".photographs"
PAGE: Final = HERE.parent / "docs" / "reference" / "engine.md"
REPORTED: Final = ("astronaut.png", "chelsea.png", "rocket.jpg", "ihc.png", "motorcycle_left.png", "coffee.png")
_PACKAGES: Final = ("scikit-learn", "matplotlib")  # for a file or two of each, not to be imported
_ELSEWHERE: Final = {
    "china": "sklearn/datasets/images/china.jpg",
    "flower": "sklearn/datasets/images/flower.jpg",
    "grace": "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
}
_HALVED: Final = ("retina.jpg", "hubble_deep_field.jpg")  # their JPEG's traces go, when they are halved
_GRAY: Final = ("brick.png", "grass.png", "gravel.png", "camera.png", "coins.png")
_CROP_PX: Final = 224

Pixels = NDArray[np.uint8]


@frozen(kw_only=True)
class Damage:
    """What happened to a picture after it was made smaller: noise first, then compression."""

    noise: float = 0.0  # standard deviation, of 255, in each color by itself; negative: the same in all colors
    quality: int = 0  # of the JPEG; 0 for none

    def __str__(self) -> str:
        """Name it as the tables do."""
        noise = f"noise {self.noise:g}" if self.noise > 0 else f"grain {-self.noise:g}" if self.noise else ""
        return " + ".join(part for part in (noise, f"JPEG q{self.quality}" if self.quality else "") if part) or "clean"


@frozen(kw_only=True)
class Damaged:
    """A small picture, and the table of the JPEG that it was."""

    pixels: Pixels
    table: Sequence[int] | None


def damaged(original: Image.Image, damage: Damage, *, factor: int, name: str) -> Damaged:
    """Return a photograph reduced `factor` times by Pillow's bicubic filter, then damaged; `name` seeds the noise."""
    small = original.resize((original.width // factor, original.height // factor), Image.Resampling.BICUBIC)
    pixels = np.asarray(small)
    if damage.noise:
        chance = np.random.default_rng(zlib.crc32(f"{name} {damage} {factor}".encode()))
        shape = pixels.shape if damage.noise > 0 else (*pixels.shape[:2], 1)
        pixels = np.clip(pixels + chance.normal(0, abs(damage.noise), shape) + 0.5, 0, 255).astype(np.uint8)
    if not damage.quality:
        return Damaged(pixels=pixels, table=None)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=damage.quality)
    with Image.open(out) as jpeg:
        assert isinstance(jpeg, JpegImagePlugin.JpegImageFile)
        return Damaged(pixels=np.asarray(jpeg.convert("RGB")), table=jpeg.quantization[0])


def reported() -> Mapping[str, Image.Image]:
    """Return the photographs whose figures are shown, their sides cropped to multiples of 4."""
    return {name: _whole_blocks(_opened(_skimage() / name)) for name in REPORTED}


def fitted_on() -> Mapping[str, Image.Image]:
    """Return the crops of photographs that the mixture is fitted on; none is in `reported`."""
    _install()
    crops = {}
    for name, path in _ELSEWHERE.items():
        half = _halved(_opened(FOLDER / path))
        starts = (0, half.width - half.width // 8 * 4) if half.width > half.height else (0,)
        for number, left in enumerate(starts):
            crops[f"{name}/{number}"] = _whole_blocks(half.crop((left, 0, left + half.width // 2, half.height)))
    for name in (*_HALVED, *_GRAY):
        picture = _opened(_skimage() / name)
        picture = _halved(picture) if name in _HALVED else picture
        left, top = (picture.width - _CROP_PX) // 4, (picture.height - _CROP_PX) * 3 // 10
        crops[name] = picture.crop((left, top, left + _CROP_PX, top + _CROP_PX))
    return crops


def is_gray(name: str) -> bool:
    """Tell whether a crop of `fitted_on` has no colors."""
    return name in _GRAY


def write_block(name: str, text: str) -> None:
    """Put text into the page of the engines, between the markers of the bench that wrote it."""
    begin, end = f"<!-- {name} writes from here -->", f"<!-- {name} ends here -->"
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(begin)
    assert found, f"{PAGE} has no {begin}"
    _, found, after = rest.partition(end)
    assert found, f"{PAGE} has no {end}"
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _install() -> None:
    if all((FOLDER / path).exists() for path in _ELSEWHERE.values()):
        return
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run([*command, "--target", FOLDER, *_PACKAGES], check=True)


@functools.cache
def _skimage() -> Path:
    spec = find_spec("skimage")
    assert spec is not None, "scikit-image is a development dependency"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def _halved(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)


def _whole_blocks(picture: Image.Image) -> Image.Image:
    return picture.crop((0, 0, picture.width // 4 * 4, picture.height // 4 * 4))
