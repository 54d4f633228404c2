"""Execution of networks on single tiles. Each network is loaded once."""

import ctypes
import functools
import sys
import threading
from contextlib import ExitStack
from importlib.resources import as_file
from typing import Final

import ncnn
import numpy as np
from attrs import field, frozen, validators

from spike_core.domain.errors import UpscalerUnavailable
from spike_ncnn.arrays import Light, Pixels
from spike_ncnn.networks import Network
from spike_ncnn.tiles import Tile

_VULKAN_LOADER: Final = "libvulkan.dylib" if sys.platform == "darwin" else "libvulkan.so.1"


@frozen(eq=False)
class _Pools:
    """Working memory shared by all networks; otherwise each would retain the maximum that it ever used."""

    blobs: ncnn.PoolAllocator = field(factory=ncnn.PoolAllocator)
    workspace: ncnn.PoolAllocator = field(factory=ncnn.PoolAllocator)

    def clear(self) -> None:
        """Free unused memory."""
        self.blobs.clear()
        self.workspace.clear()


@frozen(kw_only=True, eq=False)
class Runner:
    """Runs networks on ncnn with a number of threads each, on a GPU if there is one. Thread-safe."""

    threads: int = field(validator=validators.ge(1))
    _nets: dict[str, ncnn.Net] = field(factory=dict, init=False, repr=False)
    _pools: _Pools = field(factory=_Pools, init=False, repr=False)
    _loading: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def enlarged(self, picture: Pixels, tile: Tile, network: Network, *, contrast: float = 1.0) -> Light:
        """Return the enlarged tile of the picture, computed with its context: `scale` times as large on each side.

        At a contrast below 1 the network gets the picture closer to middle gray, which is undone in its result; and
        beyond the picture's edge it gets the edge's colors instead of black, which would be outside of the reduced
        range. A network with planes of its own always gets them.

        Raises:
            UpscalerUnavailable: the weights aren't installed, or there is too little memory.
        """
        net = self._net(network)
        context = network.context_px
        area = tile.grown(context, within=picture.shape)
        light = picture[area.slices].astype(np.float32) / np.float32(255)
        if network.crops or network.planes or contrast < 1:
            light = np.pad(light, (*tile.missing(context, within=picture.shape), (0, 0)), mode="edge")
            area = Tile(tile.top - context, tile.left - context, tile.bottom + context, tile.right + context)
        if contrast < 1:
            light = light * np.float32(contrast) + np.float32((1 - contrast) / 2)
        result = _run(net, network, light)
        if contrast < 1:
            result = (result - np.float32((1 - contrast) / 2)) / np.float32(contrast)
        return result if network.crops else result[tile.inside(area, scale=network.scale)]

    def rest(self) -> None:
        """Free the memory that no network is using."""
        self._pools.clear()

    def _net(self, network: Network) -> ncnn.Net:
        with self._loading:
            if network.name not in self._nets:
                self._nets[network.name] = _loaded(network, threads=self.threads, pools=self._pools)
            return self._nets[network.name]


def _run(net: ncnn.Net, network: Network, light: Light) -> Light:
    height, width = light.shape[:2]
    planes = np.empty((3 + len(network.planes), height, width), np.float32)
    planes[:3] = light.transpose(2, 0, 1)
    planes[3:] = np.array(network.planes, np.float32)[:, np.newaxis, np.newaxis]
    given = ncnn.Mat(planes)  # it doesn't own `planes`: both must live until the network has run
    extractor = net.create_extractor()
    if extractor.input(network.input, given) != 0:
        raise UpscalerUnavailable
    code, made = extractor.extract(network.output)
    if code != 0:
        raise UpscalerUnavailable
    result = np.array(made).transpose(1, 2, 0)
    del given, planes
    return result


@functools.cache
def _has_gpu() -> bool:
    """Return whether Vulkan finds a device. Without Vulkan's loader ncnn isn't asked, since it would log many lines.

    The loader is loaded by name, as ncnn does, and not searched for: `find_library` runs programs.
    """
    try:
        ctypes.CDLL(_VULKAN_LOADER)
    except OSError:
        return False
    return bool(ncnn.get_gpu_count() > 0)


def _loaded(network: Network, *, threads: int, pools: _Pools) -> ncnn.Net:
    if not network.is_installed:
        raise UpscalerUnavailable
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.openmp_blocktime = 0  # threads that wait by spinning would slow down other processes
    net.opt.blob_allocator, net.opt.workspace_allocator = pools.blobs, pools.workspace
    net.opt.use_vulkan_compute = _has_gpu()
    with ExitStack() as stack:
        param, numbers = (str(stack.enter_context(as_file(network.weights(ending)))) for ending in ("param", "bin"))
        if net.load_param(param) != 0 or net.load_model(numbers) != 0:
            raise UpscalerUnavailable
    return net
