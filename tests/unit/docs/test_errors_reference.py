"""`docs/reference/errors.md` is the error tree."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from spike_core.domain import errors
from spike_http.errors import TABLE

PAGE: Final = (Path(__file__).parents[3] / "docs/reference/errors.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \| (\d{3}) \| (.+) \|$", re.MULTILINE)


def tree(kind: type[errors.SpikeError]) -> Iterator[type[errors.SpikeError]]:
    """Yield the core's errors, each family behind its head."""
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from tree(child)


def test_the_table_is_the_tree() -> None:
    expected = [
        (
            error.__name__,
            error.code,
            error.__bases__[0].__name__,
            str(int(TABLE[error].status)),
            (inspect.getdoc(error) or "").splitlines()[0],
        )
        for error in tree(errors.SpikeError)
    ]
    assert sorted(ROW.findall(PAGE)) == sorted(expected)
