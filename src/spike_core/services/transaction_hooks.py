"""Hooks: what a caller adds to the transaction of a use case.

A caller that must write something together with the effect of a use case adds a hook:

    uploads.before_commit(write_my_row).upload(owner_id, name=name, content=content)

The use case knows neither the caller nor the hook: at the end of its transaction it only says what its result is.
"""

from collections.abc import Callable
from typing import Any, Self, TypeVar

from attrs import evolve, field, frozen

from spike_core.ports.transactions import Transaction

Result = TypeVar("Result")

BeforeCommit = Callable[[Transaction, Result], None]
"""Called with the open transaction and the result of the use case, when all is written and nothing is committed."""


@frozen(kw_only=True)
class Extensible:
    """Use cases whose transactions a caller may extend."""

    _hooks: tuple[BeforeCommit[Any], ...] = field(default=(), alias="hooks")  # of any use case, thus of any result

    def before_commit(self, hook: BeforeCommit[Any]) -> Self:
        """Return the same use cases with one more hook. The original is unchanged.

        The hook gets the result as of the commit; hooks run in the order in which they were added. What a hook writes
        is committed with the effect or not at all, and what it raises rolls the effect back. It does nothing but write
        to the transaction, because it runs again if the transaction is retried. A use case that is refused runs no
        hook; neither does a batch of which no file is stored.
        """
        return evolve(self, hooks=(*self._hooks, hook))

    def _run_hooks(self, tx: Transaction, result: object) -> None:
        """Run the hooks. Each use case that writes calls this once, as the last statement of its transaction."""
        for hook in self._hooks:
            hook(tx, result)
