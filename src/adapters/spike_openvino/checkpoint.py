"""A checkpoint of PyTorch, read without PyTorch: a ZIP archive with a pickle of names and shapes, and raw weights.

The pickle's globals are four names, which stand for code of this module; any other is refused, so nothing in the file
can run. The format: https://github.com/pytorch/pytorch/blob/main/docs/source/notes/serialization.rst.
"""

import io
import math
import pickle
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from spike_openvino.ncnn_files import MalformedNetwork

Array = NDArray[np.float32]

_PICKLE_BYTES_MAX: Final = 4 * 1024 * 1024
_STORAGE_BYTES_MAX: Final = 64 * 1024 * 1024
_DIMENSIONS_MAX: Final = 8
_TYPES: Final = {"FloatStorage": np.float32, "LongStorage": np.int64}


@frozen(kw_only=True)
class _Storage:
    type: str
    key: str


@frozen(kw_only=True)
class _Tensor:
    storage: _Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class _Names(dict[str, Any]):
    """A mapping that may have attributes, which the pickle sets."""


class _Unpickler(pickle.Unpickler):
    """Builds mappings and descriptions of tensors, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        match module, name:
            case "collections", "OrderedDict":
                return _Names
            case "torch._utils", "_rebuild_tensor_v2":
                return _tensor
            case "torch", ("FloatStorage" | "LongStorage"):
                return name
            case _:
                raise MalformedNetwork(f"the checkpoint refers to {module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, type_, key, _location, _count = pid
        if kind != "storage" or type_ not in _TYPES or not (isinstance(key, str) and key.isalnum()):
            raise MalformedNetwork(f"the checkpoint refers to {pid!r}")
        return _Storage(type=type_, key=key)


@frozen
class Checkpoint:
    """The weights of a network by name, read when they are asked for."""

    _archive: zipfile.ZipFile = field(repr=False)
    _folder: str
    _tensors: Mapping[str, _Tensor] = field(repr=False)

    @classmethod
    def read(cls, data: bytes, *, part: str = "params") -> "Checkpoint":
        """Read the names in a checkpoint whose weights are under the name `part`.

        Raises:
            MalformedNetwork: it isn't one, or refers to anything but tensors.
        """
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
            names = archive.namelist()
            (index,) = (name for name in names if name.endswith("/data.pkl"))
            found = _Unpickler(io.BytesIO(_entry(archive, index, _PICKLE_BYTES_MAX))).load()
            tensors = found[part]
        except MalformedNetwork:
            raise
        except Exception as error:  # a pickle can fail in any way
            raise MalformedNetwork(f"the checkpoint is malformed: {error!r}") from error
        if not (isinstance(tensors, dict) and all(isinstance(each, _Tensor) for each in tensors.values())):
            raise MalformedNetwork("the checkpoint has something else than tensors")
        return cls(archive, index.removesuffix("data.pkl"), tensors)

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def array(self, name: str, *shape: int) -> Array:
        """Return the weights of this name, which must have this shape.

        Raises:
            MalformedNetwork: there are none, they have another shape, or one of them isn't a number.
        """
        tensor = self._tensors.get(name)
        if tensor is None:
            raise MalformedNetwork(f"the checkpoint has no {name}")
        if tensor.size != shape or tensor.stride != _contiguous(shape) or tensor.storage.type != "FloatStorage":
            raise MalformedNetwork(f"{name} has the shape {tensor.size}, not {shape}")
        try:
            data = _entry(self._archive, f"{self._folder}data/{tensor.storage.key}", _STORAGE_BYTES_MAX)
        except (KeyError, zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise MalformedNetwork(f"{name} can't be read: {error}") from error
        count = math.prod(shape)
        if tensor.offset < 0 or 4 * (tensor.offset + count) > len(data):
            raise MalformedNetwork(f"{name} is cut off")
        weights = np.frombuffer(data, "<f4", count, 4 * tensor.offset).reshape(shape)
        if not np.isfinite(weights).all():
            raise MalformedNetwork(f"a weight of {name} isn't a number")
        return weights


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_others: Any) -> _Tensor:
    if not (
        isinstance(storage, _Storage) and isinstance(offset, int) and _are_integers(size) and _are_integers(stride)
    ):
        raise MalformedNetwork("the checkpoint has a malformed tensor")
    return _Tensor(storage=storage, offset=offset, size=tuple(size), stride=tuple(stride))


def _are_integers(sizes: Any) -> bool:
    return (
        isinstance(sizes, tuple)
        and len(sizes) <= _DIMENSIONS_MAX
        and all(isinstance(size, int) and size >= 0 for size in sizes)
    )


def _contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def _entry(archive: zipfile.ZipFile, name: str, bytes_max: int) -> bytes:
    with archive.open(name) as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise MalformedNetwork(f"the checkpoint's {name} has more than {bytes_max} bytes")
    return data
