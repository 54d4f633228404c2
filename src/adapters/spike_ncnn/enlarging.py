"""Enlarging: networks over all tiles of a picture, their results mixed by shares."""

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
from attrs import field, frozen
from PIL.Image import Image, Resampling, fromarray

from spike_ncnn.arrays import Pixels
from spike_ncnn.networks import NETWORKS, Network, installed
from spike_ncnn.runner import Runner
from spike_ncnn.steps import Steps
from spike_ncnn.tiles import side_for, tiles_of

LANCZOS: Final = "lanczos"  # the one share that needs no network

Shares = Mapping[str, float]  # by the name of a network, or `LANCZOS`; they add up to 1


@frozen(kw_only=True)
class Enlarger:
    """Enlarges pictures two or four times within a bound of memory for the networks' work."""

    runner: Runner
    memory_bytes: int
    available: Collection[str] = field(factory=lambda: frozenset(installed()))  # the names of networks

    def passes(self, picture: tuple[int, int], shares: Shares) -> int:
        """Return in how many steps a picture of this height and width is enlarged."""
        return len(tiles_of(*picture, side_px=self._side_px(shares)))

    def enlarged(self, picture: Pixels, shares: Shares, *, steps: Steps) -> Pixels:
        """Return the picture enlarged by its networks' scale, each tile mixed by shares and rounded once.

        Raises:
            UpscalerUnavailable: weights are missing, or there is too little memory.
            WorkAbandoned: whoever counts the steps said so.
        """
        used = _networks(shares)
        scale = used[0][0].scale
        height, width = picture.shape[:2]
        whole = np.empty((height * scale, width * scale, 3), np.uint8)
        resampled = _by_lanczos(picture, scale) if shares.get(LANCZOS) else None
        for tile in tiles_of(height, width, side_px=self._side_px(shares)):
            place = tile.scaled(scale).slices
            mixed = sum(
                (share * self.runner.enlarged(picture, tile, network) for network, share in used),
                start=np.float32(0),
            )
            if resampled is not None:
                mixed = mixed + np.float32(shares[LANCZOS] / 255) * resampled[place]
            whole[place] = np.clip(mixed * 255 + 0.5, 0, 255.5).astype(np.uint8)
            self.runner.rest()  # the next network needs other sizes
            steps.step()
        return whole

    def _side_px(self, shares: Shares) -> int:
        context = max(network.context_px for network, _ in _networks(shares))
        return side_for(self.memory_bytes, context_px=context)


def _networks(shares: Shares) -> list[tuple[Network, np.float32]]:
    return [(NETWORKS[name], np.float32(share)) for name, share in shares.items() if name != LANCZOS]


def _by_lanczos(picture: Pixels, scale: int) -> Pixels:
    source: Image = fromarray(picture)
    return np.asarray(source.resize((source.width * scale, source.height * scale), Resampling.LANCZOS))
