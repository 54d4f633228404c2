"""How fast the neural engine is beside the bare runtime, how it grows with its input, and how much memory it takes.

The rate is that of SPAN over a picture in tiles, divided by that of ncnn alone over one big tile, as many threads each;
the two alternate, and the median of the ratios counts. Times by size are processor seconds, which don't depend on
other programs on the machine. Memory is the peak of a process that enhances one picture, all libraries included.

    python bench/neural_speed.py [--rounds 5] [--threads 2] [--megapixels 0.25 1 4 12] [--write]

The networks on each runtime that is installed alternate on one tile, too; seconds of the processor count, since waiting
threads that spin take others' time.

`--write` puts the tables into `docs/reference/engine.md`.
"""

import argparse
import io
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import ncnn
import numpy as np
from damages import Damage, Pixels, damaged
from photographs import reported, write_block
from PIL import Image, ImageOps

from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.tiers import Tier
from spike_core.ports.factories import EngineResources
from spike_core.ports.progress import UNMONITORED
from spike_ncnn.ncnn_runtime import NcnnRuntime
from spike_ncnn.networks import ANIME, DAT, DAT_X4, SPAN, SPAN_X4, SRMD, WAIFU2X, X4PLUS
from spike_ncnn.options import NeuralOptions, Quality, RuntimeName
from spike_ncnn.pixel_arrays import Light
from spike_ncnn.plugin import open_engine
from spike_ncnn.progress_steps import Steps
from spike_ncnn.runner import Runner, Runtime
from spike_ncnn.tiled_enlargement import Enlarger
from spike_ncnn.tiles import Tile
from spike_openvino import computes_bfloat16, is_installed
from spike_openvino.runtime import OpenVinoRuntime
from spike_pillow import classical_engine

RATE_TARGET: Final = 0.85
MEMORY_TARGET_MB: Final = 700
BIG_TILE_PX: Final = 512
PICTURE_PX: Final = (768, 512)
MEANS_MB: Final = 256
PHOTO: Final = "astronaut.png"
RUNTIME_TILE_PX: Final = 160
ORDERS: Final = (  # the input's size, what is special, the tier
    ((512, 341), "", Tier.TIER_1K),
    ((1024, 683), "", Tier.TIER_2K),
    ((2048, 1365), "", Tier.TIER_4K),
    ((1024, 683), "", Tier.TIER_4K),
    ((2048, 1365), "on ncnn", Tier.TIER_4K),
    ((1024, 683), "damaged", Tier.TIER_4K),
    ((512, 341), "best", Tier.TIER_1K),
    ((512, 341), "best", Tier.TIER_2K),
    ((512, 341), "", Tier.TIER_2K),
)
DAMAGE: Final = Damage(noise=3, qualities=(85,))


def photo(width_px: int, height_px: int) -> Image.Image:
    """Return a photograph in this size, clean as long as that is smaller than what there is."""
    return ImageOps.fit(reported()[PHOTO], (width_px, height_px), Image.Resampling.LANCZOS)


def rate(rounds: int, threads: int) -> str:
    """Return the table of rates, in tiles and bare."""
    enlarger = Enlarger(runner=Runner(threads=threads), memory_bytes=MEANS_MB * 1024 * 1024)
    picture, tile = np.asarray(photo(*PICTURE_PX)), np.asarray(photo(BIG_TILE_PX, BIG_TILE_PX))
    net = bare(threads)
    ours, theirs = [], []
    for round_ in range(rounds + 1):
        began_s = time.perf_counter()
        enlarger.enlarged(picture, {SPAN.name: 1.0}, steps=Steps(UNMONITORED, 1_000))
        between_s = time.perf_counter()
        run_bare(net, tile)
        ended_s = time.perf_counter()
        if round_:  # the first loads weights
            ours.append(PICTURE_PX[0] * PICTURE_PX[1] / (between_s - began_s))
            theirs.append(BIG_TILE_PX**2 / (ended_s - between_s))
    mine, bare_ = statistics.median(ours), statistics.median(theirs)
    ratio = statistics.median(one / other for one, other in zip(ours, theirs, strict=True))
    return "\n".join(
        [
            "| SPAN for two times, input pixels a second | engine, in tiles | ncnn, one tile | ratio | target |",
            "|---|---|---|---|---|",
            f"| {threads} threads, {rounds} rounds | {mine:,.0f} | {bare_:,.0f} | **{ratio:.2f}** | {RATE_TARGET} |",
        ]
    )


def by_runtime(rounds: int, threads: int) -> str:
    """Return the table of the networks' processor time on each runtime, for one tile."""
    ways: dict[str, Runtime] = {"ncnn f32": NcnnRuntime(threads=threads)}
    if is_installed():
        ways["OpenVINO f32"] = OpenVinoRuntime(threads=threads, precision="f32")
    if is_installed() and computes_bfloat16():
        ways["OpenVINO bf16"] = OpenVinoRuntime(threads=threads, precision="bf16")
    lines = [f"| a pixel, µs | {' | '.join(ways)} | ÷ ncnn | quality, dB |", "|---" * (len(ways) + 3) + "|"]
    for network in (SPAN, SPAN_X4, WAIFU2X, SRMD, ANIME, X4PLUS, DAT, DAT_X4):
        if not network.is_installed:
            continue
        side_px = min(RUNTIME_TILE_PX, network.side_px_max)
        picture = np.asarray(photo(side_px, side_px))
        taken_s: dict[str, list[float]] = {}
        made: dict[str, Light] = {}
        for _ in range(rounds + 1):
            for name, way in ways.items():
                if network.architecture != "ncnn" and isinstance(way, NcnnRuntime):
                    continue
                runner = Runner(threads=threads, runtime=way)
                began_s = time.process_time()
                made[name] = runner.enlarged(picture, Tile(0, 0, side_px, side_px), network)
                taken_s.setdefault(name, []).append(time.process_time() - began_s)
        shown = {name: statistics.median(taken[1:]) / side_px**2 * 1e6 for name, taken in taken_s.items()}
        first, last = made[next(iter(made))], made[list(made)[-1]]
        closeness = -10 * math.log10(max(float(np.square(np.clip(first, 0, 1) - np.clip(last, 0, 1)).mean()), 1e-12))
        ratio = f"**{shown[list(shown)[-1]] / shown['ncnn f32']:.2f}**" if "ncnn f32" in shown else ""
        cells = [f"{shown[name]:.1f}" if name in shown else "" for name in ways]
        lines.append(f"| {network.name} | {' | '.join(cells)} | {ratio} | {closeness:.0f} |")
        print(lines[-1], flush=True)
    return "\n".join(
        [*lines, "", "Quality: the peak signal-to-noise ratio of the last runtime's result to the first's."]
    )


def bare(threads: int) -> ncnn.Net:
    """Load SPAN as its authors would."""
    net = ncnn.Net()
    net.opt.num_threads = threads
    for ending, load in (("param", net.load_param), ("bin", net.load_model)):
        assert load(str(SPAN.weights(ending))) == 0
    return net


def run_bare(net: ncnn.Net, tile: Pixels) -> None:
    """Run it once, over the whole."""
    planes = np.ascontiguousarray(tile.transpose(2, 0, 1).astype(np.float32) / 255)
    given = ncnn.Mat(planes)
    extractor = net.create_extractor()
    extractor.input(SPAN.input, given)
    code, made = extractor.extract(SPAN.output)
    assert code == 0
    assert np.array(made).shape[1:] == (tile.shape[0] * 2, tile.shape[1] * 2)


def by_size(megapixels: Sequence[float], threads: int) -> str:
    """Return the table of processor time by the input's size."""
    enlarger = Enlarger(runner=Runner(threads=threads), memory_bytes=MEANS_MB * 1024 * 1024)
    enlarger.enlarged(np.asarray(photo(64, 64)), {SPAN.name: 1.0}, steps=Steps(UNMONITORED, 1_000))
    lines = ["| input, megapixels | processor time, s | a pixel, µs |", "|---|---|---|"]
    points = []
    for each in megapixels:
        height_px = round(math.sqrt(each * 1e6 / 1.5))
        picture = np.asarray(photo(height_px * 3 // 2, height_px))
        began_s = time.process_time()
        enlarger.enlarged(picture, {SPAN.name: 1.0}, steps=Steps(UNMONITORED, 1_000))
        taken_s = time.process_time() - began_s
        pixels = picture.shape[0] * picture.shape[1]
        points.append((pixels, taken_s))
        lines.append(f"| {each:g} | {taken_s:.1f} | {taken_s / pixels * 1e6:.1f} |")
        print(lines[-1], flush=True)
    (first, first_s), (last, last_s) = points[0], points[-1]
    exponent = math.log(last_s / first_s) / math.log(last / first)
    return "\n".join([*lines, "", f"Time grows with the size to the power of {exponent:.2f}; 1 is linear."])


def by_order(threads: int) -> str:
    """Return the table of memory and time by what was ordered, each in a process of its own."""
    lines = [
        "| from | to | seconds | processor seconds | peak memory, MB | target | method |",
        "|---|---|---|---|---|---|---|",
    ]
    for (width_px, height_px), kind, tier in ORDERS:
        command = [sys.executable, __file__, "--one", f"{width_px}x{height_px}", kind, tier.name]
        run = subprocess.run([*command, "--threads", str(threads)], check=True, capture_output=True, text=True)
        special = f", {DAMAGE if kind == 'damaged' else kind}" if kind else ""
        wall_s, cpu_s, peak_kb, method = run.stdout.strip().splitlines()[-1].split("\t")
        lines.append(
            f"| {width_px}x{height_px}{special} |"
            f" {tier.name.removeprefix('TIER_')}"
            f" | {float(wall_s):.1f} | {float(cpu_s):.1f} | {int(peak_kb) / 1024:.0f} | {MEMORY_TARGET_MB}"
            f" | `{method}` |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines)


def one(size: str, kind: str, tier: str, threads: int) -> None:
    """Enhance one picture by the whole engine and print what it took."""
    width_px, height_px = map(int, size.split("x"))
    picture = photo(width_px, height_px)
    if kind == "damaged":
        picture = Image.fromarray(damaged(picture, DAMAGE, factor=1, name=size).pixels)
    original = io.BytesIO()
    picture.save(original, "PNG")
    original.seek(0)
    means = EngineResources(cores=threads, memory_bytes=MEANS_MB * 1024 * 1024, classical=classical_engine)
    options = NeuralOptions(
        runtime=RuntimeName.NCNN if kind == "on ncnn" else RuntimeName.AUTO,
        quality=Quality.BEST if kind == "best" else Quality.STANDARD,
    )
    engine = open_engine(means=means, options=options)
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    made = engine.upscaler.enhance(
        original, size=SPECIFIED[Tier(tier)].output_size(Dimensions(width_px=width_px, height_px=height_px))
    )
    taken = (time.perf_counter() - began_s, time.process_time() - began_cpu_s)
    print(*taken, _peak_kib(), made.method, sep="\t")


def _peak_kib() -> int:
    """Return this process's highest resident memory, in KiB; unlike `ru_maxrss` it isn't its parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(peak)


def main() -> None:
    """Measure, print, and write if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.25, 1, 4, 12])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        size, kind, tier = given.one
        one(size, kind, tier, given.threads)
        return
    parts: list[str] = []
    for measure in (
        partial(rate, given.rounds, given.threads),
        partial(by_runtime, given.rounds, given.threads),
        partial(by_size, given.megapixels, given.threads),
        partial(by_order, given.threads),
    ):
        parts.append(measure())
        print(parts[-1], flush=True)
        if given.write:  # part by part: it takes minutes
            write_block("bench/neural_speed.py", "\n\n".join(parts))


if __name__ == "__main__":
    main()
