"""Retries: a use case whose transaction the database undid in favor of another one runs again."""

import contextlib
import functools
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from spike_core.domain.errors import TransactionUndone

TRANSACTION_TRIES_MAX: Final = 3

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def retry_on_conflict(use_case: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Run a use case up to `TRANSACTION_TRIES_MAX` times while its transaction is undone by a deadlock or the like.

    A port can't retry: the body of a `with` runs once. A use case can, because an undone transaction leaves nothing
    behind: its rows are rolled back, objects stored for them are removed, and what follows the commit hasn't begun.
    The transaction that was preferred proceeds meanwhile, and the next try waits for its locks.

    Raises:
        TransactionUndone: the last try was undone too.
    """

    @functools.wraps(use_case)
    def retried(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        for _ in range(TRANSACTION_TRIES_MAX - 1):
            with contextlib.suppress(TransactionUndone):
                return use_case(*args, **kwargs)
        return use_case(*args, **kwargs)

    return retried
