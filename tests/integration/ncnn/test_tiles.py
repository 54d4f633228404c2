"""Tiles cover a picture exactly once, and a picture processed in tiles equals one processed as a whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pictures import photograph
from spike_core.ports.progress import UNMONITORED
from spike_ncnn.networks import NETWORKS, installed
from spike_ncnn.progress_steps import Steps
from spike_ncnn.runner import Runner
from spike_ncnn.tiled_enlargement import Enlarger
from spike_ncnn.tiles import BYTES_PER_PIXEL, SIDE_PX_MAX, SIDE_PX_MIN, Tile, side_for, tiles_of

RUNNER = Runner(threads=2)
SIDES = st.integers(1, 300)


@settings(max_examples=30, deadline=None)
@given(height=SIDES, width=SIDES, side=st.integers(8, 300))
def test_tiles_cover_a_picture_once(height: int, width: int, side: int) -> None:
    covered = np.zeros((height, width), np.uint8)
    for tile in tiles_of(height, width, side_px=side):
        covered[tile.slices] += 1
        assert 0 < tile.bottom - tile.top <= side
        assert 0 < tile.right - tile.left <= side
    assert (covered == 1).all()


@given(height=SIDES, width=SIDES, margin=st.integers(0, 40), number=st.integers(0, 10**6))
def test_what_a_tile_sees_and_what_is_missing_make_its_margin(
    height: int, width: int, margin: int, number: int
) -> None:
    tiles = tiles_of(height, width, side_px=64)
    tile = tiles[number % len(tiles)]
    seen = tile.grown(margin, within=(height, width))
    (above, below), (left, right) = tile.missing(margin, within=(height, width))
    assert min(above, below, left, right) >= 0
    assert above + (seen.bottom - seen.top) + below == tile.bottom - tile.top + 2 * margin
    assert left + (seen.right - seen.left) + right == tile.right - tile.left + 2 * margin
    whole = np.arange(height * width).reshape(height, width)
    assert (whole[seen.slices][tile.inside(seen, scale=1)] == whole[tile.slices]).all()


@given(memory=st.integers(1, 2**33), context=st.integers(0, 32))
def test_a_tile_stays_within_the_memory_unless_it_would_be_too_small(memory: int, context: int) -> None:
    side = side_for(memory, context_px=context)
    assert SIDE_PX_MIN <= side <= SIDE_PX_MAX
    if side > SIDE_PX_MIN:
        assert (side + 2 * context) ** 2 * BYTES_PER_PIXEL <= memory


@pytest.mark.parametrize("name", installed())
@pytest.mark.parametrize("photo", ["astronaut.png", "motorcycle_left.png"])
def test_a_picture_in_tiles_is_the_picture_as_a_whole(name: str, photo: str) -> None:
    """To 1 of 255, also at the seams."""
    picture = np.asarray(photograph(photo, size=(64, 48)))
    network = NETWORKS[name]
    whole = RUNNER.enlarged(picture, Tile(0, 0, 48, 64), network)
    tiled = Enlarger(runner=RUNNER, memory_bytes=1).enlarged(picture, {name: 1.0}, steps=Steps(UNMONITORED, 99)).pixels
    assert tiled.shape == (48 * network.scale, 64 * network.scale, 3)
    assert np.abs(tiled - np.clip(whole, 0, 1) * 255).max() <= 1


@pytest.mark.parametrize("name", ["span", "span-x4", "waifu2x-3"])
@pytest.mark.parametrize("size", [(1, 1), (1, 40), (37, 2), (3, 3)])
def test_the_smallest_pictures_are_enlarged(name: str, size: tuple[int, int]) -> None:
    picture, scale = np.asarray(photograph(size=size)), NETWORKS[name].scale
    enlarged = (
        Enlarger(runner=RUNNER, memory_bytes=1).enlarged(picture, {name: 1.0}, steps=Steps(UNMONITORED, 9)).pixels
    )
    assert enlarged.shape == (size[1] * scale, size[0] * scale, 3)


def test_shares_are_a_mean_of_what_each_network_makes() -> None:
    muted = photograph(size=(64, 48)).point(lambda value: 64 + value // 2)  # no network goes beyond black and white
    picture = np.asarray(muted)
    enlarger = Enlarger(runner=RUNNER, memory_bytes=2**28)
    parts = {"span": 0.5, "waifu2x-3": 0.25, "lanczos": 0.25}
    alone = {
        name: enlarger.enlarged(picture, {name: 1.0}, steps=Steps(UNMONITORED, 1)).pixels
        for name in ("span", "waifu2x-3")
    }
    mixed = enlarger.enlarged(picture, parts, steps=Steps(UNMONITORED, 1)).pixels.astype(float)
    resampled = np.asarray(muted.resize((128, 96), Image.Resampling.LANCZOS)).astype(float)
    expected = 0.5 * alone["span"] + 0.25 * alone["waifu2x-3"] + 0.25 * resampled
    assert np.abs(mixed - expected).max() <= 1
