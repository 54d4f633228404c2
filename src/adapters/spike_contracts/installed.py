"""Running the suites of a role against an installed adapter."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from spike_contracts.installed_adapter import EACH_TEST, Adapter, NotRunnable
from spike_contracts.role_fixtures import LAWS, PLUGINS, MachineClock, open_storage
from spike_core.ports.factories import Storage

__all__ = ["NotRunnable", "run"]

_LATE: Final = "ignore::pytest.PytestAssertRewriteWarning"  # Hypothesis is imported already


def run(
    name: str,
    *,
    url: str = "",
    lost_url: str = "",
    arguments: Mapping[str, Any] | None = None,
    lost_arguments: Mapping[str, Any] | None = None,
    options: Sequence[str] = (),
) -> int:
    """Run the suites of an installed adapter and return pytest's exit code: 0 if it keeps every law.

    `arguments` are further ones of its factory, such as the adapter's own `options`; `lost_arguments` are those for
    `lost_url`, and the same by default. `options` are pytest's.

    Raises:
        NotRunnable: see `Adapter.installed`; or the store at `url` isn't empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = arguments or {}
        adapter = Adapter.installed(
            name,
            url=url,
            lost_url=lost_url,
            folder=Path(folder),
            arguments=given,
            lost_arguments=given if lost_arguments is None else lost_arguments,
        )
        if adapter.role == "storage" and EACH_TEST not in adapter.url:
            _check_empty(open_storage(adapter, MachineClock()))
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        return int(
            pytest.main(
                [
                    str(LAWS),
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-W",
                    _LATE,
                    "-c",
                    os.devnull,
                    "--rootdir",
                    folder,
                    *options,
                ],
                plugins=[PLUGINS[adapter.role](adapter)],
            )
        )


def _check_empty(storage: Storage) -> None:
    """Refuse to work in a store that holds anything: the suites delete what they find."""
    if storage.blobs.scan(limit=1):
        raise NotRunnable("the store isn't empty, and the suites would delete its objects")
