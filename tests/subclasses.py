"""The subclasses of a class, for tests that a table contains them all."""

import gc
from collections.abc import Sequence
from typing import TypeVar

Kind = TypeVar("Kind")


def family(kind: type[Kind]) -> Sequence[type[Kind]]:
    """Return the class and all its subclasses, without duplicates, sorted by name.

    attrs replaces a class with slots by a new one, and the old one remains a subclass until it is collected.
    """
    gc.collect()
    return sorted(_below(kind), key=lambda below: below.__name__)


def _below(kind: type[Kind]) -> set[type[Kind]]:
    return {kind}.union(*(_below(child) for child in kind.__subclasses__()))
