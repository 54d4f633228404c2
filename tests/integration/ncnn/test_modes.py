"""Networks on request: the quality `best`, the mode `vivid`, and an installation without SPAN."""

import io
from typing import Final

import pytest

from pictures import encoded, photograph
from spike_core.domain.analysis import PictureKind
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UpscalerUnavailable
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import Mode, RenderOptions
from spike_ncnn import modes as module
from spike_ncnn.modes import Modes, Work, invents_texture
from spike_ncnn.network_choice import Choice
from spike_ncnn.networks import ANIME, NETWORKS, SPAN, installed
from spike_ncnn.plugin import modes
from spike_ncnn.runner import Runner
from spike_ncnn.tiled_enlargement import Enlarger
from spike_ncnn.upscaler import NcnnUpscaler
from spike_pillow import PillowProbe, PillowUpscaler, classical_engine

SIZE: Final = Dimensions(width_px=96, height_px=72)
PICTURE: Final = encoded(photograph(size=(48, 36)), PictureFormat.PNG)
needs_vivid = pytest.mark.skipif(not ANIME.is_installed, reason="the extra `vivid` isn't installed")


def an_upscaler(*, available: frozenset[str] = frozenset(installed())) -> NcnnUpscaler:
    enlarger = Enlarger(runner=Runner(threads=2), memory_bytes=2**26, available=available)
    return NcnnUpscaler(enlarger=enlarger, otherwise=PillowUpscaler(), probe=PillowProbe())


def test_best_replaces_the_network_for_clean_pictures_alone() -> None:
    best = Modes(is_best=True)
    assert best.faithful(Choice(shares={"span": 1.0})).shares == {"dat": 1.0}
    assert best.faithful(Choice(shares={"span-x4": 1.0})).shares == {"dat-x4": 1.0}
    noisy = Choice(shares={"srmd": 1.0}, noise=7.0)
    assert best.faithful(noisy) == noisy
    assert Modes().faithful(Choice(shares={"span": 1.0})).shares == {"span": 1.0}


@needs_vivid
@pytest.mark.parametrize("side_px", [1024, 2048, 4096])
def test_large_networks_take_only_what_they_finish_in_time(side_px: int) -> None:
    """Otherwise the job would be killed at the limit, tried again, and killed again."""
    share, best = SPECIFIED.work_share(side_px), Modes(is_best=True)
    choice = Choice(shares={"span": 1.0})
    for megapixels, fits in ((share * 3.4, True), (share * 3.5, False)):
        work = Work(round(megapixels * 1e6), share * 600)
        made = best.faithful(choice, work=work)
        assert (made.shares == {"dat": 1.0}) is fits
        assert best.refused([made]) == ("" if fits else "too large for dat")
    large = Work(round(share * 2e6), share * 600)
    assert invents_texture(Modes(is_fast=True).vivid(PictureKind.PHOTO, factor=2, work=large))
    assert not invents_texture(best.vivid(PictureKind.PHOTO, factor=2, work=large))


def test_networks_on_request_are_never_chosen_by_themselves() -> None:
    assert not {name for name in installed() if name.startswith(("dat", "real"))}
    assert {name for name in NETWORKS if name.startswith(("dat", "real"))}


@needs_vivid
def test_the_large_vivid_network_takes_photographs_where_it_is_affordable() -> None:
    assert invents_texture(Modes(is_fast=True).vivid(PictureKind.PHOTO, factor=2))
    assert invents_texture(Modes(is_best=True).vivid(PictureKind.PHOTO, factor=4))
    assert not invents_texture(Modes(is_fast=True).vivid(PictureKind.DRAWING, factor=2))
    assert Modes().vivid(PictureKind.PHOTO, factor=4).shares == {"realesr-animevideov3-x4": 1.0}


@needs_vivid
def test_a_vivid_result_says_so_and_passes_the_result_check() -> None:
    faithful, vivid = (
        an_upscaler().enhance(io.BytesIO(PICTURE), size=SIZE, options=RenderOptions(mode=mode))
        for mode in (Mode.FAITHFUL, Mode.VIVID)
    )
    assert "realesr" in vivid.method
    assert "realesr" not in faithful.method
    assert not classical_engine().probe.compare(io.BytesIO(vivid.content), io.BytesIO(PICTURE)).flaw


@needs_vivid
def test_the_mode_vivid_is_offered_where_it_is_installed() -> None:
    assert Mode.VIVID in modes()


def test_the_mode_vivid_without_its_networks_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        is_installed = False

    monkeypatch.setattr(module, "ANIME", Missing())
    with pytest.raises(UpscalerUnavailable):
        Modes().vivid(PictureKind.PHOTO, factor=2)


def test_without_the_package_under_the_gpl_other_networks_enlarge_clean_pictures() -> None:
    permissive = frozenset(name for name in installed() if NETWORKS[name].package != SPAN.package)
    picture = an_upscaler(available=permissive).enhance(io.BytesIO(PICTURE), size=SIZE)
    assert "span" not in picture.method
    assert picture.dimensions == SIZE
