"""Changes: what is to become of a value's facts, those left out staying as they are."""

from enum import Enum
from typing import Any, Final, Literal

from attrs import asdict


class _Unchanged(Enum):
    UNCHANGED = "unchanged"


UNCHANGED: Final = _Unchanged.UNCHANGED
Unchanged = Literal[_Unchanged.UNCHANGED]


def named_in(changes: Any) -> dict[str, Any]:
    """Return the facts that an attrs value of changes names."""
    return {name: value for name, value in asdict(changes, recurse=False).items() if value is not UNCHANGED}
