"""The classes below a class, for tests that a table names them all."""

import gc
from collections.abc import Sequence
from typing import TypeVar

Kind = TypeVar("Kind")


def family(kind: type[Kind]) -> Sequence[type[Kind]]:
    """Return the class and all below it, each once, by name.

    A class with slots is made anew by attrs, and the first draft stays among the subclasses until it is collected.
    """
    gc.collect()
    return sorted(_below(kind), key=lambda below: below.__name__)


def _below(kind: type[Kind]) -> set[type[Kind]]:
    return {kind}.union(*(_below(child) for child in kind.__subclasses__()))
