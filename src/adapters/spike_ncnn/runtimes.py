"""Selection of the libraries that compute networks."""

import logging
from typing import Final

from attrs import frozen

from spike_core.domain.errors import UpscalerUnavailable
from spike_ncnn.ncnn_runtime import NcnnRuntime
from spike_ncnn.networks import Network
from spike_ncnn.options import NeuralOptions, Quality, RuntimeName
from spike_ncnn.pixel_arrays import Planes
from spike_ncnn.runner import Runtime

_log: Final = logging.getLogger(__name__)


@frozen
class _ByArchitecture:
    """Computes transformers by one library and all other networks by another."""

    _transformers: Runtime
    _others: Runtime

    def computed(self, network: Network, planes: Planes) -> Planes:
        """Return what a network makes of its input; see the protocol."""
        return (self._transformers if network.architecture == "dat" else self._others).computed(network, planes)

    def rest(self) -> None:
        """Free the memory that no network is using."""
        self._transformers.rest()
        self._others.rest()


def opened_runtime(options: NeuralOptions, *, threads: int) -> Runtime:
    """Return the libraries for these options, with a number of threads each.

    Raises:
        UpscalerUnavailable: a library that the options ask for doesn't fit this system.
    """
    needs_openvino = options.runtime is RuntimeName.OPENVINO or options.quality is Quality.BEST
    if not (needs_openvino or options.uses_openvino):
        return NcnnRuntime(threads=threads)
    from spike_openvino.runtime import OpenVinoRuntime  # noqa: PLC0415  # it may not be installed

    try:
        openvino = OpenVinoRuntime(threads=threads)
    except UpscalerUnavailable:
        if needs_openvino:
            raise
        _log.warning("OpenVINO is installed and can't be used, so ncnn computes networks", exc_info=True)
        return NcnnRuntime(threads=threads)
    return openvino if options.uses_openvino else _ByArchitecture(openvino, NcnnRuntime(threads=threads))
