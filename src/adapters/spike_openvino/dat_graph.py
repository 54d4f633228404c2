"""OpenVINO's graph of DAT-light, the dual aggregation transformer (Chen et al. 2023, arXiv:2308.03364).

18 blocks attend in turn within windows of 8x32 and 32x8 pixels, and across channels over the whole tile; each also has
a branch of convolutions, and the two are weighted by each other. Every fourth block moves its windows by half their
size.
The names of weights are those of the authors' checkpoints.
"""

from typing import Any, Final

import numpy as np
from attrs import field, frozen

from spike_openvino.checkpoint import Array, Checkpoint
from spike_openvino.library import openvino
from spike_openvino.ncnn_files import MalformedNetwork

STEP_PX: Final = 32  # sides of the input are multiples of it
_CHANNELS: Final = 60
_HALF: Final = _CHANNELS // 2  # the channels of each of the two shapes of windows
_HEADS: Final = 6
_HEAD: Final = _CHANNELS // _HEADS  # channels of one head
_BLOCKS: Final = 18
_WINDOW: Final = (8, 32)
_TOKENS: Final = _WINDOW[0] * _WINDOW[1]
_HIDDEN: Final = 2 * _CHANNELS
_MEAN: Final = (0.4488, 0.4371, 0.4040)  # of the colors of the pictures that it was trained on
_SLOPE: Final = 0.2
_BARRED: Final = 100.0  # subtracted before a softmax between pixels that aren't neighbors

Blob = Any  # an output of a node in the graph


def graph_of(checkpoint: Checkpoint, *, scale: int, height_px: int, width_px: int) -> Any:
    """Return the network as an OpenVINO model with one input, (1, 3, height, width) from 0 to 1.

    Raises:
        MalformedNetwork: the checkpoint is of another network.
    """
    assert height_px % STEP_PX == width_px % STEP_PX == 0
    opset = openvino().opset13
    build = _Builder(opset=opset, weights=checkpoint, height=height_px, width=width_px)
    given = opset.parameter([1, 3, height_px, width_px], np.float32)
    mean = opset.constant(np.array(_MEAN, np.float32).reshape(1, 3, 1, 1))
    try:
        shallow = build.convolution(opset.subtract(given, mean), "conv_first", 3, _CHANNELS)
        deep = opset.add(build.narrowed(build.body(shallow), "conv_after_body"), shallow)
        enlarged = build.convolution(deep, "upsample.0", _CHANNELS, 3 * scale * scale)
        shown = opset.add(opset.depth_to_space(enlarged, "depth_first", scale), mean)
    except RuntimeError as error:  # OpenVINO's, where shapes don't fit
        raise MalformedNetwork(str(error)) from error
    return openvino().Model([shown], [given])


@frozen(kw_only=True)
class _Builder:
    """Builds parts of the graph. Pixels are (1, height, width, channels), maps (1, channels, height, width)."""

    opset: Any
    weights: Checkpoint
    height: int
    width: int
    _sides: dict[tuple[int, int], tuple[Blob, Blob]] = field(factory=dict, init=False, repr=False)

    def body(self, map_: Blob) -> Blob:
        """Return the map after all blocks."""
        pixels = first = self.norm(self.as_pixels(map_), "before_RG.1", _CHANNELS)
        for number in range(_BLOCKS):
            name = f"layers.0.blocks.{number}"
            attend = self.channel_attention if number % 2 else self.window_attention
            pixels = self.opset.add(pixels, attend(self.norm(pixels, f"{name}.norm1", _CHANNELS), name, number))
            pixels = self.opset.add(pixels, self.feed_forward(self.norm(pixels, f"{name}.norm2", _CHANNELS), name))
        ending = self.as_pixels(self.narrowed(self.as_map(pixels), "layers.0.conv"))
        return self.as_map(self.norm(self.opset.add(first, ending), "norm", _CHANNELS))

    def window_attention(self, pixels: Blob, name: str, number: int) -> Blob:
        """Attend within windows, half of the channels in each of two shapes."""
        parts = self.triple(pixels, name)
        is_moved = number % 4 == 2  # noqa: PLR2004  # every second of these blocks
        attended = self.opset.concat(
            [self.windows(parts, name, branch, is_moved=is_moved) for branch in range(2)], axis=3
        )
        convolved = self.depthwise(self.as_map(parts[2]), f"{name}.attn.dwconv")
        by_channel = self.channel_weights(convolved, name)
        by_place = self.place_weights(self.as_map(attended), name)
        mixed = self.opset.add(
            self.opset.multiply(self.as_map(attended), by_channel), self.opset.multiply(convolved, by_place)
        )
        return self.linear(self.as_pixels(mixed), f"{name}.attn.proj", _CHANNELS, _CHANNELS)

    def channel_attention(self, pixels: Blob, name: str, _number: int) -> Blob:
        """Attend across the channels of each head, over all pixels."""
        maps = [self.as_map(part) for part in self.triple(pixels, name)]
        query, key, value = (self.shaped(each, _HEADS, _HEAD, self.height * self.width) for each in maps)
        axis = self.opset.constant(np.array([2], np.int64))
        query, key = (self.opset.normalize_l2(each, axis, 1e-24, "max") for each in (query, key))
        alike = self.opset.matmul(query, key, transpose_a=False, transpose_b=True)
        alike = self.opset.multiply(alike, self.constant(f"{name}.attn.temperature", _HEADS, 1, 1))
        attended = self.opset.matmul(self.opset.softmax(alike, 2), value, transpose_a=False, transpose_b=False)
        attended = self.shaped(attended, 1, _CHANNELS, self.height, self.width)
        convolved = self.depthwise(maps[2], f"{name}.attn.dwconv")
        by_place, by_channel = self.place_weights(convolved, name), self.channel_weights(attended, name)
        mixed = self.opset.add(self.opset.multiply(attended, by_place), self.opset.multiply(convolved, by_channel))
        return self.linear(self.as_pixels(mixed), f"{name}.attn.proj", _CHANNELS, _CHANNELS)

    def triple(self, pixels: Blob, name: str) -> list[Blob]:
        """Return queries, keys and values."""
        joined = self.linear(pixels, f"{name}.attn.qkv", _CHANNELS, 3 * _CHANNELS)
        return list(self.opset.split(joined, 3, 3).outputs())

    def windows(self, parts: list[Blob], name: str, branch: int, *, is_moved: bool) -> Blob:
        """Return what half of the channels see in the windows of one shape."""
        rows, columns = _WINDOW if branch == 0 else _WINDOW[::-1]
        move = (rows // 2, columns // 2)
        query, key, value = (self.split_windows(part, branch, move if is_moved else (0, 0)) for part in parts)
        query = self.opset.multiply(query, self.opset.constant(np.float32(_HEAD**-0.5)))
        if is_moved:
            query, key = (
                self.opset.concat([part, side], 3)
                for part, side in zip((query, key), self.sides(rows, columns), strict=True)
            )
        alike = self.opset.matmul(query, key, transpose_a=False, transpose_b=True)
        alike = self.opset.add(alike, self.position_bias(f"{name}.attn.attns.{branch}.pos", rows, columns))
        seen = self.opset.matmul(self.opset.softmax(alike, 3), value, transpose_a=False, transpose_b=False)
        seen = self.shaped(seen, self.height // rows, self.width // columns, _HEADS // 2, rows, columns, _HEAD)
        seen = self.shaped(self.moved(seen, 0, 3, 1, 4, 2, 5), 1, self.height, self.width, _HALF)
        return self.rolled(seen, move) if is_moved else seen

    def split_windows(self, part: Blob, branch: int, move: tuple[int, int]) -> Blob:
        """Return half of the channels as (windows, heads, tokens, channels)."""
        rows, columns = _WINDOW if branch == 0 else _WINDOW[::-1]
        half = self.opset.split(part, 3, 2).output(branch)
        if any(move):
            half = self.rolled(half, (-move[0], -move[1]))
        half = self.shaped(half, self.height // rows, rows, self.width // columns, columns, _HEADS // 2, _HEAD)
        return self.shaped(self.moved(half, 0, 2, 4, 1, 3, 5), -1, _HEADS // 2, _TOKENS, _HEAD)

    def position_bias(self, name: str, rows: int, columns: int) -> Blob:
        """Return what is added for the position of two pixels to each other, by a small network that is run here."""
        places = np.stack(np.meshgrid(np.arange(1 - rows, rows), np.arange(1 - columns, columns), indexing="ij"), -1)
        width = _HALF // 4 // 4  # a quarter of the quarter that it gets
        bias = self.dense(places.reshape(-1, 2).astype(np.float32), f"{name}.pos_proj", 2, width)
        for number, wide in ((1, width), (2, width), (3, _HEADS // 2)):
            deviation = np.sqrt(bias.var(axis=1, keepdims=True) + 1e-5)
            bias = (bias - bias.mean(axis=1, keepdims=True)) / deviation
            bias = bias * self.weights.array(f"{name}.pos{number}.0.weight", width)
            bias = np.maximum(bias + self.weights.array(f"{name}.pos{number}.0.bias", width), 0)
            bias = self.dense(bias, f"{name}.pos{number}.2", width, wide)
        row, column = np.divmod(np.arange(_TOKENS), columns)
        index = (row[:, None] - row[None] + rows - 1) * (2 * columns - 1) + column[:, None] - column[None] + columns - 1
        return self.opset.constant(np.ascontiguousarray(bias[index].transpose(2, 0, 1)[np.newaxis]))

    def sides(self, rows: int, columns: int) -> tuple[Blob, Blob]:
        """Return channels for queries and keys whose products bar pixels that a moved window joins across the border.

        For each direction, (side, 1) · (barred · side, -barred) is 0 for two pixels of the same side, 1 or -1, and
        otherwise negative. A mask would take as much memory as the attention of all windows.
        """
        if (rows, columns) not in self._sides:
            vertical, horizontal = np.meshgrid(_side(self.height, rows), _side(self.width, columns), indexing="ij")
            one = np.ones_like(vertical)
            query = np.stack([vertical, one, horizontal, one], -1)
            key = _BARRED / 2 * np.stack([vertical, -one, horizontal, -one], -1)
            self._sides[rows, columns] = (self.windowed(query, rows, columns), self.windowed(key, rows, columns))
        return self._sides[rows, columns]

    def windowed(self, planes: Array, rows: int, columns: int) -> Blob:
        """Return constants for each pixel as (windows, heads, tokens, channels)."""
        parts = planes.reshape(self.height // rows, rows, self.width // columns, columns, -1).transpose(0, 2, 1, 3, 4)
        parts = parts.reshape(-1, 1, _TOKENS, planes.shape[-1]).repeat(_HEADS // 2, axis=1)
        return self.opset.constant(np.ascontiguousarray(parts, np.float32))

    def feed_forward(self, pixels: Blob, name: str) -> Blob:
        """Return the pixels through two layers, one half of the hidden channels weighted by the other's neighbors."""
        hidden = self.gelu(self.linear(pixels, f"{name}.ffn.fc1", _CHANNELS, _HIDDEN))
        kept, gate = self.opset.split(hidden, 3, 2).outputs()
        gate = self.as_map(self.norm(gate, f"{name}.ffn.sg.norm", _CHANNELS))
        gate = self.as_pixels(self.grouped(gate, *self.filters(f"{name}.ffn.sg.conv", 3, 1, _CHANNELS)))
        return self.linear(self.opset.multiply(kept, gate), f"{name}.ffn.fc2", _CHANNELS, _CHANNELS)

    def depthwise(self, map_: Blob, name: str) -> Blob:
        """Return each channel convolved by itself, normalized, and bent."""
        return self.gelu(self.grouped(map_, *self.normalized(name, 0, 3, 1, _CHANNELS)))

    def channel_weights(self, map_: Blob, name: str) -> Blob:
        """Return a weight from 0 to 1 for each channel."""
        mean = self.opset.reduce_mean(map_, self.opset.constant(np.array([2, 3], np.int64)), keep_dims=True)
        return self.gate(mean, f"{name}.attn.channel_interaction", 1, _CHANNELS // 8, _CHANNELS)

    def place_weights(self, map_: Blob, name: str) -> Blob:
        """Return a weight from 0 to 1 for each pixel."""
        return self.gate(map_, f"{name}.attn.spatial_interaction", 0, _CHANNELS // 16, 1)

    def gate(self, map_: Blob, name: str, first: int, width: int, wanted: int) -> Blob:
        """Return the map through two layers, from 0 to 1."""
        weights, bias = self.normalized(name, first, 1, _CHANNELS, width)
        hidden = self.gelu(self.convolved(map_, weights, bias))
        weights, bias = self.filters(f"{name}.{first + 3}", 1, width, wanted)
        return self.opset.sigmoid(self.convolved(hidden, weights, bias))

    def narrowed(self, map_: Blob, name: str) -> Blob:
        """Return the map through three convolutions, the middle one with a quarter of the channels."""
        quarter = _CHANNELS // 4
        slope = self.opset.constant(np.array([_SLOPE], np.float32))
        map_ = self.opset.prelu(self.convolution(map_, f"{name}.0", _CHANNELS, quarter), slope)
        map_ = self.opset.prelu(self.convolved(map_, *self.filters(f"{name}.2", 1, quarter, quarter)), slope)
        return self.convolution(map_, f"{name}.4", quarter, _CHANNELS)

    def convolution(self, map_: Blob, name: str, taken: int, made: int) -> Blob:
        """Return the map through a convolution of 3x3."""
        return self.convolved(map_, *self.filters(name, 3, taken, made))

    def filters(self, name: str, side: int, taken: int, made: int) -> tuple[Array, Array]:
        """Return a convolution's weights and biases."""
        return self.weights.array(f"{name}.weight", made, taken, side, side), self.weights.array(f"{name}.bias", made)

    def normalized(self, name: str, first: int, side: int, taken: int, made: int) -> tuple[Array, Array]:
        """Return a convolution's weights and biases with those of the normalization behind it."""
        weights, bias = self.filters(f"{name}.{first}", side, taken, made)
        behind = f"{name}.{first + 1}"
        scale, shift, mean, variance = (
            self.weights.array(f"{behind}.{each}", made) for each in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + np.float32(1e-5))
        return weights * scale.reshape(-1, 1, 1, 1), (bias - mean) * scale + shift

    def convolved(self, map_: Blob, weights: Array, bias: Array) -> Blob:
        """Return the map through a convolution of this size, padded to keep it."""
        padding = [weights.shape[-1] // 2] * 2
        made = self.opset.convolution(map_, self.opset.constant(weights), [1, 1], padding, padding, [1, 1])
        return self.opset.add(made, self.opset.constant(bias.reshape(1, -1, 1, 1)))

    def grouped(self, map_: Blob, weights: Array, bias: Array) -> Blob:
        """Return each channel of the map convolved by itself."""
        filters = self.opset.constant(weights[:, np.newaxis])
        made = self.opset.group_convolution(map_, filters, [1, 1], [1, 1], [1, 1], [1, 1])
        return self.opset.add(made, self.opset.constant(bias.reshape(1, -1, 1, 1)))

    def linear(self, pixels: Blob, name: str, taken: int, made: int) -> Blob:
        """Return the pixels through a dense layer."""
        product = self.opset.matmul(
            pixels, self.constant(f"{name}.weight", made, taken), transpose_a=False, transpose_b=True
        )
        return self.opset.add(product, self.constant(f"{name}.bias", made))

    def dense(self, rows: Array, name: str, taken: int, made: int) -> Array:
        """Return rows through a dense layer, computed here."""
        product: Array = rows @ self.weights.array(f"{name}.weight", made, taken).T
        return product + self.weights.array(f"{name}.bias", made)

    def norm(self, pixels: Blob, name: str, channels: int) -> Blob:
        """Return the pixels with their channels brought to one mean and deviation."""
        last = self.opset.constant(np.array([3], np.int64))
        even = self.opset.mvn(pixels, last, normalize_variance=True, eps=1e-5, eps_mode="inside_sqrt")
        scaled = self.opset.multiply(even, self.constant(f"{name}.weight", channels))
        return self.opset.add(scaled, self.constant(f"{name}.bias", channels))

    def gelu(self, blob: Blob) -> Blob:
        """Return the Gaussian error linear unit."""
        return self.opset.gelu(blob, "erf")

    def constant(self, name: str, *shape: int) -> Blob:
        """Return weights as a node."""
        return self.opset.constant(self.weights.array(name, *shape))

    def as_map(self, pixels: Blob) -> Blob:
        """Return pixels as a map."""
        return self.moved(pixels, 0, 3, 1, 2)

    def as_pixels(self, map_: Blob) -> Blob:
        """Return a map as pixels."""
        return self.moved(map_, 0, 2, 3, 1)

    def moved(self, blob: Blob, *axes: int) -> Blob:
        """Return the blob with its axes in another order."""
        return self.opset.transpose(blob, self.opset.constant(np.array(axes, np.int64)))

    def shaped(self, blob: Blob, *shape: int) -> Blob:
        """Return the blob in another shape."""
        return self.opset.reshape(blob, self.opset.constant(np.array(shape, np.int64)), special_zero=False)

    def rolled(self, pixels: Blob, by: tuple[int, int]) -> Blob:
        """Return the pixels moved down and to the right; what leaves at one side comes in at the other."""
        axes = self.opset.constant(np.array([1, 2], np.int64))
        return self.opset.roll(pixels, self.opset.constant(np.array(by, np.int64)), axes)


def _side(length: int, window: int) -> Array:
    """Return -1 for the rows, or columns, that moved windows take from the opposite border, and 1 for all others."""
    side = np.ones(length, np.float32)
    side[-(window // 2) :] = -1
    return side
