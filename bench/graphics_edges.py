"""What enlargement by 2 does to edges, flat colors, thin lines and letters, by Lanczos and by each engine.

    python bench/graphics_edges.py [--engines classical neural] [--write]

Everything is drawn by the bench and measured without a reference:

- overshoot: how far pixels near edges lie outside of the range of the input's 3x3 pixels around them, of 255; the mean
  of the worst hundredth, and the largest;
- flat areas: where the input has one color within 4 pixels, the colors in the result for each color of the input, and
  the largest deviation;
- lines of one pixel: their width at half of their depth, in pixels of the input, where a box of one pixel has 1.0; and
  their depth, of the line's own contrast;
- letters: each of 62, in a cell of its own, is compared with all 62 drawn at the result's size. `read` is the share for
  which its own template correlates best, `likeness` the mean correlation with it.

`--write` puts the tables into `docs/reference/engine.md`.
"""

import argparse
import io
import string
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from photographs import write_block
from PIL import Image, ImageDraw

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import RenderOptions
from spike_core.ports.factories import EngineResources
from spike_core.ports.upscaler import Upscaler
from spike_ncnn.plugin import open_engine
from spike_pillow import classical_engine

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import graphic_drawings as draw  # the tests' folder was missing
import graphic_patterns as pattern  # the same

FACTOR: Final = 2
TEXT_SIZES_PX: Final = (8, 12, 16, 24)
LETTERS: Final = string.ascii_letters + string.digits
COLUMNS: Final = 16
FLAT_PX: Final = 4  # the distance to the next edge from which an area counts as flat
EDGE_MIN: Final = 48  # of 255: the least range of a neighborhood that counts as an edge
WORST_SHARE: Final = 0.01
LINE_SIDE_PX: Final = 64
LINE_STEP_PX: Final = 16
EXACT: Final = RenderOptions(format=PictureFormat.PNG)
GRAY: Final = (200, 200, 200)
INK: Final = (60, 60, 60)  # gray on gray, so that overshoot isn't cut off at black and white

Values = NDArray[np.float32]
Number = TypeVar("Number", bound=np.generic)
Enlarge = Callable[[Image.Image], Image.Image]


@frozen(kw_only=True)
class Edges:
    """What was measured of one picture."""

    overshoot: float
    overshoot_max: float
    colors: float  # in the result, for each flat color of the input
    deviation_max: float


def pictures() -> Mapping[str, Image.Image]:
    """Return what is drawn, by name."""
    texts = {f"text of {size} px": draw.text(size, INK, GRAY) for size in TEXT_SIZES_PX}
    others = {
        "line art": draw.line_art(INK, GRAY, width_px=1),
        "pixel art": pattern.pixel_art(4, (20, 12, 60)),
        "user interface": draw.window(
            desktop=(0, 128, 128), face=(240, 240, 240), title=(0, 0, 170), ink=(0, 0, 0), accent=(0, 120, 215)
        ),
        "logo": draw.logo((255, 255, 255), (200, 30, 30), (30, 60, 200)),
    }
    return {name: picture.convert("RGB").crop((0, 0, 192, 128)) for name, picture in {**texts, **others}.items()}


def _extremes(pixels: Values, distance_px: int) -> tuple[Values, Values]:
    """Return the least and the largest value within a distance, in each channel."""
    side = 2 * distance_px + 1
    padded = np.pad(pixels, ((distance_px, distance_px), (distance_px, distance_px), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(0, 1))
    return windows.min(axis=(-2, -1)), windows.max(axis=(-2, -1))


def _enlarged(values: NDArray[Number]) -> NDArray[Number]:
    return values.repeat(FACTOR, axis=0).repeat(FACTOR, axis=1)


def edges(original: Image.Image, result: Image.Image) -> Edges:
    """Measure edges and flat areas."""
    source, made = (np.asarray(picture.convert("RGB")).astype(np.float32) for picture in (original, result))
    low, high = _extremes(source, 1)
    is_edge = _enlarged(high - low >= EDGE_MIN)
    beyond = np.maximum(np.maximum(_enlarged(low) - made, made - _enlarged(high)), 0)[is_edge]
    worst = np.sort(beyond)[-max(1, int(beyond.size * WORST_SHARE)) :] if beyond.size else np.zeros(1)
    low, high = _extremes(source, FLAT_PX)
    is_flat = (low == high).all(axis=2)
    flat = _enlarged(is_flat)
    before, after = source[is_flat], made[flat]
    return Edges(
        overshoot=float(worst.mean()),
        overshoot_max=float(worst.max()),
        colors=len(np.unique(after, axis=0)) / len(np.unique(before, axis=0)) if len(before) else 0.0,
        deviation_max=float(np.abs(made - _enlarged(source))[flat].max()) if len(before) else 0.0,
    )


def lines(enlarge: Enlarge) -> tuple[float, float]:
    """Return width and depth of lines of one pixel, the mean over horizontal and vertical ones."""
    found = []
    for is_vertical in (True, False):
        source = np.full((LINE_SIDE_PX, LINE_SIDE_PX, 3), GRAY[0], np.uint8)
        places = range(LINE_STEP_PX // 2, LINE_SIDE_PX, LINE_STEP_PX)
        for at in places:
            source[(slice(None), at) if is_vertical else at] = INK[0]
        made = np.asarray(enlarge(Image.fromarray(source)).convert("L")).astype(np.float64)
        depths = (GRAY[0] - (made if is_vertical else made.T)[LINE_SIDE_PX]) / (GRAY[0] - INK[0])
        found += [_width(depths, (at + 0.5) * FACTOR - 0.5) for at in places]
    return float(np.mean([width for width, _ in found])), float(np.mean([depth for _, depth in found]))


def _width(depths: NDArray[np.float64], middle: float) -> tuple[float, float]:
    """Return a line's width at half of its depth, with each pixel as a box, and its depth."""
    near = depths[int(middle) - 3 * FACTOR : int(middle) + 3 * FACTOR + 2]
    deepest = float(near.max())
    fine = np.interp(np.linspace(0, len(near) - 1, 100 * (len(near) - 1) + 1), range(len(near)), near)
    return float((fine >= deepest / 2).sum()) / 100 / FACTOR, deepest


def _sheet(size_px: int, cell_px: int) -> Image.Image:
    picture = Image.new("L", (COLUMNS * cell_px, -(-len(LETTERS) // COLUMNS) * cell_px), GRAY[0])
    pen = ImageDraw.Draw(picture)
    for number, letter in enumerate(LETTERS):
        row, column = divmod(number, COLUMNS)
        place = (column * cell_px + size_px // 4, row * cell_px + size_px // 4)
        pen.text(place, letter, fill=INK[0], font=draw.font(size_px))
    return picture.convert("RGB")


def _cells(sheet: Image.Image, cell_px: int) -> Values:
    gray = np.asarray(sheet.convert("L")).astype(np.float32)
    cells = [
        gray[row * cell_px : (row + 1) * cell_px, column * cell_px : (column + 1) * cell_px].ravel()
        for row, column in (divmod(number, COLUMNS) for number in range(len(LETTERS)))
    ]
    centered = np.stack(cells) - np.mean(cells, axis=1, keepdims=True)
    return np.asarray(centered / np.linalg.norm(centered, axis=1, keepdims=True), np.float32)


def letters(enlarge: Enlarge, size_px: int) -> tuple[float, float]:
    """Return the share of letters that are read, and how alike they are to those drawn at the result's size."""
    cell_px = size_px * 3 // 2
    made = enlarge(_sheet(size_px, cell_px))
    likeness = _cells(made, cell_px * FACTOR) @ _cells(_sheet(size_px * FACTOR, cell_px * FACTOR), cell_px * FACTOR).T
    own = np.diagonal(likeness)
    return float((likeness.argmax(axis=1) == np.arange(len(LETTERS))).mean()), float(own.mean())


def _by_lanczos(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * FACTOR, picture.height * FACTOR), Image.Resampling.LANCZOS)


def _by_engine(upscaler: Upscaler, picture: Image.Image) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "PNG")
    file.seek(0)
    size = Dimensions(width_px=picture.width * FACTOR, height_px=picture.height * FACTOR)
    with Image.open(io.BytesIO(upscaler.enhance(file, size=size, options=EXACT).content)) as made:
        return made.convert("RGB")


def entrants(chosen: Sequence[str]) -> Mapping[str, Enlarge]:
    """Return Lanczos and the chosen engines."""
    found: dict[str, Enlarge] = {"Lanczos": _by_lanczos}
    if "classical" in chosen:
        found["classical"] = partial(_by_engine, classical_engine().upscaler)
    if "neural" in chosen:
        neural = open_engine(means=EngineResources(cores=2, classical=classical_engine)).upscaler
        found["neural"] = partial(_by_engine, neural)
    return found


def tables(contestants: Mapping[str, Enlarge]) -> Iterator[str]:
    """Yield the lines of both tables; a figure that is worse than by Lanczos is bold."""
    names = list(contestants)
    heading = "overshoot of the worst hundredth (largest); colors for each flat color (largest deviation)"
    yield f"| {heading} | " + " | ".join(names) + " |"
    yield "|---|" + "---|" * len(names)
    for name, picture in pictures().items():
        found = {by: edges(picture, enlarge(picture)) for by, enlarge in contestants.items()}
        yield f"| {name} | " + " | ".join(_cell(each, found[names[0]]) for each in found.values()) + " |"
    yield ""
    yield "| | " + " | ".join(names) + " |"
    yield "|---|" + "---|" * len(names)
    thin = [lines(enlarge) for enlarge in contestants.values()]
    yield "| lines of 1 px: width, px | " + " | ".join(f"{width:.2f}" for width, _ in thin) + " |"
    yield "| lines of 1 px: depth | " + " | ".join(f"{depth:.0%}" for _, depth in thin) + " |"
    for size in TEXT_SIZES_PX:
        read = [letters(enlarge, size) for enlarge in contestants.values()]
        cells = " | ".join(_letters_cell(each, read[0]) for each in read)
        yield f"| letters of {size} px: read (likeness) | {cells} |"


def _cell(found: Edges, lanczos: Edges) -> str:
    halo, flat = (
        f"{found.overshoot:.1f} ({found.overshoot_max:.0f})",
        f"{found.colors:.1f} ({found.deviation_max:.0f})",
    )
    halo = f"**{halo}**" if found.overshoot > lanczos.overshoot + 0.5 else halo
    return f"{halo}; **{flat}**" if found.colors > lanczos.colors + 0.1 else f"{halo}; {flat}"


def _letters_cell(found: tuple[float, float], lanczos: tuple[float, float]) -> str:
    cell = f"{found[0]:.0%} ({found[1]:.3f})"
    return f"**{cell}**" if found < lanczos else cell


def main() -> None:
    """Measure, print, and write if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="*", default=["classical", "neural"], choices=["classical", "neural"])
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = []
    for row in tables(entrants(given.engines)):
        print(row, flush=True)
        rows.append(row)
    if given.write:
        write_block("bench/graphics_edges.py", "\n".join(rows))


if __name__ == "__main__":
    main()
