"""The isolation of a child: layers that a process puts around itself for good, in two steps.

First, while it has one thread and has loaded nothing, it gives up privileges. Then, once its engine is built and before
it gets a picture, it gives up files, new processes and sockets. A layer that the kernel or a container refuses is left
out, and its absence is reported with the reason. docs/howto/sandbox.md says what each one prevents.
"""

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

from attrs import Factory, define, frozen

from spike_sandbox.import_paths import import_paths
from spike_sandbox.landlock import confine_to_reading
from spike_sandbox.limits import MemoryUse, seal_limits
from spike_sandbox.linux_calls import IS_LINUX
from spike_sandbox.privileges import (
    check_imports_need_none,
    drop_capabilities,
    enter_namespaces,
    hide_process,
    leave_network,
    refuse_new_privileges,
)
from spike_sandbox.seccomp import filter_calls
from spike_sandbox.syscalls import architecture, policy_of_child


class Layer(StrEnum):
    """A layer of isolation, in the order in which they are put on."""

    PRIVILEGES = "no new privileges"
    NAMESPACES = "namespaces"
    CAPABILITIES = "no capabilities"
    HIDDEN = "hidden memory"
    LIMITS = "limits"
    LANDLOCK = "Landlock"
    SECCOMP = "seccomp"


ESSENTIAL: Final = frozenset({Layer.LANDLOCK, Layer.SECCOMP})  # a container commonly forbids some of the others


@frozen(kw_only=True)
class Isolation:
    """What isolated children may read besides modules, libraries and weights that are installed as packages."""

    paths: Sequence[Path] = ()


@frozen(kw_only=True)
class Surroundings:
    """What children find around them."""

    isolation: Isolation | None = Isolation()  # None: they have limits, and otherwise the rights of their parent
    variables: Collection[str] = ()  # environment variables that they get besides those that an interpreter needs


ISOLATED: Final = Surroundings()


@define
class Isolator:
    """Puts the layers around this process, and notes which are lacking, and why."""

    lacking: dict[Layer, str] = Factory(dict)

    def begin(self) -> None:
        """Give up privileges. The process must have a single thread."""
        self._put_on(Layer.PRIVILEGES, refuse_new_privileges)
        self._put_on(Layer.NAMESPACES, _enter_namespaces)
        self._put_on(Layer.CAPABILITIES, _drop_capabilities)

    def seal(self, *, paths: Sequence[Path], memory: MemoryUse, memory_bytes: int, cpu_s: int) -> None:
        """Give up everything but computing, reading `paths` and imports, and using what is open."""
        # not earlier: ncnn reads the processor's features from /proc/self/auxv, which becomes root's
        self._put_on(Layer.HIDDEN, hide_process)
        self._put_on(
            Layer.LIMITS,
            lambda: seal_limits(
                memory_bytes=memory_bytes,
                mapped_bytes=memory.mapped_bytes,
                cpu_s=cpu_s,
                has_user_namespace=Layer.NAMESPACES not in self.lacking,
            ),
        )
        self._put_on(Layer.LANDLOCK, lambda: _confine([*import_paths(), *paths]))
        self._put_on(Layer.SECCOMP, lambda: filter_calls(policy_of_child(), architecture()))

    def _put_on(self, layer: Layer, put_on: Callable[[], None]) -> None:
        if not IS_LINUX:
            self.lacking[layer] = "only Linux has it"
            return
        try:
            put_on()
        except OSError as error:
            self.lacking[layer] = str(error)


def _enter_namespaces() -> None:
    try:
        check_imports_need_none()
    except OSError:
        leave_network()  # a user namespace would take the capabilities too
    else:
        enter_namespaces()


def _drop_capabilities() -> None:
    check_imports_need_none()
    drop_capabilities()


def _confine(paths: Iterable[Path]) -> None:
    threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208  # they are no files
    confine_to_reading(paths)
    if threads > 1:
        raise OSError(f"{threads - 1} threads that the engine started when it was built aren't confined")
