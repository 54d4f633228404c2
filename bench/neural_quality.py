"""How much better than Lanczos the neural engine is, on photographs that its mixture wasn't fitted on.

Each is reduced by Pillow's bicubic filter, damaged, measured and enlarged as by the engine, and compared with the
original: peak signal-to-noise ratio over all colors (PSNR, dB) and structural similarity (SSIM, Wang et al. 2004). The
same is done for each network alone and for all their mixtures in steps of a tenth, the same one for all photographs:
the best choice if the damage were known.

    python bench/neural_quality.py [--threads 2] [--middle 288] [--write]

`--middle` takes that many pixels from the middle of each photograph, for a machine that has little time.
`--write` puts the table and three comparisons into `docs/`.
"""

import argparse
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from photographs import HERE, Damage, Pixels, damaged, reported, write_block
from PIL import Image, ImageDraw
from skimage.metrics import structural_similarity

from spike_core.ports.progress import UNMONITORED
from spike_ncnn.blend_weights import recipe, second_pass
from spike_ncnn.degradation import measure
from spike_ncnn.enlarging import Enlarger
from spike_ncnn.networks import SPAN_X4
from spike_ncnn.runner import Runner
from spike_ncnn.steps import Steps

IMAGES: Final = HERE.parent / "docs" / "images" / "engine"
MEMORY_BYTES: Final = 256 * 1024 * 1024
ALONE: Final = ("span", "waifu2x-0", "waifu2x-3")
ROWS: Final = (  # factor, damage, target in dB
    (2, Damage(), 3.0),
    (2, Damage(quality=95), None),
    (2, Damage(quality=90), 1.05),
    (2, Damage(quality=70), 0.85),
    (2, Damage(quality=50), 0.85),
    (2, Damage(quality=30), 0.75),
    (2, Damage(noise=2), None),
    (2, Damage(noise=5), 1.4),
    (2, Damage(noise=8), 1.9),
    (2, Damage(noise=15), 2.7),
    (2, Damage(noise=5, quality=90), 0.0),
    (2, Damage(noise=8, quality=50), 0.0),
    (4, Damage(), 1.5),
    (4, Damage(quality=70), None),
    (4, Damage(noise=5), None),
)
SHOWN: Final = (  # photograph, damage, the crop's left and top and side in the original
    ("astronaut.png", Damage(), (150, 40, 160)),
    ("chelsea.png", Damage(quality=50), (110, 70, 160)),
    ("coffee.png", Damage(noise=15), (250, 130, 160)),
)
SHOWN_PX: Final = 320


@frozen(kw_only=True)
class Gain:
    """What was gained over Lanczos with one picture."""

    name: str
    psnr_db: float
    ssim: float
    alone: NDArray[np.float64]  # products of the errors of the networks, as shares of Lanczos's squared error


def enlarged(enlarger: Enlarger, pixels: Pixels, table: Sequence[int] | None, *, factor: int) -> tuple[Pixels, str]:
    """Do as the engine does, up to the encoding; return the picture and what was measured and done."""
    degradation = measure(pixels, table=table)
    shares = recipe(degradation, factor=factor, available=enlarger.available)
    made = enlarger.enlarged(pixels, shares, steps=Steps(UNMONITORED, 1_000)).pixels
    if factor > 2 and SPAN_X4.name not in shares:
        again = second_pass(shares, available=enlarger.available)
        made = (
            enlarger.enlarged(made, again, steps=Steps(UNMONITORED, 1_000)).pixels if again else lanczos(made, factor=2)
        )
    description = " + ".join(f"{share:.2f} {name}" for name, share in shares.items())
    return made, f"{description}; {degradation}"


def lanczos(pixels: Pixels, *, factor: int) -> Pixels:
    """Enlarge by Pillow."""
    picture = Image.fromarray(pixels)
    return np.asarray(picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.LANCZOS))


def middle(photo: Image.Image, side_px: int) -> Image.Image:
    """Return a square from the middle; the whole picture for 0."""
    if not side_px:
        return photo
    left, top = (photo.width - side_px) // 8 * 4, (photo.height - side_px) // 8 * 4
    return photo.crop((left, top, left + side_px, top + side_px))


def psnr_db(made: Pixels, truth: Pixels) -> float:
    """Return the ratio of a picture's range to its error."""
    error = float(((made.astype(np.float64) - truth) ** 2).mean())
    return float(10 * np.log10(255**2 / error))


def gain(enlarger: Enlarger, name: str, original: Image.Image, damage: Damage, *, factor: int) -> Gain:
    """Measure one picture."""
    truth = np.asarray(original)
    small = damaged(original, damage, factor=factor, name=name)
    made, description = enlarged(enlarger, small.pixels, small.table, factor=factor)
    plain = lanczos(small.pixels, factor=factor)
    alone = np.zeros((len(ALONE), len(ALONE)))
    if factor == 2:
        each = [enlarger.enlarged(small.pixels, {name: 1.0}, steps=Steps(UNMONITORED, 1_000)).pixels for name in ALONE]
        errors = np.stack([(picture.astype(np.float32) - truth).ravel() for picture in each])
        alone = (errors @ errors.T).astype(np.float64) / float(((plain.astype(np.float32) - truth) ** 2).sum())
    found = Gain(
        name=name,
        psnr_db=psnr_db(made, truth) - psnr_db(plain, truth),
        ssim=_similar(made, truth) - _similar(plain, truth),
        alone=alone,
    )
    print(f"x{factor} {damage!s:20} {name:20} {found.psnr_db:+.2f} dB  {found.ssim:+.4f}  {description}", flush=True)
    return found


def _similar(made: Pixels, truth: Pixels) -> float:
    found = structural_similarity(made, truth, channel_axis=2, data_range=255)  # type: ignore[no-untyped-call]  # scikit-image's
    return float(found)


def best_alone(gains: Sequence[Gain]) -> str:
    """Return the network that has the best mean, and that mean."""
    means = [float(np.mean([-10 * np.log10(each.alone[place, place]) for each in gains])) for place in range(3)]
    best = int(np.argmax(means))
    return f"{means[best]:+.2f} ({ALONE[best]})"


def best_fixed(gains: Sequence[Gain]) -> float:
    """Return the best mean that one mixture for all photographs has."""
    tenths = [(a, b, 10 - a - b) for a, b in itertools.product(range(11), repeat=2) if a + b <= 10]
    return max(
        float(np.mean([-10 * np.log10(shares @ each.alone @ shares) for each in gains]))
        for shares in (np.array(three) / 10 for three in tenths)
    )


def table(enlarger: Enlarger, photographs: Mapping[str, Image.Image]) -> str:
    """Return the table of all rows."""
    lines = [
        "| enlarged | input | PSNR, dB | target | worst photograph | SSIM | best network alone | best fixed mixture |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for factor, damage, target in ROWS:
        gains = [gain(enlarger, name, photo, damage, factor=factor) for name, photo in photographs.items()]
        mean, worst = float(np.mean([each.psnr_db for each in gains])), min(gains, key=lambda each: each.psnr_db)
        wanted = "" if target is None else f"{target:+.2f}"
        known = f"{best_alone(gains)} | {best_fixed(gains):+.2f}" if factor == 2 else " | "
        lines.append(
            f"| {factor} times | {damage} | **{mean:+.2f}** | {wanted} | {worst.psnr_db:+.2f} ({Path(worst.name).stem})"
            f" | {float(np.mean([each.ssim for each in gains])):+.3f} | {known} |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines)


def compare(enlarger: Enlarger, photographs: Mapping[str, Image.Image]) -> str:
    """Write the comparisons and return what the page says of them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    lines = []
    for name, damage, (left, top, side) in SHOWN:
        original = photographs[name]
        small = damaged(original, damage, factor=2, name=name)
        made, description = enlarged(enlarger, small.pixels, small.table, factor=2)
        plain = lanczos(small.pixels, factor=2)
        canvas = Image.new("RGB", (3 * SHOWN_PX + 2 * 8, SHOWN_PX + 20), "white")
        for place, (label, pixels) in enumerate(
            (("Lanczos", plain), ("neural", made), ("original", np.asarray(original)))
        ):
            crop = Image.fromarray(pixels).crop((left, top, left + side, top + side))
            canvas.paste(crop.resize((SHOWN_PX, SHOWN_PX), Image.Resampling.NEAREST), (place * (SHOWN_PX + 8), 20))
            ImageDraw.Draw(canvas).text((place * (SHOWN_PX + 8), 4), label, fill="black")
        path = IMAGES / f"{Path(name).stem}-{str(damage).replace(' ', '-').lower()}.jpg"
        canvas.save(path, quality=82)
        lines += [
            f"{Path(name).stem}, {damage}; method `{description}`:",
            "",
            f"![{damage}](../images/engine/{path.name})",
            "",
        ]
    return "\n".join(lines).rstrip()


def main() -> None:
    """Measure, print, and write if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--middle", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--pictures-only", action="store_true", help="write the comparisons, measure nothing")
    given = parser.parse_args()
    enlarger = Enlarger(runner=Runner(threads=given.threads), memory_bytes=MEMORY_BYTES)
    photographs = reported()
    measured = {name: middle(photo, given.middle) for name, photo in photographs.items()}
    if not given.pictures_only:
        found = table(enlarger, measured)
        if given.write:
            of = (
                f"the middle {given.middle}x{given.middle} pixels of each photograph"
                if given.middle
                else "whole photographs"
            )
            write_block("bench/neural_quality.py", f"Measured on {of}.\n\n{found}")
    if given.write:
        write_block("bench/neural_quality.py pictures", compare(enlarger, photographs))


if __name__ == "__main__":
    main()
