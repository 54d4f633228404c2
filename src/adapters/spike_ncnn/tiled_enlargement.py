"""Enlargement of a picture's tiles by networks, blended by shares, and repeated where a network's result is wrong."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

import numpy as np
from attrs import field, frozen
from PIL.Image import Image, Resampling, fromarray

from spike_ncnn.network_choice import Shares
from spike_ncnn.networks import NETWORKS, Network, installed
from spike_ncnn.pixel_arrays import Light, Pixels
from spike_ncnn.progress_steps import Steps
from spike_ncnn.suspect_pixels import Suspicion
from spike_ncnn.tiles import Tile, side_for, tiles_of
from spike_ncnn.wrong_results import (
    CLEAN_TOLERANCE,
    LANCZOS,
    PLAIN,
    Mask,
    Reference,
    Rung,
    Tolerance,
    finite,
    ladder,
    repaired,
    repeated,
    suspects,
)

_LANCZOS_CONTEXT_PX: Final = 4  # the kernel reaches 3 px
AGAIN_MAX: Final = 2.0

Found = Mapping[str, Mask]  # by the name of a network: the pixels that must be wrong


class NetworkRunner(Protocol):
    """Runs networks."""

    def enlarged(self, picture: Pixels, tile: Tile, network: Network, *, contrast: float = 1.0) -> Light:
        """Return the enlarged tile of the picture, processed at reduced contrast if `contrast` is below 1."""

    def rest(self) -> None:
        """Free the memory that no network is using."""


@frozen(kw_only=True)
class Enlarged:
    """An enlarged picture."""

    pixels: Pixels
    reworked: Mapping[Rung, float]  # the reprocessed share of the area, by method

    def __str__(self) -> str:
        """Return a description of what was reprocessed; empty if nothing was."""
        return ", ".join(f"{max(100 * share, 0.1):.1f} % {rung}" for rung, share in self.reworked.items())


@frozen(kw_only=True)
class Enlarger:
    """Enlarges pictures by 2 or 4 within a limit on the networks' working memory."""

    runner: NetworkRunner
    memory_bytes: int
    available: Collection[str] = field(factory=lambda: frozenset(installed()))  # the names of networks

    def passes(self, picture: tuple[int, int], shares: Shares) -> int:
        """Return the number of steps for a picture of this height and width if no network fails."""
        return len(tiles_of(*picture, side_px=self._side_px(shares)))

    def enlarged(
        self,
        picture: Pixels,
        shares: Shares,
        *,
        steps: Steps,
        noise: float = 0.0,
        tolerance: Tolerance = CLEAN_TOLERANCE,
    ) -> Enlarged:
        """Return the picture enlarged by its networks' scale, with each tile blended by shares and rounded once.

        `noise` is the deviation, of 255, of the noise that networks with a noise level remove.

        Where a network's result must be wrong, its share is reprocessed on the rungs of a ladder: see `stability`.
        Networks reprocess at most `AGAIN_MAX` times the picture's area; the rest is left to Lanczos.

        Raises:
            UpscalerUnavailable: weights are missing, or there is too little memory.
            WorkAbandoned: raised by the progress monitor of `steps`.
        """
        mixer = _Mixer(picture=picture, shares=shares, runner=self.runner, noise=noise, tolerance=tolerance)
        try:
            return self._enlarged(mixer, tiles_of(*picture.shape[:2], side_px=self._side_px(shares)), steps=steps)
        finally:
            self.runner.rest()

    def _enlarged(self, mixer: "_Mixer", tiles: Sequence[Tile], *, steps: Steps) -> Enlarged:
        whole, suspicion = _first_pass(mixer, tiles, steps=steps)
        reworked: dict[Rung, float] = {}
        spent_px, budget_px = 0, int(AGAIN_MAX * mixer.picture.shape[0] * mixer.picture.shape[1])
        for rung in ladder(scale=mixer.scale, available=self.available):
            due = [(tile, part) for tile in tiles for part in suspicion.parts(tile)]
            spent_px += sum(part.area_px for _, part in due)
            if due and (spent_px <= budget_px or rung.name == LANCZOS):
                reworked[rung], suspicion = _again(mixer, due, whole, suspicion, rung=rung, steps=steps)
        return Enlarged(pixels=whole, reworked=reworked)

    def _side_px(self, shares: Shares) -> int:
        networks = [NETWORKS[name] for name in shares if name != LANCZOS]
        side_px = side_for(self.memory_bytes, context_px=max(network.context_px for network in networks))
        return min(side_px, *(network.side_px_max for network in networks))


@frozen(kw_only=True)
class _Mixer:
    """Blends the networks' results for tiles of one picture."""

    picture: Pixels
    shares: Shares
    runner: NetworkRunner
    noise: float
    tolerance: Tolerance
    ways: dict[Tile, dict[str, Rung]] = field(factory=dict, init=False)  # for networks that failed in a tile

    @property
    def scale(self) -> int:
        """The factor by which a side grows."""
        return next(NETWORKS[name].scale for name in self.shares if name != LANCZOS)

    def mixed(self, tile: Tile, *, ways: Mapping[str, Rung]) -> tuple[Light, Found]:
        """Return the blend, each network run as `ways` says (plainly by default), and the pixels that must be wrong."""
        total: Light = np.zeros(1, np.float32)
        found: dict[str, Mask] = {}
        reference = Reference.of(self.picture, tile)
        for name, share in self.shares.items():
            way = ways.get(name, PLAIN)
            worker = way.name or name
            if worker == LANCZOS:
                part = _by_lanczos(self.picture, tile, self.scale)
            else:
                network = NETWORKS[worker].removing(self.noise * way.contrast)
                part = self.runner.enlarged(self.picture, tile, network, contrast=way.contrast)
                mask = suspects(part, reference, rung=way, tolerance=self.tolerance)
                if mask.any():
                    found[name], part = mask, finite(part)
            total = total + np.float32(share) * part
        return total, found


def _first_pass(mixer: _Mixer, tiles: Sequence[Tile], *, steps: Steps) -> tuple[Pixels, Suspicion]:
    """Return the picture enlarged, and the pixels in it that must be wrong."""
    height, width = mixer.picture.shape[:2]
    whole = np.empty((height * mixer.scale, width * mixer.scale, 3), np.uint8)
    suspicion = Suspicion(height_px=height, width_px=width)
    for tile in tiles:
        mixed, found = mixer.mixed(tile, ways={})
        whole[tile.scaled(mixer.scale).slices] = _rounded(mixed)
        suspicion.add(tile, found)
        steps.expect(bool(found))
        steps.step()
    return whole, suspicion


def _again(
    mixer: _Mixer,
    due: Sequence[tuple[Tile, Tile]],
    whole: Pixels,
    suspicion: Suspicion,
    *,
    rung: Rung,
    steps: Steps,
) -> tuple[float, Suspicion]:
    """Reprocess parts of tiles; return their share of the area, and the pixels that must still be wrong.

    A network that succeeded on an earlier rung stays on it.
    """
    left = Suspicion(height_px=suspicion.height_px, width_px=suspicion.width_px)
    steps.expect(len(due) - suspicion.places)
    area_px = 0.0
    for tile, part in due:
        mixer.ways.setdefault(tile, {}).update(dict.fromkeys(suspicion.around(part), rung))
        weights = suspicion.weights(part)
        mixed, found = mixer.mixed(part, ways=mixer.ways[tile])
        repaired_part = repaired(mixed, Reference.of(mixer.picture, part), tolerance=mixer.tolerance)
        place, faded = part.scaled(mixer.scale).slices, repeated(weights[..., np.newaxis], mixer.scale)
        whole[place] = _rounded(whole[place] * ((1 - faded) / np.float32(255)) + repaired_part * faded)
        area_px += float(weights.sum())
        if rung.name != LANCZOS:
            found = {name: mask & (weights > 0) for name, mask in found.items()}
            found = {name: mask for name, mask in found.items() if mask.any()}
            left.add(part, found)
            steps.expect(bool(found))
        steps.step()
    return area_px / (suspicion.height_px * suspicion.width_px), left


def _by_lanczos(picture: Pixels, tile: Tile, scale: int) -> Light:
    area = tile.grown(_LANCZOS_CONTEXT_PX, within=picture.shape)
    source: Image = fromarray(picture[area.slices])
    resampled = source.resize((source.width * scale, source.height * scale), Resampling.LANCZOS)
    return np.asarray(resampled)[tile.inside(area, scale=scale)].astype(np.float32) / np.float32(255)


def _rounded(light: Light) -> Pixels:
    pixels: Pixels = np.clip(light * np.float32(255) + np.float32(0.5), 0, 255.5).astype(np.uint8)
    return pixels
