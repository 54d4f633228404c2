"""How much better than Lanczos the neural engine is, and how far its choice is from the best network, per picture.

Each photograph is reduced by Pillow's bicubic filter, degraded in a known way, measured, and its middle enlarged as by
the engine and by each network alone. All are compared with the original by their peak signal-to-noise ratio over all
colors (PSNR, dB), before encoding. SRMD alone is given the measured deviation.

    python bench/neural_quality.py [--threads 2] [--part 96] [--photographs 99] [--held-out] [--write]

`--part` is the side, in pixels of the input, of the part that is enlarged; the whole photograph is measured. A hash of
their names chooses which photographs are taken, if there are more than `--photographs`.
`--held-out` takes photographs of packages that no bound was chosen on. `--write` puts the tables into
`docs/reference/engine.md`.
"""

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from attrs import frozen
from damages import Damage, Pixels, damaged
from photographs import REPORTED, held_out, validation, write_block
from PIL import Image

from spike_core.ports.progress import UNMONITORED
from spike_ncnn.degradation import Degradation, measure
from spike_ncnn.earlier_enlargement import Source, source_of
from spike_ncnn.network_choice import Choice, choose, second_pass
from spike_ncnn.options import DEFAULTS
from spike_ncnn.progress_steps import Steps
from spike_ncnn.runner import Runner
from spike_ncnn.runtimes import opened_runtime
from spike_ncnn.tiled_enlargement import Enlarger
from spike_ncnn.upscaler import FOURFOLD_FROM
from spike_ncnn.wrong_results import Tolerance

MEMORY_BYTES: Final = 256 * 1024 * 1024
ALONE: Final[Mapping[int, Sequence[str]]] = {2: ("span", "waifu2x-0", "waifu2x-3", "srmd"), 4: ("span-x4", "srmd-x4")}
WORSE_DB: Final = 0.1
LISTED_MAX: Final = 40
DAMAGES: Final = (
    Damage(),
    *(Damage(qualities=(quality,)) for quality in (98, 95, 90, 70, 50, 30)),
    *(Damage(noise=noise) for noise in (2, 5, 8, 15)),
    *(Damage(grain=grain) for grain in (4, 8, 16)),
    Damage(gray=6),
    Damage(blur=1.0),
    Damage(qualities=(80, 85)),
    *(Damage(enlarged=times) for times in (1.5, 2, 3)),
    *(Damage(enlarged=3, kernel=kernel) for kernel in (Image.Resampling.BILINEAR, Image.Resampling.LANCZOS)),
    *(Damage(gray=gray) for gray in (2, 4)),
    Damage(noise=5, qualities=(90,)),
    Damage(grain=8, qualities=(92,)),
    Damage(noise=8, qualities=(50,)),
    Damage(noise=8, qualities=(95,)),
    Damage(grain=16, qualities=(95,)),
    Damage(enlarged=2, qualities=(95,)),
)
ROWS: Final = (
    *((2, damage) for damage in DAMAGES),
    (4, Damage()),
    (4, Damage(qualities=(70,))),
    (4, Damage(noise=8)),
    (4, Damage(grain=8)),
    (4, Damage(enlarged=1.5)),
)
TARGETS: Final = {"clean": 3.0, "noise 5": 2.1, "noise 8": 2.7, "noise 15": 4.2}  # for six photographs, 2 times


@frozen(kw_only=True)
class Gain:
    """What was gained over Lanczos with one picture, in dB."""

    name: str
    row: str
    db: float
    best: str  # the network that is best for this picture
    best_db: float
    description: str

    @property
    def lead_db(self) -> float:
        """How much better than the best network; negative if worse."""
        return self.db - self.best_db


def enlarged(enlarger: Enlarger, pixels: Pixels, choice: Choice, *, factor: int, degradation: Degradation) -> Pixels:
    """Enlarge as the engine does, up to the encoding: what it looks for in results depends on the degradation."""
    made = _run(enlarger, pixels, choice, degradation)
    if factor == 2 or choice.is_fourfold:
        return made
    again = second_pass(choice, available=enlarger.available)
    return lanczos(made, factor=2) if again is None else _run(enlarger, made, again, degradation)


def _of_source(enlarger: Enlarger, source: Source, choice: Choice, *, size: tuple[int, int]) -> Pixels:
    """Enlarge what a picture was enlarged from before, as the engine does."""
    factor = 4 if max(size) / max(source.pixels.shape[:2]) > FOURFOLD_FROM else 2
    made = Image.fromarray(enlarged(enlarger, source.pixels, choice, factor=factor, degradation=source.degradation))
    return np.asarray(made.resize(size, Image.Resampling.LANCZOS))


def _run(enlarger: Enlarger, pixels: Pixels, choice: Choice, degradation: Degradation) -> Pixels:
    tolerance = Tolerance.of(degradation, removed=choice.noise)
    steps = Steps(UNMONITORED, 1_000)
    return enlarger.enlarged(pixels, choice.shares, noise=choice.noise, steps=steps, tolerance=tolerance).pixels


def lanczos(pixels: Pixels, *, factor: int) -> Pixels:
    """Enlarge by Pillow."""
    picture = Image.fromarray(pixels)
    return np.asarray(picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.LANCZOS))


def gain(enlarger: Enlarger, name: str, original: Image.Image, damage: Damage, *, factor: int, part_px: int) -> Gain:
    """Measure one picture."""
    small = damaged(original, damage, factor=factor, name=name)
    source = source_of(small.pixels, table=small.table)
    degradation = source.degradation
    growth = factor * degradation.enlarged_by
    choice = choose(degradation, factor=4 if growth > FOURFOLD_FROM else 2, available=enlarger.available)
    rows, columns = (_middle(side, part_px) for side in small.pixels.shape[:2])
    pixels = small.pixels[rows, columns]
    truth = np.asarray(original)[_times(rows, factor), _times(columns, factor)]
    plain = _error(lanczos(pixels, factor=factor), truth)

    def gained_by(made: Pixels) -> float:
        return float(10 * np.log10(plain / _error(made, truth)))

    def gained(of: Choice) -> float:
        if source.pixels is small.pixels or of is not choice:
            return gained_by(enlarged(enlarger, pixels, of, factor=factor, degradation=measured))
        size = (small.pixels.shape[1] * factor, small.pixels.shape[0] * factor)
        return gained_by(_of_source(enlarger, source, of, size=size)[_times(rows, factor), _times(columns, factor)])

    measured = measure(small.pixels, table=small.table)
    alone = {each: gained(Choice(shares={each: 1.0}, noise=measured.deviation)) for each in ALONE[factor]}
    best = max(alone, key=lambda each: alone[each])
    found = Gain(
        name=name,
        row=f"{factor} times, {damage}",
        db=gained(choice),
        best=best,
        best_db=alone[best],
        description=f"{choice}; {degradation}",
    )
    print(f"{found.row:28} {name:44} {found.db:+.2f} dB, {best} {found.best_db:+.2f}; {found.description}", flush=True)
    return found


def _by_hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _middle(side: int, part_px: int) -> slice:
    start = max(0, (side - part_px) // 2)
    return slice(start, min(side, start + part_px))


def _times(place: slice, factor: int) -> slice:
    return slice(place.start * factor, place.stop * factor)


def _error(made: Pixels, truth: Pixels) -> float:
    return float(((made.astype(np.float64) - truth) ** 2).mean())


def table(gains: Sequence[Gain]) -> str:
    """Return the table of all rows, and the list of pictures that are worse than by the best network."""
    has_targets = any(_is_reported(each.name) for each in gains)
    heads = ["input", "mean gain, dB", "best network of each picture", "least gain", "worse than the best", "worst"]
    heads += ["six photographs", "target"] * has_targets
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in dict.fromkeys(each.row for each in gains):
        of = [each for each in gains if each.row == row]
        worst, count = min(of, key=lambda each: each.lead_db), sum(each.lead_db < -WORSE_DB for each in of)
        six = [each.db for each in of if _is_reported(each.name)]
        target = TARGETS.get(row.removeprefix("2 times, "))
        more = f" {np.mean(six):+.2f} | {'' if target is None else f'{target:+.1f}'} |" if six else ""
        lines.append(
            f"| {row} | **{np.mean([each.db for each in of]):+.2f}** | {np.mean([each.best_db for each in of]):+.2f}"
            f" | {min(each.db for each in of):+.2f} | {count} of {len(of)} | {worst.lead_db:+.2f} |{more}"
        )
    worse = sorted((each for each in gains if each.lead_db < -WORSE_DB), key=lambda each: each.lead_db)
    lines += [
        "",
        f"{len(worse)} of {len(gains)} are more than {WORSE_DB} dB below the best network; the worst, in order:",
        "",
    ]
    lines += ["| input | photograph | gain | best network | chosen |", "|---|---|---|---|---|"]
    lines += [
        f"| {each.row} | {each.name} | {each.db:+.2f} | {each.best} {each.best_db:+.2f} | `{each.description}` |"
        for each in worse[:LISTED_MAX]
    ]
    return "\n".join(lines)


def _is_reported(name: str) -> bool:
    return name.partition("/")[2] in REPORTED


def main() -> None:
    """Measure, print, and write if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--part", type=int, default=96)
    parser.add_argument("--photographs", type=int, default=99)
    parser.add_argument("--held-out", action="store_true", help="of packages that no bound was chosen on")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    runtime = opened_runtime(DEFAULTS, threads=given.threads)
    enlarger = Enlarger(runner=Runner(threads=given.threads, runtime=runtime), memory_bytes=MEMORY_BYTES)
    found = held_out() if given.held_out else validation()
    photographs = {name: found[name] for name in sorted(found, key=_by_hash)[: given.photographs]}
    gains = [
        gain(enlarger, name, photo, damage, factor=factor, part_px=given.part)
        for factor, damage in ROWS
        for name, photo in photographs.items()
    ]
    part = f"the middle {given.part}x{given.part} pixels of each input"
    count = f"{len(photographs)} of the {len(found)}" if len(photographs) < len(found) else str(len(found))
    text = f"{count} photographs, {part}.\n\n{table(gains)}"
    print(text)
    if given.write:
        write_block(f"bench/neural_quality.py{' --held-out' if given.held_out else ''}", text)


if __name__ == "__main__":
    main()
