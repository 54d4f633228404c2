"""Which results the check refuses, beside what `tests/faithfulness.py` says of them, in both directions.

Each network works graphics alone, without the ladder that replaces what it breaks; photographs, clean, noisy and
compressed, are enlarged by sound engines, and by ones that sharpen and compress more than ours. Nothing of the latter
may be refused.

    python bench/result_check.py [--every 4] [--networks span waifu2x-3]
"""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from damages import Damage, damaged
from photographs import reported
from PIL import Image, ImageEnhance, ImageFilter

from spike_ncnn.networks import NETWORKS, Network
from spike_ncnn.runner import Runner
from spike_ncnn.tiles import tiles_of
from spike_pillow.fidelity import compared

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from faithfulness import broken  # the tests' folder was missing
from graphics import GRAPHICS  # the same

DAMAGES: Final = (Damage(), Damage(noise=5), Damage(noise=40), Damage(qualities=(10,)), Damage(qualities=(80,)))
FACTORS: Final = (0.3, 0.7, 1.0, 1.6, 2.0, 3.7, 8.0)


def alone(runner: Runner, picture: Image.Image, network: Network) -> Image.Image:
    """Return what a network makes, clipped."""
    pixels, scale = np.asarray(picture), network.scale
    whole = np.empty((pixels.shape[0] * scale, pixels.shape[1] * scale, 3), np.uint8)
    for tile in tiles_of(*pixels.shape[:2], side_px=256):
        light = np.nan_to_num(runner.enlarged(pixels, tile, network))
        whole[tile.scaled(scale).slices] = np.clip(light * 255 + 0.5, 0, 255).astype(np.uint8)
    return Image.fromarray(whole)


def stronger(picture: Image.Image) -> Iterator[Image.Image]:
    """Yield a result, and what engines that do more make of it."""
    yield picture
    yield picture.filter(ImageFilter.UnsharpMask(2, 150, 2))
    yield ImageEnhance.Contrast(picture).enhance(1.1)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=60)
    yield Image.open(out)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=4, help="take every so many graphics")
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS))
    given = parser.parse_args()
    runner = Runner(threads=2)
    for name in given.networks:
        counts = {(is_kept, passes): 0 for is_kept in (True, False) for passes in (True, False)}
        for graphic in list(GRAPHICS.values())[:: given.every]:
            original, *others = (picture.convert("RGB") for picture in graphic.shown)
            result = alone(runner, original, NETWORKS[name])
            counts[broken(result, original, *others).is_kept, not compared(result, original).flaw] += 1
        print(f"{name}: broken and refused {counts[False, False]}, broken and passed {counts[False, True]},", end=" ")
        print(f"kept and passed {counts[True, True]}, kept and refused {counts[True, False]}", flush=True)
    count = refused = 0
    for name, photograph in reported().items():
        for damage in DAMAGES:
            original = Image.fromarray(damaged(photograph, damage, factor=3, name=name).pixels)
            for factor in FACTORS:
                size = (round(original.width * factor), round(original.height * factor))
                for result in stronger(original.resize(size, Image.Resampling.LANCZOS)):
                    count += 1
                    refused += bool(compared(result.convert("RGB"), original).flaw)
    print(f"photographs: refused {refused} of {count}")


if __name__ == "__main__":
    main()
