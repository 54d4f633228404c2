"""An installed adapter, found by its entry point, and where the suites have it work."""

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import field, frozen

from spike_contracts.suites import SUITES

GROUP: Final = "spike.adapters"
EACH_TEST: Final = "{test}"  # in a URL: replaced by a number, so that each test has a store or database of its own
# URLs in a temporary folder, for adapters of files; below `a-file`, which is no folder, nothing can be stored
_LOCAL: Final = {"storage": "{scheme}://{folder}/{{test}}", "database": "{scheme}:///{folder}/{{test}}.db"}


class NotRunnable(Exception):
    """The suites can't be run; the message says why."""


@frozen
class Adapter:
    """An installed adapter, and where it is to work."""

    role: str
    open: Callable[..., Any]
    url: str
    lost_url: str  # of a server that is unavailable; empty if there is none
    arguments: Mapping[str, Any] = field(factory=dict, repr=False)  # of the factory: its options, which may be secret
    lost_arguments: Mapping[str, Any] = field(factory=dict, repr=False)  # for `lost_url`
    _numbers: Iterator[int] = field(factory=itertools.count, init=False)

    @classmethod
    def installed(
        cls,
        name: str,
        *,
        url: str,
        lost_url: str,
        folder: Path,
        arguments: Mapping[str, Any],
        lost_arguments: Mapping[str, Any],
    ) -> "Adapter":
        """Return the adapter of the entry point `<role>.<name>`.

        Raises:
            NotRunnable: it isn't installed, or can't be given what the suites need.
        """
        role, _, scheme = name.partition(".")
        if role not in SUITES:
            raise NotRunnable(f"{name!r} must begin with one of {', '.join(SUITES)}, as in storage.file")
        found = [point for point in entry_points(group=GROUP) if point.name == name]
        if len(found) != 1:
            names = ", ".join(str(point.dist and point.dist.name) for point in found)
            raise NotRunnable(f"{name} is installed by {names}" if found else f"no adapter {name} is installed")
        if not url and role in _LOCAL:
            (folder / "a-file").touch()
            url = _LOCAL[role].format(scheme=scheme, folder=folder)
            lost_url = lost_url or _LOCAL[role].format(scheme=scheme, folder=folder / "a-file")
        if role == "database" and EACH_TEST not in url:
            raise NotRunnable(f"the URL of a database must contain {EACH_TEST}: each test needs one of its own")
        open_ = found[0].load()
        _check_options(name, open_, arguments)
        return cls(role, open_, url or f"{scheme}://", lost_url, arguments, lost_arguments)

    def place(self) -> str:
        """Return a URL for one test."""
        return self.url.replace(EACH_TEST, f"t{next(self._numbers)}")

    def opened(self, url: str = "", **arguments: Any) -> Any:
        """Open the adapter at such a URL, or a new one."""
        return self.open(url or self.place(), **arguments, **self.arguments)

    def lost(self, **arguments: Any) -> Any:
        """Open it where nothing answers; without such a URL the test is skipped."""
        if not self.lost_url:
            pytest.skip("needs --lost-url, at which nothing answers")
        url = self.lost_url.replace(EACH_TEST, f"t{next(self._numbers)}")
        return self.open(url, **arguments, **self.lost_arguments)


def _check_options(name: str, open_: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Refuse to call a factory without its options, which would fail in every test."""
    options = inspect.signature(open_).parameters.get("options")
    if options is not None and options.default is options.empty and "options" not in arguments:
        raise NotRunnable(f"{name} has options, which `spike contracts {name}` takes from the settings")
