"""A network's errors are processed again, at the first contrast that avoids them, and nothing else is changed."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from attrs import field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from effort import each_value_once, staggered
from pictures import photograph
from spike_contracts.upscaler import Listener
from spike_core.domain.errors import WorkAbandoned
from spike_core.ports.progress import UNMONITORED, ProgressMonitor
from spike_ncnn.degradation import CLEAN, Degradation
from spike_ncnn.networks import NETWORKS, Network
from spike_ncnn.noise import NoiseEstimate
from spike_ncnn.pixel_arrays import Light, Pixels
from spike_ncnn.progress_steps import Steps
from spike_ncnn.runner import Runner
from spike_ncnn.tiled_enlargement import AGAIN_MAX, Enlarged, Enlarger
from spike_ncnn.tiles import SIDE_PX_MIN, Tile
from spike_ncnn.wrong_results import REACH_PX, Tolerance, weights

pytestmark = each_value_once

RUNNER: Final = Runner(threads=1)
GRAY: Final = 110
SIDE_PX: Final = 100
BURST: Final = Tile(40, 57, 44, 68)  # across the border of tiles of 32 pixels

Wrong = Callable[[str, float], float]  # what a network of this name makes of the burst, at a contrast; 0 for no burst


@frozen(kw_only=True)
class Faulty:
    """A substitute for a network: it repeats pixels, except in one place, where it makes the given error."""

    wrong: Wrong
    shift: Callable[[str, float], float] = lambda _name, _contrast: 0.0  # of all it makes, of 255
    burst: Tile = BURST
    calls: list[tuple[str, Tile, float]] = field(factory=list)

    def enlarged(self, picture: Pixels, tile: Tile, network: Network, *, contrast: float = 1.0) -> Light:
        self.calls.append((network.name, tile, contrast))
        scale = network.scale
        light = picture.astype(np.float32) / np.float32(255) + np.float32(self.shift(network.name, contrast) / 255)
        value = np.float32(self.wrong(network.name, contrast))
        if value:
            light[self.burst.slices] = value
        light[self.burst.slices][::2] *= np.float32(1 if abs(value) < 1 else -1)
        return light[tile.slices].repeat(scale, axis=0).repeat(scale, axis=1)

    def rest(self) -> None:
        """Return nothing."""


def flat(side_px: int = SIDE_PX) -> Pixels:
    return np.full((side_px, side_px, 3), GRAY, np.uint8)


def enlarge(
    runner: Faulty, *, name: str = "span", memory_bytes: int = 1, monitor: ProgressMonitor = UNMONITORED
) -> Enlarged:
    """Enlarge a flat picture, in 16 tiles or, with more memory, in one."""
    enlarger = Enlarger(runner=runner, memory_bytes=memory_bytes, available=NETWORKS)
    steps = Steps(monitor, enlarger.passes((SIDE_PX, SIDE_PX), {name: 1.0}))
    return enlarger.enlarged(flat(), {name: 1.0}, steps=steps)


def above(contrast_min: float) -> Wrong:
    """Diverge at a higher contrast than this, with any network."""
    return lambda _name, contrast: 84.0 if contrast > contrast_min else 0.0


def broken(made: Pixels, source: Pixels) -> float:
    """Return the share of input pixels from which the reduced result differs by more than 48 of 255."""
    size = (source.shape[1], source.shape[0])
    reduced = np.asarray(Image.fromarray(made).resize(size, Image.Resampling.BOX)).astype(int)
    return float((np.abs(reduced - source).max(axis=2) > 48).mean())


@pytest.mark.parametrize("memory_bytes", [1, 2**30])
@pytest.mark.parametrize(
    ("name", "wrong", "notes"),
    [
        ("span", above(0.4), ["at contrast 0.4"]),
        ("span-x4", above(0.4), ["at contrast 0.4"]),
        ("waifu2x-3", above(0.4), ["at contrast 0.4"]),
        ("span", above(0.3), ["at contrast 0.4", "at contrast 0.2"]),
        ("span", lambda name, _: 84.0 * (name == "span"), ["at contrast 0.4", "at contrast 0.2", "by waifu2x"]),
        ("span", above(0), ["at contrast 0.4", "at contrast 0.2", "by waifu2x", "by lanczos"]),
        ("span-x4", above(0), ["at contrast 0.4", "at contrast 0.2", "by lanczos"]),
        ("span", lambda *_: math.nan, ["at contrast 0.4", "at contrast 0.2", "by waifu2x", "by lanczos"]),
        ("span", lambda *_: math.inf, ["at contrast 0.4", "at contrast 0.2", "by waifu2x", "by lanczos"]),
    ],
)
def test_a_burst_is_worked_again_until_it_is_gone(name: str, wrong: Wrong, notes: list[str], memory_bytes: int) -> None:
    made = enlarge(Faulty(wrong=wrong), name=name, memory_bytes=memory_bytes)
    assert [each.partition(" % ")[2] for each in str(made).split(", ")] == notes
    assert np.abs(made.pixels.astype(int) - GRAY).max() <= 1


@pytest.mark.parametrize("value", [0.95, 0.02], ids=["too light", "too dark"])
def test_a_wrong_color_within_the_range_is_found_too(value: float) -> None:
    made = enlarge(Faulty(wrong=lambda _, contrast: value if contrast == 1 else 0.0))
    assert str(made).endswith("% at contrast 0.4")
    assert (made.pixels == GRAY).all()


def test_only_what_is_around_a_burst_is_touched() -> None:
    """Elsewhere, a photograph with a caption keeps its network's result."""
    made = enlarge(Faulty(wrong=above(0.4), shift=lambda _, contrast: 20.0 * (contrast < 1)), memory_bytes=2**30)
    around = BURST.grown(REACH_PX + 1, within=(SIDE_PX, SIDE_PX)).scaled(2)  # results are compared blurred, too
    elsewhere = np.ones(made.pixels.shape[:2], bool)
    elsewhere[around.slices] = False
    assert (made.pixels[elsewhere] == GRAY).all()
    assert (made.pixels[BURST.scaled(2).slices] == GRAY + 20).all()


@pytest.mark.parametrize("memory_bytes", [1, 2**30])
def test_a_replacement_fades_into_its_neighbors_without_a_step(memory_bytes: int) -> None:
    """Also across tile borders; the replacement is 20 of 255 lighter."""
    runner = Faulty(wrong=above(0.4), shift=lambda _, contrast: 20.0 * (contrast < 1))
    pixels = enlarge(runner, memory_bytes=memory_bytes).pixels.astype(int)
    assert pixels.max() == GRAY + 20
    assert max(np.abs(np.diff(pixels, axis=axis)).max() for axis in (0, 1)) <= 4


def test_of_a_mixture_only_the_share_of_the_network_that_failed_is_worked_again() -> None:
    shift = {"span": 0.0, "waifu2x-0": 24.0}
    runner = Faulty(
        wrong=lambda name, contrast: 84.0 if name == "span" and contrast == 1 else 0.0,
        shift=lambda name, _: shift[name],
    )
    enlarger = Enlarger(runner=runner, memory_bytes=2**30, available=NETWORKS)
    made = enlarger.enlarged(flat(), {"span": 0.75, "waifu2x-0": 0.25}, steps=Steps(UNMONITORED, 1))
    assert (made.pixels == GRAY + 6).all()
    assert {(name, contrast) for name, _, contrast in runner.calls} == {
        ("span", 1.0),
        ("span", 0.4),
        ("waifu2x-0", 1.0),
    }


def test_a_network_of_a_mixture_stays_on_the_rung_on_which_it_was_right() -> None:
    """While another network continues."""
    steady = {"span": 0.3, "waifu2x-0": 0.5}
    runner = Faulty(wrong=lambda name, contrast: 84.0 if contrast > steady[name] else 0.0)
    enlarger = Enlarger(runner=runner, memory_bytes=2**30, available=NETWORKS)
    made = enlarger.enlarged(flat(), {"span": 0.5, "waifu2x-0": 0.5}, steps=Steps(UNMONITORED, 1))
    assert [(name, contrast) for name, _, contrast in runner.calls[-2:]] == [("span", 0.2), ("waifu2x-0", 0.4)]
    assert len(runner.calls) == 6
    assert (made.pixels == GRAY).all()


def test_a_picture_that_is_wrong_everywhere_takes_three_times_as_long_at_most() -> None:
    runner = Faulty(wrong=above(0), burst=Tile(0, 0, SIDE_PX, SIDE_PX))
    made = enlarge(runner)
    assert sum(tile.area_px for _, tile, _ in runner.calls) <= (1 + AGAIN_MAX) * SIDE_PX**2
    assert (made.pixels == GRAY).all()


def test_no_tile_that_is_worked_again_is_larger_than_memory_allows() -> None:
    runner = Faulty(wrong=above(0), burst=Tile(10, 3, 90, 97))
    enlarge(runner)
    assert max(max(tile.bottom - tile.top, tile.right - tile.left) for _, tile, _ in runner.calls) <= SIDE_PX_MIN


@pytest.mark.parametrize("wrong", [above(1), above(0.4), above(0.3), above(0)])
@pytest.mark.parametrize("memory_bytes", [1, 2**30])
def test_progress_only_grows_and_ends_whole_once(wrong: Wrong, memory_bytes: int) -> None:
    listener = Listener()
    enlarge(Faulty(wrong=wrong), memory_bytes=memory_bytes, monitor=listener)
    assert listener.reports == sorted(listener.reports)
    assert [report for report in listener.reports if report == 1.0] == listener.reports[-1:]


def test_abandoned_work_stops_while_it_is_worked_again() -> None:
    listener, runner = Listener(gives_up_at=18), Faulty(wrong=above(0))
    with pytest.raises(WorkAbandoned):
        enlarge(runner, monitor=listener)
    assert len(listener.reports) == 18
    assert len(runner.calls) == 18


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), min_size=1, max_size=5))
def test_what_is_replaced_covers_every_suspect_and_no_more_than_its_reach(places: list[tuple[int, int]]) -> None:
    suspected = np.zeros((60, 60), np.bool_)
    allowed = np.zeros((60, 60), np.bool_)
    for row, column in places:
        suspected[row, column] = True
        allowed[Tile(row, column, row + 1, column + 1).grown(REACH_PX, within=(60, 60)).slices] = True
    found = weights(suspected)
    assert (found[suspected] == 1).all()
    assert (found[~allowed] == 0).all()
    assert 0 <= found.min() <= found.max() <= 1


def test_noise_and_compression_may_be_taken_out() -> None:
    """The more of them there are, the more a good result differs from its input."""
    noise = NoiseEstimate(fine=10, half=10, color=10, gray=7, spread=2, half_spread=2, contrast=40, detail=9)
    clean, strong = (
        Tolerance.of(CLEAN),
        NoiseEstimate(fine=80, half=80, color=80, gray=60, spread=2, half_spread=2, contrast=40, detail=60),
    )
    assert (clean.single, clean.blurred) == (48, 32)
    assert Tolerance.of(Degradation(quality=100, noise=noise)) == Tolerance(single=48 + 15, blurred=32)
    assert Tolerance.of(CLEAN, removed=10) == Tolerance(single=48 + 15, blurred=32)
    assert Tolerance.of(Degradation(quality=50, noise=CLEAN.noise)) == Tolerance(single=48 + 12.5, blurred=32 + 12.5)
    assert Tolerance.of(Degradation(quality=1, noise=strong)) == Tolerance(single=80, blurred=48)


@pytest.mark.parametrize("name", ["span", "span-x4", "waifu2x-0", "waifu2x-3"])
def test_a_photograph_is_what_its_network_made(name: str) -> None:
    picture, network = np.asarray(photograph(size=(96, 64))), NETWORKS[name]
    made = Enlarger(runner=RUNNER, memory_bytes=2**28).enlarged(picture, {name: 1.0}, steps=Steps(UNMONITORED, 1))
    raw = RUNNER.enlarged(picture, Tile(0, 0, 64, 96), network)
    assert str(made) == ""
    assert (made.pixels == np.clip(raw * 255 + 0.5, 0, 255.5).astype(np.uint8)).all()


def logo() -> Pixels:
    """Return saturated colors, hard edges, thin lines and letters."""
    picture = Image.new("RGB", (96, 72), "red")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((8, 6, 60, 58), fill="yellow")
    draw.rectangle((40, 20, 84, 52), fill="blue")
    draw.line((0, 70, 95, 4), fill=(0, 255, 0))
    draw.text((44, 24), "Sale 50 %", fill="white")
    return np.asarray(picture)


def checkers() -> Pixels:
    return np.repeat((np.indices((48, 48)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., np.newaxis], 3, axis=2)


def pixel_art() -> Pixels:
    blocks = np.random.default_rng(1).integers(0, 2, (12, 12, 3)) * 255
    return blocks.astype(np.uint8).repeat(4, axis=0).repeat(4, axis=1)


@pytest.mark.parametrize("draw", [logo, checkers, pixel_art])
@pytest.mark.parametrize(
    "shares",
    [
        {"span": 1.0},
        {"span-x4": 1.0},
        {"waifu2x-0": 1.0},
        {"waifu2x-3": 1.0},
        {"span": 0.5, "waifu2x-0": 0.4, "lanczos": 0.1},
    ],
    ids="+".join,
)
@pytest.mark.parametrize("memory_bytes", staggered([2**28, 1], step=2))  # whole, and in tiles
def test_a_graphic_stays_what_it_is(draw: Callable[[], Pixels], shares: dict[str, float], memory_bytes: int) -> None:
    picture = draw()
    made = Enlarger(runner=RUNNER, memory_bytes=memory_bytes).enlarged(picture, shares, steps=Steps(UNMONITORED, 1))
    assert broken(made.pixels, picture) <= 0.0005


def test_without_a_ladder_the_graphics_would_be_noise() -> None:
    """Otherwise the previous test would prove nothing."""
    raw = RUNNER.enlarged(logo(), Tile(0, 0, 72, 96), NETWORKS["span"])
    assert broken((np.clip(raw, 0, 1) * 255).astype(np.uint8), logo()) > 0.05
