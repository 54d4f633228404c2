"""Patches: partial updates. An attribute that a patch leaves at `UNCHANGED` keeps its value."""

from enum import Enum
from typing import Any, Final, Literal

from attrs import asdict


class _Unchanged(Enum):
    UNCHANGED = "unchanged"


UNCHANGED: Final = _Unchanged.UNCHANGED
Unchanged = Literal[_Unchanged.UNCHANGED]


def changed_fields(changes: Any) -> dict[str, Any]:
    """Return the attributes that a patch, an attrs instance, sets."""
    return {name: value for name, value in asdict(changes, recurse=False).items() if value is not UNCHANGED}
