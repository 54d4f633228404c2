"""How much of a graphic each engine and each network breaks, measured as `tests/faithfulness.py` does; worst first.

The pictures are those of `tests/graphics.py`, some by chance with fixed seeds, and icons and screenshots inside the
installed packages. Each is enlarged 2, 4, 1.6 and 2.8 times: by Lanczos, by the classical and the neural engine end to
end, and by each network alone, which is brought down from its own scale by Lanczos as the neural engine does.

    python bench/graphics_quality.py [--only phantom bars] [--entrants neural span] [--factors 2 1.6] [--write FOLDER]

`--only` takes the pictures that have one of these words in their names. What is broken, or nearly, is printed as it is
found, and `--write` saves it: original, Lanczos and result side by side, to be looked at at 100 %.
"""

import argparse
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from attrs import field, frozen
from package_images import package_images
from PIL import Image

from spike_core.domain.dimensions import Dimensions
from spike_core.ports.factories import EngineResources
from spike_core.ports.progress import UNMONITORED
from spike_core.ports.upscaler import Upscaler
from spike_ncnn.networks import NETWORKS
from spike_ncnn.plugin import open_engine
from spike_ncnn.progress_steps import Steps
from spike_ncnn.runner import Runner
from spike_ncnn.tiled_enlargement import Enlarger
from spike_pillow import classical_engine

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from faithfulness import Faithfulness, broken  # the tests' folder was missing
from graphics import GRAPHICS, Graphic  # the same
from random_graphics import seeded  # the same

FACTORS: Final = (2.0, 4.0, 1.6, 2.8)
SEEDS: Final = 24
SHOWN: Final = 8  # pictures in the table of each entrant and factor
ALMOST: Final = 40  # of 255: a difference in one pixel that is worth a look
MEMORY_BYTES: Final = 256 * 1024 * 1024
LANCZOS: Final = Image.Resampling.LANCZOS

Size = tuple[int, int]
Enlarge = Callable[[Graphic, Size], Image.Image]


@frozen(kw_only=True)
class Entrant:
    """Something that enlarges."""

    name: str
    enlarge: Enlarge = field(repr=False)
    factors: Sequence[float] = FACTORS


@frozen(kw_only=True)
class Row:
    """One picture, enlarged once."""

    entrant: str
    factor: float
    picture: str
    found: Faithfulness

    @property
    def badness(self) -> tuple[float, float, float]:
        """What to sort by."""
        return self.found.share, self.found.block_share, self.found.largest


def pictures() -> Mapping[str, Graphic]:
    """Return all pictures by name."""
    by_chance = {f"chance {seed}": Graphic(partial(seeded, seed)) for seed in range(SEEDS)}
    found = {name: Graphic(picture.copy) for name, picture in package_images().items()}
    return {**GRAPHICS, **by_chance, **found}


def entrants(threads: int) -> Sequence[Entrant]:
    """Return all that enlarge; an engine takes the file, a network its pixels without alpha."""
    enlarger = Enlarger(runner=Runner(threads=threads), memory_bytes=MEMORY_BYTES)
    neural = open_engine(means=EngineResources(cores=threads, classical=classical_engine)).upscaler
    return (
        Entrant(name="lanczos", enlarge=lambda graphic, size: graphic.picture.resize(size, LANCZOS)),
        Entrant(name="classical", enlarge=partial(_by_engine, classical_engine().upscaler)),
        Entrant(name="neural", enlarge=partial(_by_engine, neural)),
        *(
            Entrant(
                name=name,
                enlarge=partial(_by_network, enlarger, name),
                factors=[factor for factor in FACTORS if network.scale / 2 < factor <= network.scale],
            )
            for name, network in NETWORKS.items()
        ),
    )


def measured(entrant: Entrant, name: str, graphic: Graphic, *, factor: float) -> tuple[Row, Image.Image]:
    """Enlarge one picture and measure; a network is measured without alpha."""
    shown = graphic.shown
    size = (round(shown[0].width * factor), round(shown[0].height * factor))
    made = entrant.enlarge(graphic, size)
    seen = [picture.convert("RGB") for picture in shown] if entrant.name in NETWORKS else shown
    return Row(entrant=entrant.name, factor=factor, picture=name, found=broken(made, *seen)), made


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of the summary: for each entrant and factor how many are broken, and the worst."""
    yield "| by | factor | broken | worst: pixels | block | difference | picture | also |"
    yield "|---|---|---|---|---|---|---|---|"
    for entrant, factor in dict.fromkeys((row.entrant, row.factor) for row in rows):
        here = [row for row in rows if (row.entrant, row.factor) == (entrant, factor)]
        worst, *others = sorted(here, key=lambda row: row.badness, reverse=True)[:SHOWN]
        also = ", ".join(f"{row.picture} {row.found.share:.2%}" for row in others if not row.found.is_kept)
        count = sum(not row.found.is_kept for row in here)
        yield (
            f"| {entrant} | {factor:g} | {count} of {len(here)} | {worst.found.share:.2%}"
            f" | {worst.found.block_share:.1%} | {worst.found.largest:.0f} | {worst.picture} | {also} |"
        )


def write(folder: Path, row: Row, graphic: Graphic, made: Image.Image) -> None:
    """Save original (in blocks), Lanczos and result side by side, on gray where they are transparent."""
    folder.mkdir(parents=True, exist_ok=True)
    original = graphic.picture
    sides = (
        original.resize(made.size, Image.Resampling.NEAREST),
        original.resize(made.size, LANCZOS),
        made,
    )
    sheet = Image.new("RGB", (made.width * 3 + 16, made.height), (128, 128, 128))
    for place, side in enumerate(sides):
        seen = side.convert("RGBA")
        sheet.paste(seen, (place * (made.width + 8), 0), seen)
    mark = "good" if row.found.is_kept else "broken"
    name = re.sub(r"[^\w.-]+", "-", f"{row.entrant} x{row.factor:g} {row.picture}")
    sheet.save(folder / f"{mark}-{row.found.share * 10_000:04.0f}-{name}.png")


def main() -> None:
    """Measure, print, and write if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[""], metavar="WORD")
    parser.add_argument("--entrants", nargs="*", metavar="NAME")
    parser.add_argument("--factors", nargs="*", type=float, default=FACTORS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    chosen = {name: each for name, each in pictures().items() if any(word in name for word in given.only)}
    rows: list[Row] = []
    for entrant in entrants(given.threads):
        if given.entrants and entrant.name not in given.entrants:
            continue
        for factor in sorted({*entrant.factors} & {*given.factors}):
            rows += taken(entrant, chosen, factor=factor, folder=given.write)
    print(*table(rows), sep="\n")


def taken(entrant: Entrant, chosen: Mapping[str, Graphic], *, factor: float, folder: Path | None) -> Iterator[Row]:
    """Yield what is measured of each picture; print, and write where there is a folder, what is broken."""
    for name, graphic in chosen.items():
        row, made = measured(entrant, name, graphic, factor=factor)
        if not row.found.is_kept or row.found.largest > ALMOST:
            print(f"{entrant.name} x{factor:g} {name}: {row.found}", flush=True)
            if folder:
                write(folder, row, graphic, made)
        yield row


def _by_engine(upscaler: Upscaler, graphic: Graphic, size: Size) -> Image.Image:
    made = upscaler.enhance(io.BytesIO(graphic.data), size=Dimensions(width_px=size[0], height_px=size[1]))
    with Image.open(io.BytesIO(made.content)) as picture:
        picture.load()
        return picture


def _by_network(enlarger: Enlarger, name: str, graphic: Graphic, size: Size) -> Image.Image:
    pixels = np.asarray(graphic.picture.convert("RGB"))
    made = Image.fromarray(enlarger.enlarged(pixels, {name: 1.0}, steps=Steps(UNMONITORED, 1_000)).pixels)
    return made if made.size == size else made.resize(size, LANCZOS)


if __name__ == "__main__":
    main()
