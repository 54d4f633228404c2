"""Our engines and their peers on the same pictures: PSNR, SSIMULACRA2 and time; and pictures of wins and failures.

    python bench/side_by_side.py [--side 256] [--only WORD …] [--without NAME …] [--keep FOLDER] [--write]

The middles of photographs, and graphics, are reduced by Pillow's bicubic filter, some are damaged, and each contestant
enlarges the same file to a JPEG of quality 95 without subsampled chroma. Networks that only enlarge by 4 are reduced by
Lanczos. sharp, pyvips and OpenCV resize without sharpening. `--side` is the side of the original, in pixels. The
photographs are of packages that no bound was chosen on, except for the three of scikit-image.

`--keep` leaves what was made in a folder, where the next run finds it.

`--write` puts tables into `docs/reference/engine.md` and pictures into `docs/images/engine`.
"""

import argparse
import io
import json
import math
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
from attrs import astuple, frozen
from classical import HERE, Contestant, contestant, install_peers
from damages import Damage, damaged
from photographs import held_out, middle, reported, write_block
from PIL import Image, ImageDraw

from spike_core.domain.dimensions import Dimensions

sys.path.append(str(HERE.parent / "tests"))

import graphic_drawings as draw  # the tests' folder was missing

CONTESTANTS: Final[Mapping[str, str]] = {
    "lanczos": "Lanczos (Pillow)",
    "ours": "Spike, classical",
    "neural": "Spike, neural",
    "permissive": "Spike, neural-permissive",
    "best": "Spike, quality best",
    "sharp": "sharp",
    "pyvips": "pyvips",
    "opencv": "OpenCV",
    "realcugan": "Real-CUGAN",
    "animevideo": "Real-ESRGAN animevideov3",
    "realesrgan": "Real-ESRGAN x4plus",
}
PHOTOGRAPHS: Final = ("kphotoalbum/pool.jpg", "kphotoalbum/grand_canyon_2.jpg", "kphotoalbum/skagen.jpg")
REPORTED: Final = ("astronaut.png", "chelsea.png", "coffee.png")
DAMAGED: Final = ("pool", "grand_canyon_2", "chelsea")
KINDS: Final = (
    ("2 times, clean", 2, Damage()),
    ("2 times, JPEG q70", 2, Damage(qualities=(70,))),
    ("2 times, noise 8", 2, Damage(noise=8)),
    ("4 times, clean", 4, Damage()),
)
GRAPHICS: Final = "2 times, graphics"
IMAGES: Final = HERE.parent / "docs" / "images" / "engine"
SHOWN: Final = 3  # sheets of each kind: where our engine gained most, and where it gained least or lost
SHOWN_BY: Final = ("original", "lanczos", "ours", "neural", "best", "sharp", "realcugan", "realesrgan")
SHOWN_PX: Final = 96
ZOOM: Final = 2
COLUMNS: Final = 4
PLAIN: Final = {"PLAIN": "1"}  # so that the peers don't sharpen


@frozen(kw_only=True, eq=False)
class Case:
    """An original, and the file that is enlarged."""

    name: str
    kind: str
    original: Image.Image
    file: bytes


@frozen
class Score:
    """How well one picture was enlarged by one contestant."""

    psnr_db: float
    ssimulacra2: float
    seconds: float | None  # None where it wasn't measured


Scores = Mapping[Case, Mapping[str, Score]]


def cases(side_px: int) -> Iterator[Case]:
    """Yield what is enlarged."""
    others = held_out()
    photographs = {Path(name).stem: others[name] for name in PHOTOGRAPHS}
    photographs |= {Path(name).stem: reported()[name] for name in REPORTED}
    for kind, factor, damage in KINDS:
        for name, photograph in photographs.items():
            if damage != Damage() and name not in DAMAGED:
                continue
            original = middle(photograph, side_px)
            small = damaged(original, damage, factor=factor, name=name)
            yield Case(name=f"{name}, {kind}", kind=kind, original=original, file=_file(small.pixels, original, damage))
    drawn = {
        "text of 20 px": draw.text(20, (0, 0, 0), (255, 255, 255)),
        "dark code": draw.code(24),
        "logo": draw.logo((255, 255, 255), (220, 20, 30), (30, 60, 220)),
        "chart": draw.bars((255, 255, 255), draw.CATEGORIES),
    }
    for name, picture in drawn.items():
        original = middle(picture.convert("RGB"), side_px)
        small = damaged(original, Damage(), factor=2, name=name)
        yield Case(name=name, kind=GRAPHICS, original=original, file=_file(small.pixels, original, Damage()))


def _file(pixels: np.ndarray, original: Image.Image, damage: Damage) -> bytes:
    """Return a reduced picture as a file: a JPEG as it was compressed, so that engines find its tables."""
    out = io.BytesIO()
    if damage.qualities:
        size = (pixels.shape[1], pixels.shape[0])
        original.resize(size, Image.Resampling.BICUBIC).save(out, "JPEG", quality=damage.qualities[-1])
    else:
        Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def scored(case: Case, running: Mapping[str, Contestant], judge: Contestant, folder: Path) -> dict[str, Score]:
    """Have everybody enlarge a picture; their files and scores stay in the folder, and aren't made again."""
    kept = folder / "scores.json"
    if kept.exists():
        return {name: Score(*values) for name, values in json.loads(kept.read_text()).items() if name in running}
    folder.mkdir(parents=True, exist_ok=True)
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
    kept.write_text(json.dumps({name: astuple(each) for name, each in found.items()}))
    return found


def table(scores: Scores) -> Iterator[str]:
    """Yield the lines: mean PSNR and SSIMULACRA2 by kind, losses against Lanczos, and time ÷ Lanczos's."""
    kinds = list(dict.fromkeys(case.kind for case in scores))
    names = list(next(iter(scores.values())))
    yield f"| PSNR, dB; SSIMULACRA2 | {' | '.join(kinds)} | worse than Lanczos | time ÷ Lanczos's |"
    yield "|---|" + "---|" * (len(kinds) + 2)
    for name in names:
        of = {kind: [found[name] for case, found in scores.items() if case.kind == kind] for kind in kinds}
        cells = [
            f"{statistics.mean(each.psnr_db for each in found):.2f}; "
            f"{statistics.mean(each.ssimulacra2 for each in found):.1f}"
            for found in of.values()
        ]
        lost = [_lost(found[name], found["lanczos"]) for found in scores.values()]
        pairs = [(found[name].seconds, found["lanczos"].seconds) for found in scores.values()]
        times = [seconds / lanczos for seconds, lanczos in pairs if seconds and lanczos]
        counts = f"{sum(lost)} of {len(lost)}" if name != "lanczos" else ""
        yield f"| {CONTESTANTS[name]} | {' | '.join(cells)} | {counts} | {statistics.median(times):.0f} |"


def by_picture(scores: Scores) -> Iterator[str]:
    """Yield the lines of the neural engine's gain over Lanczos on each picture, worst first."""
    yield "| worst first | gain, dB | gain in SSIMULACRA2 | best of all |"
    yield "|---|---|---|---|"
    for case in sorted(scores, key=lambda case: _gain(scores[case])):
        found = scores[case]
        best = max(found, key=lambda name: found[name].ssimulacra2)
        gain_db = found["neural"].psnr_db - found["lanczos"].psnr_db
        top = f"{CONTESTANTS[best]}, {found[best].ssimulacra2 - found['lanczos'].ssimulacra2:+.1f}"
        yield f"| {case.name} | {gain_db:+.2f} | {_gain(found):+.1f} | {top} |"


def _gain(found: Mapping[str, Score]) -> float:
    return found["neural"].ssimulacra2 - found["lanczos"].ssimulacra2


def _lost(score: Score, lanczos: Score) -> bool:
    return score.psnr_db < lanczos.psnr_db - 0.005 or score.ssimulacra2 < lanczos.ssimulacra2 - 0.05


def sheets(scores: Scores, folder: Path) -> Iterator[str]:
    """Write the pictures on which the neural engine gained least and most by SSIMULACRA2, and yield their Markdown."""
    order = sorted(scores, key=lambda case: _gain(scores[case]))
    for title, chosen in (("Least gained, or lost", order[:SHOWN]), ("Most gained", order[: -SHOWN - 1 : -1])):
        yield f"{title}:"
        yield ""
        for case in chosen:
            path = _sheet(case, [each for each in SHOWN_BY if each == "original" or each in scores[case]], folder)
            yield f"{case.name}; {_gain(scores[case]):+.1f} of SSIMULACRA2 over Lanczos:"
            yield ""
            yield f"![{case.name}](../images/engine/{path.name})"
            yield ""


def _sheet(case: Case, names: Sequence[str], folder: Path) -> Path:
    cell_px = SHOWN_PX * ZOOM
    canvas = Image.new("RGB", (COLUMNS * (cell_px + 4), -(-len(names) // COLUMNS) * (cell_px + 18)), "white")
    for number, name in enumerate(names):
        row, column = divmod(number, COLUMNS)
        file = folder / _slug(case.name) / (f"{name}.png" if name == "original" else f"{name}.jpg")
        with Image.open(file) as picture:
            left, top = (picture.width - SHOWN_PX) // 2, (picture.height - SHOWN_PX) // 2
            crop = picture.convert("RGB").crop((left, top, left + SHOWN_PX, top + SHOWN_PX))
        place = (column * (cell_px + 4), row * (cell_px + 18))
        canvas.paste(crop.resize((cell_px, cell_px), Image.Resampling.NEAREST), (place[0], place[1] + 16))
        ImageDraw.Draw(canvas).text((place[0], place[1] + 2), CONTESTANTS.get(name, "original"), fill="black")
    IMAGES.mkdir(parents=True, exist_ok=True)
    path = IMAGES / f"side-by-side-{_slug(case.name)}.jpg"
    canvas.save(path, quality=85)
    return path


def _slug(name: str) -> str:
    return name.replace(",", "").replace(" ", "-").lower()


def main() -> None:
    """Measure, print, and write if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--only", nargs="*", default=[""], metavar="WORD")
    parser.add_argument("--without", nargs="*", default=[], choices=[*CONTESTANTS], metavar="NAME")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    install_peers()
    scores: dict[Case, dict[str, Score]] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = given.keep or Path(name)
        judge = stack.enter_context(contestant("ssimulacra2"))
        running = {
            name: stack.enter_context(contestant(name, PLAIN)) for name in CONTESTANTS if name not in given.without
        }
        for case in cases(given.side):
            if any(word in case.name for word in given.only):
                scores[case] = scored(case, running, judge, folder / _slug(case.name))
                shown = {
                    name: (round(each.psnr_db, 2), round(each.ssimulacra2, 1)) for name, each in scores[case].items()
                }
                print(case.name, shown, flush=True)
        text = "\n".join([*table(scores), "", *by_picture(scores)])
        print(text)
        if given.write:
            for old in IMAGES.glob("side-by-side-*.jpg"):
                old.unlink()
            write_block("bench/side_by_side.py", "\n".join([text, "", *sheets(scores, folder)]).rstrip())


if __name__ == "__main__":
    main()
