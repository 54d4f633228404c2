"""The choice of networks by a picture's degradation, and by the strength that was ordered."""

import functools

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_ncnn.degradation import CLEAN, Degradation, Grain
from spike_ncnn.network_choice import LANCZOS, SHARE_MIN, STRENGTH_MAX, STRENGTH_NOISE_MAX, choose, second_pass
from spike_ncnn.networks import NETWORKS
from spike_ncnn.noise import NoiseEstimate

deviations = st.floats(0, 80)
degradations = st.builds(
    Degradation,
    quality=st.floats(1, 100),
    noise=st.builds(
        NoiseEstimate,
        fine=deviations,
        half=deviations,
        color=deviations,
        gray=deviations,
        spread=st.floats(1),
        half_spread=st.floats(1),
        contrast=deviations,
        detail=deviations,
    ),
)
textured = functools.partial(
    NoiseEstimate, spread=2.0, half_spread=2.0, contrast=40.0
)  # blocks differ, and aren't flat
networks = st.sets(st.sampled_from(sorted(NETWORKS)))
strengths = st.one_of(st.none(), st.integers(0, STRENGTH_MAX))


def photograph(*, quality: float = 100, noise: float = 0) -> Degradation:
    """Return the degradation of a photograph with this much white noise, as it is measured."""
    estimate = textured(
        fine=0.5 + noise, half=2 + noise, color=0.5 + 0.9 * noise, gray=0.4 + 0.5 * noise, detail=4 + 0.5 * noise
    )
    return Degradation(quality=quality, noise=estimate)


@given(degradations, st.sampled_from([2, 4]), networks, strengths)
def test_shares_add_up_to_one_and_none_is_a_trifle(
    degradation: Degradation, factor: int, available: set[str], strength: int | None
) -> None:
    choice = choose(degradation, factor=factor, available=available, strength=strength)
    assert sum(choice.shares.values()) == pytest.approx(1)
    assert min(choice.shares.values()) >= SHARE_MIN / 2
    assert set(choice.shares) <= available | {LANCZOS}
    assert len(choice.shares) <= 3
    scales = {NETWORKS[name].scale for name in choice.shares if name != LANCZOS}
    assert len(scales) <= 1, "results of two sizes can't be blended"


@given(degradations, networks)
def test_a_second_pass_uses_what_is_there(degradation: Degradation, available: set[str]) -> None:
    again = second_pass(choose(degradation, factor=4, available=available), available=available)
    assert again is None or set(again.shares) <= available


@pytest.mark.parametrize("degradation", [CLEAN, photograph()])
def test_a_clean_picture_gets_the_sharpest_network_alone_and_one_pass(degradation: Degradation) -> None:
    assert choose(degradation, factor=2, available=NETWORKS).shares == {"span": 1.0}
    fourfold = choose(degradation, factor=4, available=NETWORKS)
    assert fourfold.shares == {"span-x4": 1.0}
    assert second_pass(fourfold, available=NETWORKS) is None


@pytest.mark.parametrize("deviation", [5, 8, 15, 25])
def test_white_noise_is_removed_by_the_network_that_is_told_how_much_there_is(deviation: float) -> None:
    choice = choose(photograph(noise=deviation), factor=2, available=NETWORKS)
    assert choice.shares == {"srmd": 1.0}
    assert choice.noise == pytest.approx(deviation, abs=0.5)
    assert choose(photograph(noise=deviation), factor=4, available=NETWORKS).shares == {"srmd-x4": 1.0}


def test_coarse_noise_of_a_picture_without_texture_is_taken_from_half_its_size() -> None:
    """There it is all that is left; beside texture, the quiet blocks count."""
    bare = textured(fine=0.8, half=8.4, color=4.5, gray=1.2, detail=1.8)
    assert choose(Degradation(quality=100, noise=bare), factor=2, available=NETWORKS).noise == pytest.approx(8.4)
    fine = evolve(bare, detail=6.0)
    assert choose(Degradation(quality=100, noise=fine), factor=2, available=NETWORKS).noise < 6.0


def test_of_noise_that_is_equal_in_all_colors_more_is_removed_than_there_is() -> None:
    gray = Degradation(quality=100, noise=textured(fine=0.6, half=2.4, color=1.5, gray=3.2, detail=4.6))
    choice = choose(gray, factor=2, available=NETWORKS)
    assert choice.shares == {"srmd": 1.0}
    assert choice.noise > 1.2 * gray.deviation


@pytest.mark.parametrize(
    ("noise", "grain"),
    [
        (textured(fine=1.5, half=2.4, color=2.0, gray=4.9, detail=6.1), Grain.GRAY),  # a little of white beside it
        (textured(fine=4.3, half=17.0, color=9.9, gray=10.0, detail=12.8), Grain.NONE),  # a crowded street
        (textured(fine=1.9, half=4.2, color=2.7, gray=4.9, detail=9.4), Grain.NONE),  # a dress with a pattern
        (textured(fine=2.0, half=4.9, color=2.5, gray=0.7, detail=3.3), Grain.NONE),  # foliage
        (textured(fine=0.7, half=4.1, color=2.5, gray=0.7, detail=1.0), Grain.COARSE),  # a smooth picture's grain
    ],
    ids=["film", "street", "dress", "foliage", "smooth"],
)
def test_texture_is_told_from_noise(noise: NoiseEstimate, grain: Grain) -> None:
    """As photographs were measured."""
    assert Degradation(quality=100, noise=noise).grain is grain


@pytest.mark.parametrize(
    ("noise", "grain"),
    [
        (textured(fine=0.3, half=0.7, color=0.4, gray=1.7, detail=2.4), Grain.GRAY),
        (textured(fine=0.7, half=3.4, color=2.3, gray=0.6, detail=0.8), Grain.COARSE),
    ],
    ids=["gray", "coarse"],
)
def test_weak_noise_is_told_by_blocks_that_are_alike(noise: NoiseEstimate, grain: Grain) -> None:
    """Where half of the blocks are livelier than others, it may be texture; where none is, it is a pattern."""
    assert Degradation(quality=100, noise=evolve(noise, spread=1.25)).grain is grain
    for spread in (1.05, 1.5):
        assert Degradation(quality=100, noise=evolve(noise, spread=spread)).grain is Grain.NONE


def test_colors_that_a_jpeg_varies_by_itself_are_no_noise() -> None:
    noise = textured(fine=1.9, half=3.0, color=1.0, gray=0.5, detail=6.5)
    assert choose(Degradation(quality=95, noise=noise), factor=2, available=NETWORKS).shares == {"waifu2x-0": 1.0}


@pytest.mark.parametrize(("color", "shares"), [(2.5, {"span": 0.5, "srmd": 0.5}), (5.0, {"srmd": 1.0})])
def test_weak_coarse_noise_is_removed_by_half(color: float, shares: dict[str, float]) -> None:
    """A clean picture with fine texture measures nearly the same."""
    noise = textured(fine=0.7, half=2 * color, color=color, gray=1.0, detail=2.4)
    assert choose(Degradation(quality=100, noise=noise), factor=2, available=NETWORKS).shares == shares
    even = evolve(noise, spread=1.25)
    assert choose(Degradation(quality=100, noise=even), factor=2, available=NETWORKS).shares == shares
    bare = Degradation(quality=100, noise=evolve(even, half_spread=1.3))
    assert choose(bare, factor=2, available=NETWORKS).shares == {"srmd": 1.0}, "nothing beside the noise to sharpen"


@pytest.mark.parametrize(
    "noise",
    [
        textured(fine=0.5, half=3.5, color=1.7, gray=4.8, detail=6.5),  # white of 8 before
        textured(fine=0.6, half=7.7, color=3.0, gray=1.8, detail=3.4),  # a sensor's of 16
        textured(fine=0.4, half=2.1, color=1.1, gray=2.4, detail=3.7),  # white of 5 before
    ],
    ids=["white", "coarse", "weak"],
)
def test_noise_that_shows_in_a_jpeg_is_removed_however_good_its_quality(noise: NoiseEstimate) -> None:
    """As in photographs of a phone in the dark: by two networks, one of which removes more than is left to see."""
    degradation = Degradation(quality=95, noise=noise)
    choice = choose(degradation, factor=2, available=NETWORKS)
    assert choice.shares == {"srmd": 0.5, "waifu2x-3": 0.5}
    assert choice.noise > 1.4 * degradation.deviation


@pytest.mark.parametrize(("detail", "sharp"), [(2.0, 0.0), (3.3, 0.35), (5.2, 0.71)], ids=["flat", "some", "fine"])
def test_for_four_times_coarse_noise_and_texture_are_left_to_both_networks(detail: float, sharp: float) -> None:
    noise = textured(fine=2.0, half=8.5, color=6.0, gray=1.4, detail=detail)
    shares = choose(Degradation(quality=100, noise=noise), factor=4, available=NETWORKS).shares
    assert shares.get("span-x4", 0.0) == pytest.approx(sharp, abs=0.05)


@pytest.mark.parametrize(
    ("quality", "deviation", "shares"),
    [
        (95, 0, {"span": 0.5, "waifu2x-3": 0.5}),
        (97, 0, {"span": 0.3, "waifu2x-0": 0.7}),  # of which hardly anything is lost
        (100, 2, {"srmd": 0.6, "waifu2x-3": 0.4}),
        (100, 8, {"srmd": 1.0}),  # which removes more than the smooth network
        (100, 0, {"span": 1.0}),
    ],
)
def test_of_a_picture_that_is_nearly_flat_more_is_smoothed(
    quality: float, deviation: float, shares: dict[str, float]
) -> None:
    """As a drawing with hard edges, or a photograph of the sky: there is little texture to lose."""
    damaged = photograph(quality=quality, noise=deviation)
    flat = evolve(damaged, noise=evolve(damaged.noise, contrast=8.0))
    assert choose(flat, factor=2, available=NETWORKS).shares == pytest.approx(shares, abs=0.01)


def test_in_a_jpeg_that_is_nearly_flat_any_noise_counts() -> None:
    noise = textured(fine=1.3, half=2.2, color=1.1, gray=1.9, detail=3.0)
    dense, flat = (Degradation(quality=95, noise=evolve(noise, contrast=contrast)) for contrast in (40.0, 8.0))
    assert "srmd" not in choose(dense, factor=2, available=NETWORKS).shares
    assert choose(flat, factor=2, available=NETWORKS).shares == {"srmd": 0.5, "waifu2x-3": 0.5}


@pytest.mark.parametrize(
    ("quality", "half", "sharp"), [(94.5, 0.9, 0.5), (94.5, 3.0, 0.0), (97, 0.9, 0.6), (97, 3.0, 0.3)]
)
def test_a_good_jpeg_is_partly_left_to_a_sharp_network_unless_its_colors_vary(
    quality: float, half: float, sharp: float
) -> None:
    """Color has half the resolution there."""
    noise = textured(fine=0.4, half=half, color=0.5, gray=0.4, detail=2.5)
    shares = choose(Degradation(quality=quality, noise=noise), factor=2, available=NETWORKS).shares
    assert shares.get("span", 0.0) == pytest.approx(sharp)


@pytest.mark.parametrize(("detail", "is_sharpened"), [(1.9, False), (4.0, True)])
def test_weak_noise_is_left_to_a_sharp_network_only_where_there_is_texture(detail: float, is_sharpened: bool) -> None:
    weak = textured(fine=2.0, half=2.2, color=1.7, gray=1.1, detail=detail)
    assert ("span" in choose(Degradation(quality=100, noise=weak), factor=2, available=NETWORKS).shares) is is_sharpened


def test_the_worse_the_compression_the_more_is_smoothed() -> None:
    shares = [
        choose(photograph(quality=quality), factor=2, available=NETWORKS).shares.get("waifu2x-3", 0)
        for quality in (98, 95, 90, 80, 70, 50)
    ]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)


@pytest.mark.parametrize(
    ("noise", "quality", "share"), [(5, 100, 0.5), (15, 100, 1.0), (0, 50, 1.0)], ids=["mild", "strong", "JPEG"]
)
def test_without_srmd_noise_is_left_to_waifu2x(noise: float, quality: float, share: float) -> None:
    available = [name for name in NETWORKS if not name.startswith("srmd")]
    choice = choose(photograph(noise=noise, quality=quality), factor=2, available=available)
    assert choice.shares["waifu2x-3"] == share


def test_without_the_sharpest_network_another_takes_its_place() -> None:
    available = [name for name in NETWORKS if not name.startswith("span")]
    assert choose(photograph(), factor=2, available=available).shares == {"waifu2x": 1.0}


@pytest.mark.parametrize("factor", [2, 4])
def test_strength_0_removes_nothing_and_more_removes_more(factor: int) -> None:
    chosen = [
        choose(photograph(noise=10), factor=factor, available=NETWORKS, strength=strength)
        for strength in range(STRENGTH_MAX + 1)
    ]
    assert chosen[0] == choose(CLEAN, factor=factor, available=NETWORKS)
    assert [choice.noise for choice in chosen] == sorted(choice.noise for choice in chosen)
    assert chosen[-1].noise == STRENGTH_NOISE_MAX
    assert len({frozenset(choice.shares) for choice in chosen[1:]}) == 1


@given(strengths.filter(lambda strength: strength is not None), degradations, degradations)
def test_an_ordered_strength_doesn_t_depend_on_what_is_measured(
    strength: int, first: Degradation, second: Degradation
) -> None:
    assert choose(first, factor=2, available=NETWORKS, strength=strength) == choose(
        second, factor=2, available=NETWORKS, strength=strength
    )


def test_a_choice_reads_as_the_method_of_a_result() -> None:
    assert str(choose(photograph(noise=8), factor=2, available=NETWORKS)) == "1.00 srmd for noise 8.5"
    assert str(choose(CLEAN, factor=4, available=NETWORKS)) == "1.00 span-x4"
