"""The platforms that the runtime supports."""

import importlib.util
from typing import Final

# locks of files, limits of child processes, sizes of socket buffers: in spike_runtime, spike_sandbox, spike_sqlalchemy
# and spike_http
POSIX_MODULES: Final = ("fcntl", "resource", "termios")


class UnsupportedPlatform(ImportError):
    """The runtime, the service and the command need POSIX."""


def check_platform() -> None:
    """Do nothing on a POSIX system.

    Raises:
        UnsupportedPlatform: this Python lacks a module that only POSIX systems have.
    """
    missing = [name for name in POSIX_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise UnsupportedPlatform(
            "Spike's runtime, service and command need a POSIX system, such as Linux, macOS or WSL on Windows: this "
            f"Python has no module {', '.join(missing)}. The core, its in-memory adapters and the classical engine run "
            "on any system; see docs/reference/stability.md"
        )
