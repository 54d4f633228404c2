"""Afterthoughts: what a caller wants written in the very transaction of a use case."""

from collections.abc import Callable
from typing import TypeVar

from spike_core.ports.transactions import Transaction

Result = TypeVar("Result")

Then = Callable[[Transaction, Result], None]
"""Called with the result when all is written and nothing committed; what it raises undoes everything."""


def nothing_more(_tx: Transaction, _result: object) -> None:
    """Write nothing."""
