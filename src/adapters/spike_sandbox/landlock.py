"""Landlock: the kernel confines this thread, and the threads that it starts, to reading the given files (Linux 5.13).

Constants and structures: include/uapi/linux/landlock.h and https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from spike_sandbox.linux_calls import call

# the numbers are the same on all architectures
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_CREATE_RULESET_VERSION: Final = 1
_RULE_PATH_BENEATH: Final = 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
# by the version of the interface that introduced them
_FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}  # all; refer; truncate; ioctl of devices
_NETWORK_RIGHTS: Final = {4: 0b11}  # TCP: bind, connect
_SCOPES: Final = {6: 0b11}  # connecting to abstract UNIX sockets, and sending signals, outside of the domain


class _Ruleset(ctypes.Structure):
    """What is denied unless a rule allows it."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("rights", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def confine_to_reading(paths: Iterable[Path]) -> None:
    """Deny this thread all files but these, and what is beneath these folders, which it may read; and TCP, and signals.

    Files that are already open stay so. Paths that don't exist are left out.

    Raises:
        OSError: the kernel lacks Landlock, or a container forbids it.
    """
    version = call("syscall", _CREATE_RULESET, None, 0, _CREATE_RULESET_VERSION)
    denied = _Ruleset(_up_to(_FILE_RIGHTS, version), _up_to(_NETWORK_RIGHTS, version), _up_to(_SCOPES, version))
    ruleset = call("syscall", _CREATE_RULESET, ctypes.byref(denied), ctypes.sizeof(denied), 0)
    try:
        for path in paths:
            _allow(ruleset, path)
        call("syscall", _RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        rule = _PathBeneath(_READ_FILE | _READ_DIR if is_folder else _READ_FILE, descriptor)
        call("syscall", _ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)


def _up_to(rights: dict[int, int], version: int) -> int:
    return sum(bits for since, bits in rights.items() if since <= version)
