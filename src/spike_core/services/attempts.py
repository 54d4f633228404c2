"""Attempts: a use case that the database undid in favor of another one is done again, at once and here alone."""

import contextlib
import functools
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from spike_core.domain.errors import TransactionUndone

ATTEMPTS_MAX: Final = 3

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def repeated(use_case: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a use case be tried `ATTEMPTS_MAX` times while its transaction is undone by a deadlock or the like.

    A port can't do so: the body of its `with` runs once. A use case can, because nothing of it has happened: its
    transaction was undone, objects that it stored for rows are taken back, and what follows a commit hasn't begun.
    Whoever was preferred goes on meanwhile, and the next attempt waits at its locks.

    Raises:
        TransactionUndone: the last attempt too was undone.
    """

    @functools.wraps(use_case)
    def attempt(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        for _ in range(ATTEMPTS_MAX - 1):
            with contextlib.suppress(TransactionUndone):
                return use_case(*args, **kwargs)
        return use_case(*args, **kwargs)

    return attempt
