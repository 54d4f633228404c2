"""Files of networks come from packages: what is malformed is refused with a reason, whatever it is."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from spike_openvino.checkpoint import Checkpoint
from spike_openvino.ncnn_files import PARAM_BYTES_MAX, MalformedNetwork, WeightsReader, layers_of
from spike_openvino.processor import flags_in

PARAM = b"7767517\n2 2\nInput in 0 1 data\nConvolution conv 1 1 data output 0=1 1=1 5=1 6=1 9=2 -23310=1,1.0e-01\n"


def a_checkpoint(content: object) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))
    return file.getvalue()


def test_layers_have_their_names_and_parameters() -> None:
    given, convolution = layers_of(PARAM)
    assert given.outputs == convolution.inputs == ["data"]
    assert convolution.integer(6, highest=9) == 1
    assert convolution.numbers(10, count=1) == [0.1]


@pytest.mark.parametrize(
    "param",
    [
        b"",
        b"7767517\n",
        PARAM.replace(b"7767517", b"7767518"),
        PARAM.replace(b"2 2", b"3 2"),
        PARAM.replace(b" 0 1 data", b" 0 99999999 data"),
        PARAM.replace(b" 1 1 data output", b" 1 1 other output"),
        PARAM.replace(b" 1 1 data output", b" 1 1 data data"),
        PARAM.replace(b"-23310=1", b"-23310=7"),
        PARAM.replace(b"6=1", b"6="),
        PARAM.replace(b"conv", "cönv".encode()),
        PARAM + b"x" * PARAM_BYTES_MAX,
    ],
)
def test_a_malformed_param_file_is_refused(param: bytes) -> None:
    with pytest.raises(MalformedNetwork):
        layers_of(param)


@pytest.mark.parametrize("value", [b"6=99999999999", b"6=-1", b"6=1.5", b"6=nan"])
def test_a_parameter_out_of_bounds_is_refused(value: bytes) -> None:
    with pytest.raises(MalformedNetwork):
        layers_of(PARAM.replace(b"6=1", value))[1].integer(6, lowest=1, highest=100)


def test_weights_of_32_and_16_bits_are_read_to_the_end() -> None:
    tag = (0x01306B47).to_bytes(4, "little")
    halves = np.array([1, 2, 3], np.float16).tobytes() + b"\0\0"
    reader = WeightsReader(bytes(4) + np.array([0.5], np.float32).tobytes() + tag + halves)
    assert reader.tagged(1).tolist() == [0.5]
    assert reader.tagged(3).tolist() == [1, 2, 3]
    reader.finish()


@pytest.mark.parametrize("data", [b"", bytes(7), b"abcd" + bytes(4), bytes(4) + b"\xff\xff\xff\x7f"])
def test_weights_that_are_cut_off_or_no_numbers_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedNetwork):
        WeightsReader(data).tagged(1)


def test_weights_that_belong_to_no_layer_are_refused() -> None:
    with pytest.raises(MalformedNetwork, match="4 bytes"):
        WeightsReader(bytes(4)).finish()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        a_checkpoint({}),
        a_checkpoint({"params": {"weight": 1}}),
        a_checkpoint({"params": print}),
        a_checkpoint({"params": np.float32(1)}),
    ],
)
def test_a_checkpoint_of_anything_but_tensors_is_refused(data: bytes) -> None:
    """Also one whose pickle would run code: `print` stands for any function."""
    with pytest.raises(MalformedNetwork):
        Checkpoint.read(data)


def test_flags_are_those_of_the_first_processor() -> None:
    assert flags_in("processor\t: 0\nflags\t\t: fpu amx_bf16\nbugs: x\nflags : sse\n") == {"fpu", "amx_bf16"}
    assert flags_in("Features : fp asimd\n") == frozenset()
