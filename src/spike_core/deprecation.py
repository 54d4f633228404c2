"""How something public is deprecated: it goes on working, and its use warns (docs/reference/stability.md)."""

import warnings


def warn_deprecated(what: str, *, instead: str, removed_in: str) -> None:
    """Warn the caller of the function that calls this: `what` works until the release `removed_in`.

    That is two minor releases after the one that deprecates it, at the earliest.
    """
    warnings.warn(
        f"{what} is deprecated and will be removed in {removed_in}: use {instead}", DeprecationWarning, stacklevel=3
    )
