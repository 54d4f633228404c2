"""OpenVINO's graph of an ncnn network, built layer by layer from its files.

It covers the layers of the networks that Spike uses: SPAN, waifu2x, SRMD, Real-ESRGAN.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from spike_openvino.library import openvino
from spike_openvino.ncnn_files import Layer, MalformedNetwork, WeightsReader, layers_of

_CHANNELS_MAX: Final = 4096
_KERNEL_MAX: Final = 11
_WEIGHTS_MAX: Final = 64 * 1024 * 1024  # of one layer
_SCALE_MAX: Final = 8
_NEAREST, _BICUBIC = 1, 3  # of Interp
_RELU, _LEAKY_RELU = 1, 2  # of the activation within a convolution

Blob = Any  # an output of a node in the graph
Make = Callable[[Any, Layer, Sequence[Blob], WeightsReader], Blob]


def graph_of(param: bytes, weights: bytes, *, output: str) -> Any:
    """Return the network as an OpenVINO model with one input (1, channels, height, width) of any height and width.

    Raises:
        MalformedNetwork: a file is malformed, or has a layer that isn't covered.
    """
    layers, reader = layers_of(param), WeightsReader(weights)
    opset = openvino().opset13
    blobs: dict[str, Blob] = {}
    inputs = []
    for layer in layers:
        if layer.type == "Input":
            shape = [1, _input_channels(layers), -1, -1]
            blobs[layer.outputs[0]] = opset.parameter(shape, np.float32)
            inputs.append(blobs[layer.outputs[0]])
            continue
        if layer.type not in _LAYERS:
            raise MalformedNetwork(f"{layer.type} {layer.name}: a layer of an unknown type")
        try:
            made = _LAYERS[layer.type](opset, layer, [blobs[name] for name in layer.inputs], reader)
        except (RuntimeError, IndexError, ValueError) as error:  # OpenVINO's, where shapes don't fit
            raise MalformedNetwork(f"{layer.type} {layer.name}: {error}") from error
        blobs.update(dict.fromkeys(layer.outputs, made))
    reader.finish()
    if output not in blobs or len(inputs) != 1:
        raise MalformedNetwork(f"the network has {len(inputs)} inputs and no output {output!r}")
    return openvino().Model([blobs[output]], inputs)


def _input_channels(layers: Sequence[Layer]) -> int:
    """Return the channels of the input, which are those that the first convolution takes."""
    first = next((layer for layer in layers if layer.type == "Convolution"), None)
    if first is None:
        raise MalformedNetwork("the network has no convolution")
    channels, left = divmod(_weight_count(first), _outputs(first) * _kernel(first) ** 2)
    if left or not channels:
        raise MalformedNetwork(f"{first.type} {first.name}: its weights don't fit its kernel")
    return channels


def _outputs(layer: Layer) -> int:
    return layer.integer(0, lowest=1, highest=_CHANNELS_MAX)


def _kernel(layer: Layer) -> int:
    return layer.integer(1, lowest=1, highest=_KERNEL_MAX)


def _weight_count(layer: Layer) -> int:
    return layer.integer(6, lowest=1, highest=_WEIGHTS_MAX)


def _only(layer: Layer, expected: Mapping[int, int]) -> None:
    """Refuse parameters with values that aren't covered."""
    for number, value in expected.items():
        if layer.parameters.get(number, value) != value:
            raise MalformedNetwork(f"{layer.type} {layer.name}: parameter {number} isn't {value}")


def _convolution(opset: Any, layer: Layer, inputs: Sequence[Blob], reader: WeightsReader) -> Blob:
    side, padding = _kernel(layer), layer.integer(4, highest=_KERNEL_MAX)
    _only(layer, {2: 1, 3: 1, 8: 0, 11: side, 12: 1, 13: 1, 14: padding, 15: padding, 16: padding})
    weights = reader.tagged(_weight_count(layer)).reshape(_outputs(layer), -1, side, side)
    made = opset.convolution(inputs[0], opset.constant(weights), [1, 1], [padding] * 2, [padding] * 2, [1, 1])
    return _activated(opset, layer, _biased(opset, layer, made, reader))


def _deconvolution(opset: Any, layer: Layer, inputs: Sequence[Blob], reader: WeightsReader) -> Blob:
    side, padding = _kernel(layer), layer.integer(4, highest=_KERNEL_MAX)
    stride = layer.integer(3, 1, lowest=1, highest=_SCALE_MAX)
    _only(layer, {2: 1, 11: side, 12: 1, 13: stride, 14: padding, 15: padding, 16: padding, 18: 0, 19: 0})
    weights = reader.tagged(_weight_count(layer)).reshape(_outputs(layer), -1, side, side).transpose(1, 0, 2, 3)
    made = opset.convolution_backprop_data(
        inputs[0],
        opset.constant(np.ascontiguousarray(weights)),
        strides=[stride] * 2,
        pads_begin=[padding] * 2,
        pads_end=[padding] * 2,
        dilations=[1, 1],
    )
    return _activated(opset, layer, _biased(opset, layer, made, reader))


def _biased(opset: Any, layer: Layer, made: Blob, reader: WeightsReader) -> Blob:
    if not layer.integer(5, highest=1):
        return made
    return opset.add(made, opset.constant(reader.plain(_outputs(layer)).reshape(1, -1, 1, 1)))


def _activated(opset: Any, layer: Layer, made: Blob) -> Blob:
    match layer.integer(9, highest=_LEAKY_RELU):
        case 0:
            return made
        case 1:
            return opset.relu(made)
        case _:
            return opset.prelu(made, opset.constant(np.array(layer.numbers(10, count=1), np.float32)))


def _prelu(opset: Any, layer: Layer, inputs: Sequence[Blob], reader: WeightsReader) -> Blob:
    return opset.prelu(inputs[0], opset.constant(reader.plain(_outputs(layer))))


def _memory(opset: Any, layer: Layer, _inputs: Sequence[Blob], reader: WeightsReader) -> Blob:
    _only(layer, {11: 0})
    sides = [layer.integer(number, highest=_CHANNELS_MAX) or 1 for number in (2, 1, 0)]
    if math.prod(sides) > _WEIGHTS_MAX:
        raise MalformedNetwork(f"{layer.type} {layer.name}: it is too large")
    return opset.constant(reader.plain(math.prod(sides)).reshape(1, *sides))


def _binary(opset: Any, layer: Layer, inputs: Sequence[Blob], _reader: WeightsReader) -> Blob:
    operation = (opset.add, opset.subtract, opset.multiply)[layer.integer(0, highest=2)]
    if layer.integer(1, highest=1):
        return operation(inputs[0], opset.constant(np.full((1, 1, 1, 1), layer.number(2, 0.0), np.float32)))
    return operation(inputs[0], inputs[1])


def _weighted_sum(opset: Any, layer: Layer, inputs: Sequence[Blob], _reader: WeightsReader) -> Blob:
    if layer.integer(0, highest=1) != 1:
        raise MalformedNetwork(f"{layer.type} {layer.name}: it isn't a sum")
    shares = layer.numbers(1, count=2) if 1 in layer.parameters else [1.0, 1.0]
    parts = [
        blob if share == 1 else opset.multiply(blob, opset.constant(np.full((1, 1, 1, 1), share, np.float32)))
        for blob, share in zip(inputs, shares, strict=True)
    ]
    return opset.add(*parts)


def _interpolation(opset: Any, layer: Layer, inputs: Sequence[Blob], _reader: WeightsReader) -> Blob:
    kind, scales = layer.integer(0, highest=_BICUBIC), [layer.number(1, 1.0), layer.number(2, 1.0)]
    _only(layer, {3: 0, 4: 0, 5: 0, 6: 0})
    if kind not in {_NEAREST, _BICUBIC} or not all(1 / _SCALE_MAX <= scale <= _SCALE_MAX for scale in scales):
        raise MalformedNetwork(f"{layer.type} {layer.name}: it isn't covered")
    return opset.interpolate(
        inputs[0],
        opset.constant(np.array(scales, np.float32)),
        mode="nearest" if kind == _NEAREST else "cubic",
        shape_calculation_mode="scales",
        coordinate_transformation_mode="asymmetric" if kind == _NEAREST else "half_pixel",
        nearest_mode="floor",
        axes=opset.constant(np.array([2, 3], np.int64)),
    )


def _shuffle(opset: Any, layer: Layer, inputs: Sequence[Blob], _reader: WeightsReader) -> Blob:
    _only(layer, {1: 0})
    return opset.depth_to_space(inputs[0], "depth_first", layer.integer(0, 1, lowest=1, highest=_SCALE_MAX))


_LAYERS: Final[Mapping[str, Make]] = {
    "BinaryOp": _binary,
    "Concat": lambda opset, _layer, inputs, _reader: opset.concat(list(inputs), 1),
    "Convolution": _convolution,
    "Deconvolution": _deconvolution,
    "Eltwise": _weighted_sum,
    "Interp": _interpolation,
    "MemoryData": _memory,
    "PReLU": _prelu,
    "PixelShuffle": _shuffle,
    "Sigmoid": lambda opset, _layer, inputs, _reader: opset.sigmoid(inputs[0]),
    "Split": lambda _opset, _layer, inputs, _reader: inputs[0],
    "Swish": lambda opset, _layer, inputs, _reader: opset.swish(inputs[0]),
}
