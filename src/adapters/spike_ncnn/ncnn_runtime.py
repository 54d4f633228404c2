"""Computation of networks by ncnn, on a GPU if there is one. Each network is loaded once."""

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
from spike_ncnn.networks import Network
from spike_ncnn.pixel_arrays import Planes

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
class NcnnRuntime:
    """Computes networks by ncnn with a number of threads each. Thread-safe."""

    threads: int = field(validator=validators.ge(1))
    _nets: dict[str, ncnn.Net] = field(factory=dict, init=False, repr=False)
    _pools: _Pools = field(factory=_Pools, init=False, repr=False)
    _loading: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def computed(self, network: Network, planes: Planes) -> Planes:
        """Return what a network makes of its input; see the protocol."""
        net = self._net(network)
        given = ncnn.Mat(planes)  # it doesn't own `planes`: both must live until the network has run
        extractor = net.create_extractor()
        if extractor.input(network.input, given) != 0:
            raise UpscalerUnavailable
        code, made = extractor.extract(network.output)
        if code != 0:
            raise UpscalerUnavailable
        result = np.array(made)
        del given, planes, made, extractor
        self._pools.clear()  # the next tile may need other sizes
        return result

    def rest(self) -> None:
        """Do nothing: memory is freed after each tile."""

    def _net(self, network: Network) -> ncnn.Net:
        with self._loading:
            if network.name not in self._nets:
                self._nets[network.name] = _loaded(network, threads=self.threads, pools=self._pools)
            return self._nets[network.name]


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
    if not network.is_installed or network.architecture != "ncnn":
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
