"""Execution of networks on single tiles, by ncnn or another runtime."""

from typing import Protocol

import numpy as np
from attrs import Factory, field, frozen, validators

from spike_ncnn.ncnn_runtime import NcnnRuntime
from spike_ncnn.networks import Network
from spike_ncnn.pixel_arrays import Light, Pixels, Planes
from spike_ncnn.tiles import Tile


class Runtime(Protocol):
    """Computes networks by some library. Thread-safe."""

    def computed(self, network: Network, planes: Planes) -> Planes:
        """Return what a network makes of its input, channel by channel.

        Raises:
            UpscalerUnavailable: the weights aren't installed or are malformed, or there is too little memory.
        """

    def rest(self) -> None:
        """Free the memory that no network is using."""


@frozen(kw_only=True, eq=False)
class Runner:
    """Runs networks on tiles with a number of threads each. Thread-safe."""

    threads: int = field(validator=validators.ge(1))
    runtime: Runtime = Factory(lambda self: NcnnRuntime(threads=self.threads), takes_self=True)

    def enlarged(self, picture: Pixels, tile: Tile, network: Network, *, contrast: float = 1.0) -> Light:
        """Return the enlarged tile of the picture, computed with its context: `scale` times as large on each side.

        At a contrast below 1 the network gets the picture closer to middle gray, which is undone in its result; and
        beyond the picture's edge it gets the edge's colors instead of black, which would be outside of the reduced
        range. A network with planes of its own always gets them.

        Raises:
            UpscalerUnavailable: the weights aren't installed, or there is too little memory.
        """
        context = network.context_px
        area = tile.grown(context, within=picture.shape)
        light = picture[area.slices].astype(np.float32) / np.float32(255)
        if network.extends_edges or contrast < 1:
            light = np.pad(light, (*tile.missing(context, within=picture.shape), (0, 0)), mode=network.edges)
            area = Tile(tile.top - context, tile.left - context, tile.bottom + context, tile.right + context)
        if contrast < 1:
            light = light * np.float32(contrast) + np.float32((1 - contrast) / 2)
        planes = np.empty((3 + len(network.planes), *light.shape[:2]), np.float32)
        planes[:3] = light.transpose(2, 0, 1)
        planes[3:] = np.array(network.planes, np.float32)[:, np.newaxis, np.newaxis]
        result = self.runtime.computed(network, planes).transpose(1, 2, 0)
        if contrast < 1:
            result = (result - np.float32((1 - contrast) / 2)) / np.float32(contrast)
        return result if network.crops else result[tile.inside(area, scale=network.scale)]

    def rest(self) -> None:
        """Free the memory that no network is using."""
        self.runtime.rest()
