"""The two files of an ncnn network: `param`, a text with one layer a line, and `bin`, their weights one after another.

The format: https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure. The files come from packages; what they
say is checked before it is used, and the weights must have exactly the length that the layers ask for.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from attrs import define, frozen
from numpy.typing import NDArray

Weights = NDArray[np.float32]
Number = int | float

_MAGIC: Final = "7767517"
PARAM_BYTES_MAX: Final = 1024 * 1024
BIN_BYTES_MAX: Final = 256 * 1024 * 1024
_LAYERS_MAX: Final = 4096
_BLOBS_MAX: Final = 16  # of one layer, in and out
_ARRAY_MAX: Final = 64
_ARRAY: Final = -23300  # minus the number of a parameter that has several values
_FLOAT32: Final = 0
_FLOAT16: Final = 0x0130_6B47


class MalformedNetwork(ValueError):
    """A network's file isn't what it must be."""


@frozen(kw_only=True)
class Layer:
    """A layer of a network: its type, the names of what it takes and makes, and its numbered parameters."""

    type: str
    name: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    parameters: Mapping[int, Number | Sequence[Number]]

    def integer(self, number: int, default: int = 0, *, lowest: int = 0, highest: int) -> int:
        """Return an integer parameter.

        Raises:
            MalformedNetwork: it is something else, or out of bounds.
        """
        value = self.parameters.get(number, default)
        if not isinstance(value, int) or not lowest <= value <= highest:
            raise MalformedNetwork(f"{self.type} {self.name}: parameter {number} is {value!r}")
        return value

    def number(self, number: int, default: float) -> float:
        """Return a finite parameter.

        Raises:
            MalformedNetwork: it is something else.
        """
        value = self.parameters.get(number, default)
        if isinstance(value, Sequence) or not math.isfinite(value):
            raise MalformedNetwork(f"{self.type} {self.name}: parameter {number} is {value!r}")
        return float(value)

    def numbers(self, number: int, *, count: int) -> Sequence[float]:
        """Return a parameter of so many finite values.

        Raises:
            MalformedNetwork: it is something else.
        """
        values = self.parameters.get(number, ())
        if not isinstance(values, Sequence) or len(values) != count or not all(map(math.isfinite, values)):
            raise MalformedNetwork(f"{self.type} {self.name}: parameter {number} is {values!r}")
        return [float(value) for value in values]


def layers_of(param: bytes) -> Sequence[Layer]:
    """Return the layers in order.

    Raises:
        MalformedNetwork: the file is too large or malformed, or a layer takes what none before it made.
    """
    if len(param) > PARAM_BYTES_MAX:
        raise MalformedNetwork(f"the param file has {len(param)} bytes, {PARAM_BYTES_MAX} allowed")
    try:
        lines = param.decode("ascii").split("\n")
        layers = list(_layers(lines))
    except (ValueError, IndexError, OverflowError) as error:
        raise MalformedNetwork(f"the param file is malformed: {error}") from error
    made: set[str] = set()
    for layer in layers:
        if not made.issuperset(layer.inputs) or made.intersection(layer.outputs):
            raise MalformedNetwork(f"{layer.type} {layer.name}: its inputs or outputs have wrong names")
        made.update(layer.outputs)
    return layers


@define
class WeightsReader:
    """Reads weights from a `bin` file, one layer's after another's."""

    _data: bytes
    _position: int = 0

    def __attrs_post_init__(self) -> None:
        if len(self._data) > BIN_BYTES_MAX:
            raise MalformedNetwork(f"the bin file has {len(self._data)} bytes, {BIN_BYTES_MAX} allowed")

    def tagged(self, count: int) -> Weights:
        """Read weights behind their tag, which says whether they have 32 or 16 bits.

        Raises:
            MalformedNetwork: the file ends before, or has another tag.
        """
        tag = int.from_bytes(self._bytes(4), "little")
        if tag == _FLOAT32:
            return self.plain(count)
        if tag == _FLOAT16:
            return self._finite(np.frombuffer(self._bytes((2 * count + 3) // 4 * 4), np.float16, count))
        raise MalformedNetwork(f"weights are stored in an unknown way: {tag:#x}")

    def plain(self, count: int) -> Weights:
        """Read weights of 32 bits.

        Raises:
            MalformedNetwork: the file ends before.
        """
        return self._finite(np.frombuffer(self._bytes(4 * count), np.float32, count))

    def finish(self) -> None:
        """Check that all has been read.

        Raises:
            MalformedNetwork: it hasn't.
        """
        if self._position != len(self._data):
            raise MalformedNetwork(f"{len(self._data) - self._position} bytes of weights belong to no layer")

    def _bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._position:
            raise MalformedNetwork("the bin file is too short")
        part = self._data[self._position : self._position + count]
        self._position += count
        return part

    def _finite(self, weights: NDArray[np.floating]) -> Weights:
        converted = weights.astype(np.float32)
        if not np.isfinite(converted).all():
            raise MalformedNetwork("a weight isn't a number")
        return converted


def _layers(lines: Sequence[str]) -> Iterator[Layer]:
    if lines[0].strip() != _MAGIC:
        raise MalformedNetwork("the param file has another version")
    count = int(lines[1].split()[0])
    found = [line.split() for line in lines[2:] if line.strip()]
    if count != len(found) or not 0 < count <= _LAYERS_MAX:
        raise MalformedNetwork(f"the param file has {len(found)} layers and says {count}")
    for type_, name, input_count, output_count, *rest in found:
        taken, made = int(input_count), int(output_count)
        if not (0 <= taken <= _BLOBS_MAX and 0 < made <= _BLOBS_MAX and taken + made <= len(rest)):
            raise MalformedNetwork(f"{type_} {name}: {taken} inputs, {made} outputs")
        parameters = dict(map(_parameter, rest[taken + made :]))
        yield Layer(
            type=type_,
            name=name,
            inputs=rest[:taken],
            outputs=rest[taken : taken + made],
            parameters=parameters,
        )


def _parameter(text: str) -> tuple[int, Number | Sequence[Number]]:
    key, _, value = text.partition("=")
    number = int(key)
    if number > _ARRAY:
        return number, _number(value)
    count, *values = value.split(",", _ARRAY_MAX + 1)
    if int(count) != len(values) or len(values) > _ARRAY_MAX:
        raise MalformedNetwork(f"parameter {text!r}")
    return _ARRAY - number, [_number(each) for each in values]


def _number(text: str) -> Number:
    return float(text) if "." in text or "e" in text else int(text)
