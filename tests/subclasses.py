"""The subclasses of a class, for tests that a table contains them all."""

import gc
import sys
from collections.abc import Sequence
from typing import TypeVar

Kind = TypeVar("Kind")


def family(kind: type[Kind]) -> Sequence[type[Kind]]:
    """Return the class and all its subclasses, without duplicates, sorted by name.

    attrs replaces a class with slots by a new one, and the old one remains a subclass until it is collected. Those of
    modules that tests import at their top remain for good: `pytest_collection` in `conftest.py`.
    """
    gc.collect()
    return sorted(filter(_is_in_its_module, _below(kind)), key=lambda below: below.__name__)


def _is_in_its_module(kind: type) -> bool:
    """Whether its module's class of this name is this one; a function's class is of no module."""
    return getattr(sys.modules[kind.__module__], kind.__qualname__, kind) is kind


def _below(kind: type[Kind]) -> set[type[Kind]]:
    return {kind}.union(*(_below(child) for child in kind.__subclasses__()))
