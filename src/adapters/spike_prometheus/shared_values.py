"""Values in files of a folder, so that the processes of one machine can be scraped together.

The client library has such values too, but takes their folder from an environment variable, which a library inside
another program must not set.
"""

import os
import socket
from pathlib import Path
from threading import Lock
from typing import Final

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict, mmap_key


def share_values(folder: Path) -> None:
    """Let metrics that are created from now on, in this process, keep their values in this folder."""
    # a container's processes all have the id 1, so the name needs the host's
    files = _Files(folder, name=f"{socket.gethostname()}-{os.getpid()}")

    def value(  # noqa: PLR0917  # the library's signature
        kind: str,
        metric_name: str,
        name: str,
        label_names: list[str],
        label_values: list[str],
        help_text: str,
        **_options: object,
    ) -> _SharedValue:
        key = mmap_key(metric_name, name, label_names, label_values, help_text)
        return _SharedValue(files, kind, key)

    value._multiprocess = True  # type: ignore[attr-defined]  # noqa: SLF001  # the library asks for it
    values.ValueClass = value


class _Files:
    """A file for each kind of metric, named as `MultiProcessCollector` expects."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self.lock: Final = Lock()  # files grow, and are mapped anew when they do
        self._folder = folder
        self._name = name
        self._by_kind: dict[str, MmapedDict] = {}

    def of(self, kind: str) -> MmapedDict:
        if kind not in self._by_kind:
            path = self._folder / f"{kind}_{self._name}.db"
            self._by_kind[kind] = MmapedDict(str(path))  # type: ignore[no-untyped-call]
        return self._by_kind[kind]


class _SharedValue:
    """A number in a file; what the library calls a value."""

    def __init__(self, files: _Files, kind: str, key: str) -> None:
        self._files = files
        self._key = key
        with files.lock:
            self._file = files.of(kind)
            self._value: float = self._file.read_value(key)[0]  # type: ignore[no-untyped-call]

    def inc(self, amount: float) -> None:
        with self._files.lock:
            self._value += amount
            self._file.write_value(self._key, self._value, 0.0)  # type: ignore[no-untyped-call]

    def get(self) -> float:
        return self._value

    def get_exemplar(self) -> None:
        """Return none: files hold no exemplars."""
