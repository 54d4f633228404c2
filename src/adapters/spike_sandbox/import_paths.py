"""The files that a child must still read once its engine is built: modules and libraries that are loaded on demand.

Installed packages are granted as a whole, and with them the weights of networks, which are packages too. An
application's own folders aren't, because settings and data may lie beside the code: of them, only the packages that the
engine has imported.
"""

import os
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# of the dynamic linker (ld.so(8)), and on NixOS
_LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/nix/store")
_PROCESSOR: Final = ("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu")  # by which libraries choose code
_PACKAGE_FOLDERS: Final = ("site-packages", "dist-packages")


def import_paths() -> Iterator[Path]:
    """Yield folders and files; some may not exist."""
    yield from map(Path, _LIBRARIES)
    yield from map(Path, _PROCESSOR)
    yield from map(Path, filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)))
    for prefix in (sys.base_prefix, sys.base_exec_prefix):
        yield Path(prefix, "lib")
    for name in ("stdlib", "platstdlib", "purelib", "platlib"):
        yield Path(sysconfig.get_path(name))
    yield from map(Path, site.getsitepackages())
    yield from (Path(path) for path in sys.path if Path(path).name in _PACKAGE_FOLDERS)
    yield from _imported()


def _imported() -> Iterator[Path]:
    """Yield the folders or files of the packages that have been imported, wherever they are."""
    for name, module in list(sys.modules.items()):
        if "." in name or name == "__main__":
            continue
        yield from map(Path, getattr(module, "__path__", None) or filter(None, [getattr(module, "__file__", None)]))
