"""What an attacker in a child would try. Doctor and the tests make children try it."""

import ctypes
import errno
import mmap
import os
import socket
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from spike_sandbox.linux_calls import call
from spike_sandbox.privileges import has_capabilities, may_gain_privileges

_SIZE_BYTES: Final = 4096
_FILES: Final = 1000
_TIMEOUT_S: Final = 5.0
_SHARED_BYTES: Final = 1 << 30
_SHARED_MAX: Final = 64


class Attempt(StrEnum):
    """What is tried; it is given what it is tried on, as text."""

    READ_VARIABLE = "read variable"  # the name of one of the child's own
    READ_FILE = "read file"  # a path
    WRITE_FILE = "write file"  # a path, of a file that may not exist
    READ_MEMORY = "read memory"  # a process id
    SIGNAL = "signal"  # a process id; nothing is sent, but the permission is checked
    CONNECT = "connect"  # a TCP port of loopback
    SHARE_NETWORK = "share network"  # the target of the parent's /proc/self/ns/net
    FORK = "fork"
    EXECUTE = "execute"  # the path of an interpreter, which takes the child's place
    GAIN_PRIVILEGES = "gain privileges"
    USE_CAPABILITIES = "use capabilities"
    OPEN_MANY_FILES = "open many files"
    MAP_SHARED_MEMORY = "map shared memory"  # more than any limit


def make_attempt(what: str, on: str) -> str:
    """Make an attempt; return an empty text if it succeeds, else why it doesn't. Some end the process."""
    try:
        _ATTEMPTS[Attempt(what)](on)
    except OSError as error:
        return str(error)
    return ""


def _read_variable(name: str) -> None:
    if name not in os.environ:
        raise OSError(f"there is no {name}")


def _read_file(path: str) -> None:
    with Path(path).open("rb") as file:
        file.read(_SIZE_BYTES)


def _write_file(path: str) -> None:
    with Path(path).open("ab") as file:
        file.write(b"written by a child\n")


class _Piece(ctypes.Structure):
    _fields_ = (("address", ctypes.c_void_p), ("length", ctypes.c_size_t))


def _read_memory(pid: str) -> None:
    """Read a byte at an address of this process. If the other has nothing there, reading was permitted all the same."""
    byte = ctypes.create_string_buffer(1)
    piece = _Piece(ctypes.addressof(byte), 1)
    try:
        call("process_vm_readv", int(pid), ctypes.byref(piece), 1, ctypes.byref(piece), 1, 0)
    except OSError as error:
        if error.errno != errno.EFAULT:
            raise


def _connect(port: str) -> None:
    socket.create_connection(("127.0.0.1", int(port)), timeout=_TIMEOUT_S).close()


def _share_network(parents: str) -> None:
    own = os.readlink("/proc/self/ns/net")  # noqa: PTH115  # it is no path
    if own != parents:
        raise OSError(f"the network is {own}, not {parents}")


def _fork(_on: str) -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _gain_privileges(_on: str) -> None:
    if not may_gain_privileges():
        raise OSError("the kernel grants no new privileges")


def _use_capabilities(_on: str) -> None:
    if not has_capabilities():
        raise OSError("there are none")


def _open_many_files(_on: str) -> None:
    opened: list[int] = []
    try:
        opened.extend(os.dup(0) for _ in range(_FILES))
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _map_shared_memory(_on: str) -> None:
    """Map it without touching it: it would be allocated when it is used."""
    mapped: list[mmap.mmap] = []
    try:
        mapped.extend(mmap.mmap(-1, _SHARED_BYTES) for _ in range(_SHARED_MAX))
    finally:
        for each in mapped:
            each.close()


_ATTEMPTS: Final[Mapping[Attempt, Callable[[str], None]]] = {
    Attempt.READ_VARIABLE: _read_variable,
    Attempt.READ_FILE: _read_file,
    Attempt.WRITE_FILE: _write_file,
    Attempt.READ_MEMORY: _read_memory,
    Attempt.SIGNAL: lambda pid: os.kill(int(pid), 0),
    Attempt.CONNECT: _connect,
    Attempt.SHARE_NETWORK: _share_network,
    Attempt.FORK: _fork,
    Attempt.EXECUTE: lambda path: os.execv(path, [path, "-c", ""]),  # noqa: S606  # it isn't meant to return
    Attempt.GAIN_PRIVILEGES: _gain_privileges,
    Attempt.USE_CAPABILITIES: _use_capabilities,
    Attempt.OPEN_MANY_FILES: _open_many_files,
    Attempt.MAP_SHARED_MEMORY: _map_shared_memory,
}
