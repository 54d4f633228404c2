"""Seccomp: a filter of system calls by number and arguments, as a program that the kernel runs before each call.

The program is classic BPF: see seccomp(2) and https://docs.kernel.org/userspace-api/seccomp_filter.html. Only the lower
32 bits of an argument are compared, which is all that the kernel uses of those that the rules are about.
"""

import ctypes
import errno
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Final

from attrs import field, frozen

from spike_sandbox.linux_calls import call

_SET_MODE_FILTER: Final = 1
_ALL_THREADS: Final = 1  # SECCOMP_FILTER_FLAG_TSYNC
_AT_FULL_SPEED: Final = 4  # SECCOMP_FILTER_FLAG_SPEC_ALLOW: no mitigations within the process, which has no secrets
# instructions: load a word of the call's data, mask it, compare, return; the jumps are counted in instructions
_LOAD: Final = 0x20
_AND: Final = 0x54
_JUMP_IF_EQUAL: Final = 0x15
_RETURN: Final = 0x06
_NUMBER_OFFSET: Final = 0
_ARCHITECTURE_OFFSET: Final = 4
_ARGUMENTS_OFFSET: Final = 16
_ARGUMENT_BYTES: Final = 8
_WORD: Final = 0xFFFF_FFFF


class Verdict(IntEnum):
    """What the kernel does about a call."""

    ALLOW = 0x7FFF_0000
    REFUSE = 0x0005_0000 | errno.EPERM
    UNKNOWN = 0x0005_0000 | errno.ENOSYS  # as an older kernel would; libraries then use another call
    KILL = 0x8000_0000  # the whole process, by SIGSYS


@frozen
class Argument:
    """A condition: the argument of this index, masked, is one of these values."""

    index: int
    values: Sequence[int]
    mask: int = field(default=_WORD, kw_only=True)


@frozen(kw_only=True)
class Policy:
    """Verdicts by the names of system calls."""

    allowed: Iterable[str] = ()
    allowed_if: Mapping[str, Argument] = field(factory=dict)  # else refused
    refused: Iterable[str] = ()
    killed: Iterable[str] = ()
    otherwise: Verdict = Verdict.UNKNOWN


@frozen(kw_only=True)
class Architecture:
    """A processor architecture: the kernel's name for it in a filter, and the numbers of its system calls."""

    audit: int  # AUDIT_ARCH_…
    numbers: Mapping[str, int]  # it may lack some


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def filter_calls(policy: Policy, architecture: Architecture) -> None:
    """Apply the policy to all threads of this process, for good.

    Raises:
        OSError: the kernel lacks seccomp, or a container forbids it.
    """
    instructions = [_Instruction(*each) for each in _compiled(policy, architecture)]
    program = _Program(len(instructions), (_Instruction * len(instructions))(*instructions))
    seccomp = architecture.numbers["seccomp"]
    failed = call("syscall", seccomp, _SET_MODE_FILTER, _ALL_THREADS | _AT_FULL_SPEED, ctypes.byref(program))
    if failed:
        raise OSError(errno.ESRCH, f"seccomp: {os.strerror(errno.ESRCH)} {failed}")


def _compiled(policy: Policy, architecture: Architecture) -> Iterator[tuple[int, int, int, int]]:
    numbers = architecture.numbers
    yield _LOAD, 0, 0, _ARCHITECTURE_OFFSET
    yield _JUMP_IF_EQUAL, 1, 0, architecture.audit
    yield _RETURN, 0, 0, Verdict.KILL  # a call of another architecture has other numbers
    yield _LOAD, 0, 0, _NUMBER_OFFSET
    for verdict, names in (
        (Verdict.ALLOW, policy.allowed),
        (Verdict.REFUSE, policy.refused),
        (Verdict.KILL, policy.killed),
    ):
        for name in names:
            if name in numbers:
                yield _JUMP_IF_EQUAL, 0, 1, numbers[name]
                yield _RETURN, 0, 0, verdict
    for name, argument in policy.allowed_if.items():
        if name in numbers:
            condition = list(_condition(argument))
            yield _JUMP_IF_EQUAL, 0, len(condition), numbers[name]
            yield from condition
    yield _RETURN, 0, 0, policy.otherwise


def _condition(argument: Argument) -> Iterator[tuple[int, int, int, int]]:
    yield _LOAD, 0, 0, _ARGUMENTS_OFFSET + _ARGUMENT_BYTES * argument.index  # little-endian: the lower word
    yield _AND, 0, 0, argument.mask
    for value in argument.values:
        yield _JUMP_IF_EQUAL, 0, 1, value & _WORD
        yield _RETURN, 0, 0, Verdict.ALLOW
    yield _RETURN, 0, 0, Verdict.REFUSE
