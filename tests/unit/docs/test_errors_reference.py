"""`docs/reference/errors.md` shows the error tree."""

import inspect
import re
from pathlib import Path
from typing import Final

from spike_core.domain import errors
from spike_http.errors import TABLE
from subclasses import family

PAGE: Final = (Path(__file__).parents[3] / "docs/reference/errors.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| `(\w+)` \| `(\w+)` \| `(\w+)` \| (\d{3}) \| (.+) \|$", re.MULTILINE)


def test_the_table_is_the_tree() -> None:
    expected = [
        (
            error.__name__,
            error.code,
            error.__bases__[0].__name__,
            str(int(TABLE[error].status)),
            (inspect.getdoc(error) or "").splitlines()[0],
        )
        for error in family(errors.SpikeError)
        if error.__module__.startswith(f"{errors.__name__}.") and error is not errors.SpikeError
    ]
    assert sorted(ROW.findall(PAGE)) == sorted(expected)
