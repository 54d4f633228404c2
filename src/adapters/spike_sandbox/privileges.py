"""Privileges that a process gives up for good: those of set-user-ID programs, root's, a shared network, open memory.

See prctl(2), capabilities(7) and namespaces(7). All but the last belong to a thread, so they are given up while there
is only one.
"""

import ctypes
import os
import sys
from typing import Final

from spike_sandbox.linux_calls import IS_LINUX, call

_PR_GET_DUMPABLE: Final = 3
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_GET_NO_NEW_PRIVS: Final = 39
_CAPABILITY_VERSION: Final = 0x20080522  # _LINUX_CAPABILITY_VERSION_3: 64 capabilities in two words
_CLONE_NEWIPC: Final = 0x08000000
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def hide_process() -> None:
    """Refuse other processes of the same user this process's memory and `/proc/PID/environ` (PR_SET_DUMPABLE).

    Root may still read them. As a side effect the kernel writes no core dump, and a debugger needs root. Does nothing
    where the system isn't Linux.
    """
    if IS_LINUX:
        call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def is_hidden() -> bool:
    """Return whether `hide_process` was called in this process, and is supported."""
    return IS_LINUX and call("prctl", _PR_GET_DUMPABLE, 0, 0, 0, 0) == 0


def may_gain_privileges() -> bool:
    """Return whether set-user-ID programs would have an effect."""
    return call("prctl", _PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0


def has_capabilities() -> bool:
    """Return whether this process has any of root's capabilities, be it in a namespace of its own."""
    header, held = _CapabilityHeader(_CAPABILITY_VERSION, 0), (_Capabilities * 2)()
    call("capget", ctypes.byref(header), held)
    return any(each.effective or each.permitted for each in held)


def refuse_new_privileges() -> None:
    """Make set-user-ID programs ineffective; Landlock and seccomp require it.

    Raises:
        OSError: the kernel refuses.
    """
    call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def check_imports_need_none() -> None:
    """Check that the import path can be read without root's capabilities, as it can't where others own the folders.

    Raises:
        OSError: a folder can't.
    """
    header, kept = _CapabilityHeader(_CAPABILITY_VERSION, 0), (_Capabilities * 2)()
    call("capget", ctypes.byref(header), kept)
    folders = [path for path in sys.path if _is_listable(path)]
    without = (_Capabilities * 2)(*(_Capabilities(0, each.permitted, each.inheritable) for each in kept))
    call("capset", ctypes.byref(header), without)
    lost = [path for path in folders if not _is_listable(path)]
    call("capset", ctypes.byref(header), kept)
    if lost:
        raise OSError(f"only root's capabilities may read {lost[0]}")


def drop_capabilities() -> None:
    """Give up root's capabilities, if this process has any.

    Raises:
        OSError: the kernel refuses.
    """
    call("capset", ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION, 0)), (_Capabilities * 2)())


def enter_namespaces() -> None:
    """Move to a user, a network and an IPC namespace of its own, without capabilities elsewhere and without a network.

    The process must have a single thread. Where a user namespace is forbidden, root moves to the others alone.

    Raises:
        OSError: the kernel, or the container, refuses.
    """
    try:
        call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC)
    except OSError:
        leave_network()


def leave_network() -> None:
    """Move to a network and an IPC namespace of its own, as root alone may.

    Raises:
        OSError: the kernel, or the container, refuses.
    """
    call("unshare", _CLONE_NEWNET | _CLONE_NEWIPC)


def _is_listable(path: str) -> bool:
    try:
        os.scandir(path or os.curdir).close()
    except OSError:
        return False
    return True
