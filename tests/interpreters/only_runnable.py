"""A pytest plugin for interpreters without threads, processes and native packages: skips what needs them."""

import sys
from collections.abc import Generator, Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Final

import pytest

_MISSING: Final = frozenset(
    {"PIL", "falcon", "hypothesis", "numpy", "spike_runtime", "spike_sqlalchemy"}
)  # native, or POSIX alone
_REFUSALS: Final = ("can't start new thread", "does not support processes")


class MissingPackages(MetaPathFinder):
    """Skips the module that imports a package that is missing."""

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None) -> None:
        """Look for nothing."""
        if fullname in _MISSING:
            pytest.skip(f"{fullname} can't be imported", allow_module_level=True)


sys.meta_path.insert(0, MissingPackages())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """Skip a test that starts a thread or a process."""
    try:
        return (yield)
    except (OSError, RuntimeError) as error:
        if any(refusal in str(error) for refusal in _REFUSALS):
            pytest.skip(str(error))
        raise
