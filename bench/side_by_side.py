"""Our engines and their peers on the same pictures, enlarged by 2: PSNR, SSIMULACRA2 and time.

    python bench/side_by_side.py [--side 256] [--only WORD …] [--write]

The middle of photographs, and graphics, are reduced by Pillow's bicubic filter, some are damaged by JPEG, and each
contestant enlarges the same file to a JPEG of quality 95 without subsampled chroma. Networks that only enlarge by 4 are
reduced by Lanczos. `--side` is the side of the original in pixels. Who enlarges less well than Lanczos is bold.

`--write` puts tables into `docs/reference/engine.md` and pictures into `docs/images/engine`.
"""

import argparse
import io
import math
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
from attrs import frozen
from classical import HERE, Contestant, contestant, install_peers
from photographs import write_block
from PIL import Image, ImageDraw

from spike_core.domain.dimensions import Dimensions

sys.path.append(str(HERE.parent / "tests"))

import graphic_drawings as draw  # the tests' folder was missing
from pictures import photograph  # the same

CONTESTANTS: Final[Mapping[str, str]] = {
    "lanczos": "Lanczos",
    "ours": "classical",
    "neural": "neural",
    "sharp": "sharp",
    "pyvips": "pyvips",
    "opencv": "OpenCV",
    "realcugan": "Real-CUGAN",
    "animevideo": "Real-ESRGAN animevideov3",
    "realesrgan": "Real-ESRGAN x4plus",
}
FACTOR: Final = 2
PHOTOGRAPHS: Final = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png")
IMAGES: Final = HERE.parent / "docs" / "images" / "engine"
SHOWN: Final = 2  # sheets of each kind: where our engine gained most, and where it lost most or gained least
SHOWN_PX: Final = 96
ZOOM: Final = 2


@frozen(kw_only=True)
class Case:
    """An original, and the file that is enlarged."""

    name: str
    original: Image.Image
    quality: int | None  # of the JPEG; None for a PNG

    @property
    def file(self) -> bytes:
        """The reduced picture as a file."""
        size = (self.original.width // FACTOR, self.original.height // FACTOR)
        out = io.BytesIO()
        small = self.original.resize(size, Image.Resampling.BICUBIC)
        small.save(out, "JPEG" if self.quality else "PNG", **({"quality": self.quality} if self.quality else {}))
        return out.getvalue()


@frozen(kw_only=True)
class Score:
    """How well one picture was enlarged by one contestant."""

    psnr_db: float
    ssimulacra2: float
    seconds: float


def cases(side_px: int) -> Iterator[Case]:
    """Yield what is enlarged."""
    for name in PHOTOGRAPHS:
        picture = photograph(name)
        left, top = (picture.width - side_px) // 2, (picture.height - side_px) // 2
        middle = picture.crop((left, top, left + side_px, top + side_px))
        stem = Path(name).stem
        yield Case(name=f"{stem}, clean", original=middle, quality=None)
        yield Case(name=f"{stem}, JPEG q60", original=middle, quality=60)
    yield Case(name="text", original=draw.text(20, (0, 0, 0), (255, 255, 255)), quality=None)
    yield Case(name="logo", original=draw.logo((255, 255, 255), (220, 20, 30), (30, 60, 220)), quality=None)


def scored(case: Case, running: Mapping[str, Contestant], judge: Contestant, folder: Path) -> dict[str, Score]:
    """Have everybody enlarge a picture; their files stay in the folder."""
    folder.mkdir()
    original, source = folder / "original.png", folder / "source"
    case.original.convert("RGB").save(original)
    source.write_bytes(case.file)
    size = Dimensions(width_px=case.original.width, height_px=case.original.height)
    found = {}
    for name, each in running.items():
        target = folder / f"{name}.jpg"
        run = each.enhance(source, size, target)
        with Image.open(target) as made:
            error = np.asarray(made.convert("RGB")).astype(np.float64) - np.asarray(case.original.convert("RGB"))
        found[name] = Score(
            psnr_db=10 * math.log10(255**2 / max(1e-9, float((error**2).mean()))),
            ssimulacra2=float(judge.ask(original, target)),
            seconds=run.seconds,
        )
    return found


def table(scores: Mapping[str, Mapping[str, Score]]) -> Iterator[str]:
    """Yield the lines: PSNR and SSIMULACRA2 of each picture, the means, and the time as a multiple of Lanczos's."""
    names = list(next(iter(scores.values())))
    yield "| PSNR, dB; SSIMULACRA2 | " + " | ".join(CONTESTANTS[name] for name in names) + " |"
    yield "|---|" + "---|" * len(names)
    for picture, found in scores.items():
        yield f"| {picture} | " + " | ".join(_cell(found[name], found["lanczos"]) for name in names) + " |"
    losses = {name: sum(_loses(found[name], found["lanczos"]) for found in scores.values()) for name in names}
    yield "| worse than Lanczos by either | " + " | ".join(f"{losses[name]} of {len(scores)}" for name in names) + " |"
    seconds = {name: statistics.median(found[name].seconds for found in scores.values()) for name in names}
    yield "| time ÷ Lanczos's | " + " | ".join(f"{seconds[name] / seconds['lanczos']:.1f}" for name in names) + " |"


def _loses(score: Score, lanczos: Score) -> bool:
    return score.psnr_db < lanczos.psnr_db - 0.005 or score.ssimulacra2 < lanczos.ssimulacra2 - 0.05


def _cell(score: Score, lanczos: Score) -> str:
    cell = f"{score.psnr_db:.2f}; {score.ssimulacra2:.1f}"
    return f"**{cell}**" if _loses(score, lanczos) else cell


def sheets(scores: Mapping[str, Mapping[str, Score]], folder: Path) -> Iterator[str]:
    """Write the pictures on which the neural engine gained most and least by SSIMULACRA2, and yield their Markdown."""
    gains = {name: found["neural"].ssimulacra2 - found["lanczos"].ssimulacra2 for name, found in scores.items()}
    order = sorted(gains, key=lambda name: gains[name])
    for name in dict.fromkeys([*order[:SHOWN], *order[: -SHOWN - 1 : -1]]):
        shown = ["original.png", *(f"{by}.jpg" for by in scores[name])]
        cell_px = SHOWN_PX * ZOOM
        columns = 5
        canvas = Image.new("RGB", (columns * (cell_px + 4), -(-len(shown) // columns) * (cell_px + 18)), "white")
        for number, file in enumerate(shown):
            row, column = divmod(number, columns)
            with Image.open(folder / _slug(name) / file) as picture:
                left, top = (picture.width - SHOWN_PX) // 2, (picture.height - SHOWN_PX) // 2
                crop = picture.convert("RGB").crop((left, top, left + SHOWN_PX, top + SHOWN_PX))
            place = (column * (cell_px + 4), row * (cell_px + 18))
            canvas.paste(crop.resize((cell_px, cell_px), Image.Resampling.NEAREST), (place[0], place[1] + 16))
            label = CONTESTANTS.get(Path(file).stem, "original")
            ImageDraw.Draw(canvas).text((place[0], place[1] + 2), label, fill="black")
        IMAGES.mkdir(parents=True, exist_ok=True)
        path = IMAGES / f"side-by-side-{_slug(name)}.jpg"
        canvas.save(path, quality=85)
        yield f"{name}; the neural engine's gain over Lanczos is {gains[name]:+.1f} of SSIMULACRA2:"
        yield ""
        yield f"![{name}](../images/engine/{path.name})"
        yield ""


def _slug(name: str) -> str:
    return name.replace(",", "").replace(" ", "-").lower()


def main() -> None:
    """Measure, print, and write if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--only", nargs="*", default=[""], metavar="WORD")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    install_peers()
    scores: dict[str, dict[str, Score]] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        judge = stack.enter_context(contestant("ssimulacra2"))
        running = {name: stack.enter_context(contestant(name)) for name in CONTESTANTS}
        for case in cases(given.side):
            if any(word in case.name for word in given.only):
                scores[case.name] = scored(case, running, judge, folder / _slug(case.name))
                print(case.name, scores[case.name], flush=True)
        text = "\n".join(table(scores))
        print(text)
        if given.write:
            write_block("bench/side_by_side.py", "\n".join([text, "", *sheets(scores, folder)]).rstrip())


if __name__ == "__main__":
    main()
