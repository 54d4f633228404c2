"""The environment of a child: what an interpreter and its libraries need, by name. Everything else stays here."""

import os
import sys
from collections.abc import Collection, Mapping
from typing import Final

# locale and time; where libraries and Python's modules are; how they allocate and how many threads they start
_NAMES: Final = frozenset(
    {
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "DYLD_LIBRARY_PATH",
        "DYLD_FALLBACK_LIBRARY_PATH",
        "__PYVENV_LAUNCHER__",
        "PYTHONHOME",
        "PYTHONNOUSERSITE",
        "PYTHONPLATLIBDIR",
        "PYTHONPYCACHEPREFIX",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUTF8",
        "PYTHONHASHSEED",
        "PYTHONMALLOC",
        "GLIBC_TUNABLES",
    }
)
_PREFIXES: Final = ("LC_", "OMP_", "GOMP_", "KMP_", "MALLOC_")


def is_passed(name: str, *, also: Collection[str] = ()) -> bool:
    """Return whether a child gets the variable of this name."""
    return name in _NAMES or name.startswith(_PREFIXES) or name in also


def child_environment(*, also: Collection[str]) -> Mapping[str, str]:
    """Return the environment of a child, with this process's import path; `also` are further names to pass.

    OpenBLAS gets one thread: it would start the others when NumPy is imported, and Landlock confines a single thread.
    OpenMP's threads sleep while they wait for each other, unless the operator wants otherwise: where processes share
    the cores, threads that spin take several times the processor time.
    """
    passed = {name: value for name, value in os.environ.items() if is_passed(name, also=also)}
    return {
        "OMP_WAIT_POLICY": "passive",
        **passed,
        "PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path),
        "OPENBLAS_NUM_THREADS": "1",
    }
