"""Computation of networks by OpenVINO. Each network is compiled once, and then runs on tiles of any size."""

import operator
import threading
from importlib.resources.abc import Traversable
from typing import Any, Final, Literal, Protocol

import numpy as np
from attrs import field, frozen, validators
from numpy.typing import NDArray

from spike_core.domain.errors import UpscalerUnavailable
from spike_openvino import dat_graph, ncnn_graph
from spike_openvino.checkpoint import Checkpoint
from spike_openvino.library import openvino
from spike_openvino.ncnn_files import MalformedNetwork
from spike_openvino.processor import computes_bfloat16

Planes = NDArray[np.float32]  # channels x height x width

SIZES_MAX: Final = 32  # of inputs, until a network is compiled anew: OpenVINO keeps 1 to 2 MB for each
_NEEDED: Final = ("opset13", "Core", "Model", "CompiledModel.release_memory")  # of the library
DAT_SIDE_PX: Final = 160  # the largest input of DAT, whose graph is for one size: a smaller one is mirrored


class Network(Protocol):
    """What this package needs to know of a network."""

    @property
    def name(self) -> str:
        """Its unique name."""

    @property
    def architecture(self) -> Literal["ncnn", "dat"]:
        """The form of its files."""

    @property
    def output(self) -> str:
        """The name of its output."""

    @property
    def scale(self) -> int:
        """The factor by which a side grows."""

    def weights(self, ending: str) -> Traversable:
        """Return the file with this ending."""


@frozen(kw_only=True, eq=False)
class _Compiled:
    """A network, ready to run; one call at a time."""

    model: Any
    request: Any
    sizes: set[tuple[int, ...]] = field(factory=set)  # of the inputs that it has had
    busy: threading.Lock = field(factory=threading.Lock)


@frozen(kw_only=True, eq=False)
class OpenVinoRuntime:
    """Computes networks by OpenVINO, in bfloat16 where the processor can. Thread-safe."""

    threads: int = field(validator=validators.ge(1))
    precision: Literal["bf16", "f32"] = field(factory=lambda: "bf16" if computes_bfloat16() else "f32")
    dat_side_px: int = DAT_SIDE_PX
    _networks: dict[str, _Compiled] = field(factory=dict, init=False, repr=False)
    _loading: threading.Lock = field(factory=threading.Lock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Load the library now: the address space of a child of the sandbox is limited later.

        Raises:
            UpscalerUnavailable: it isn't installed, is another version, or doesn't fit this system.
        """
        try:
            for name in _NEEDED:
                operator.attrgetter(name)(openvino())
        except (ImportError, OSError, AttributeError) as error:
            raise UpscalerUnavailable from error

    def computed(self, network: Network, planes: Planes) -> Planes:
        """Return what a network makes of its input, channel by channel.

        Raises:
            UpscalerUnavailable: the weights aren't installed or are malformed, or there is too little memory.
        """
        height, width = planes.shape[1:]
        if network.architecture == "dat":
            planes = _padded(planes, self.dat_side_px)
        try:
            compiled = self._compiled(network)
            with compiled.busy:
                compiled.sizes.add(planes.shape)
                made: Planes = np.array(compiled.request.infer({0: planes[np.newaxis]}, share_inputs=True)[0])[0]
        except (RuntimeError, MalformedNetwork, OSError, ImportError) as error:  # the first: OpenVINO's errors
            raise UpscalerUnavailable from error
        if network.architecture == "dat":
            return made[:, : height * network.scale, : width * network.scale]
        return made

    def rest(self) -> None:
        """Free the memory that no network is using, and networks that have had many sizes of input."""
        with self._loading:
            for name, compiled in list(self._networks.items()):
                if len(compiled.sizes) > SIZES_MAX:
                    del self._networks[name]
            networks = list(self._networks.values())
        for compiled in networks:
            with compiled.busy:
                compiled.model.release_memory()

    def _compiled(self, network: Network) -> _Compiled:
        with self._loading:
            if network.name not in self._networks:
                self._networks[network.name] = self._loaded(network)
            return self._networks[network.name]

    def _loaded(self, network: Network) -> _Compiled:
        model = (
            openvino()
            .Core()
            .compile_model(
                self._graph(network),
                "CPU",
                {
                    "INFERENCE_NUM_THREADS": self.threads,
                    "INFERENCE_PRECISION_HINT": self.precision,
                    "NUM_STREAMS": 1,
                    "ENABLE_CPU_PINNING": False,  # several processes would be pinned to the same cores
                },
            )
        )
        return _Compiled(model=model, request=model.create_infer_request())

    def _graph(self, network: Network) -> Any:
        if network.architecture == "dat":
            checkpoint, side_px = Checkpoint.read(network.weights("pth").read_bytes()), self.dat_side_px
            return dat_graph.graph_of(checkpoint, scale=network.scale, height_px=side_px, width_px=side_px)
        return ncnn_graph.graph_of(
            network.weights("param").read_bytes(), network.weights("bin").read_bytes(), output=network.output
        )


def _padded(planes: Planes, side_px: int) -> Planes:
    """Return the planes as a square of the graph's size, mirrored at their right and lower edges."""
    lacking = [side_px - side for side in planes.shape[1:]]
    assert min(lacking) >= 0
    return np.ascontiguousarray(np.pad(planes, ((0, 0), (0, lacking[0]), (0, lacking[1])), mode="symmetric"))
