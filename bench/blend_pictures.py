"""The pictures of docs/reference/blending.md: two photographs and their blend, on one strip.

Run by `make blend-pictures`; the photographs are scikit-image's.
"""

import importlib.util
import io
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from spike_core.domain.dimensions import Dimensions
from spike_pillow.blender import PillowBlender

OUT: Final = Path(__file__).parents[1] / "docs/images/blend"
HEIGHT_PX: Final = 220
GAP_PX: Final = 6
PAIRS: Final = {
    "face-and-texture": ("astronaut.png", "gravel.png"),
    "landscape-and-cat": ("rocket.jpg", "chelsea.png"),
    "cup-and-bricks": ("coffee.png", "brick.png"),
}


def main() -> None:
    """Write a strip for each pair: the original, the source, the blend."""
    spec = importlib.util.find_spec("skimage")
    assert spec is not None, "scikit-image is a development dependency"
    assert spec.submodule_search_locations
    photographs = Path(spec.submodule_search_locations[0]) / "data"
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (original, source) in PAIRS.items():
        one, other = ((photographs / each).read_bytes() for each in (original, source))
        with Image.open(io.BytesIO(one)) as picture:
            size = Dimensions(width_px=picture.width, height_px=picture.height)
        merged = PillowBlender().blend(io.BytesIO(one), io.BytesIO(other), size=size)
        strip([one, other, merged]).save(OUT / f"{name}.jpg", quality=85)


def strip(pictures: list[bytes]) -> Image.Image:
    """Return the pictures side by side, equally high."""
    shown = []
    for content in pictures:
        with Image.open(io.BytesIO(content)) as picture:
            width = max(1, round(picture.width * HEIGHT_PX / picture.height))
            shown.append(ImageOps.fit(picture.convert("RGB"), (width, HEIGHT_PX), Image.Resampling.LANCZOS))
    sheet = Image.new("RGB", (sum(each.width + GAP_PX for each in shown) - GAP_PX, HEIGHT_PX), "white")
    left = 0
    for each in shown:
        sheet.paste(each, (left, 0))
        left += each.width + GAP_PX
    return sheet


if __name__ == "__main__":
    main()
