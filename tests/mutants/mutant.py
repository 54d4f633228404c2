"""What a mutant is, and how a law is run against it: in this process, with all its parameters."""

import functools
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest
from attrs import frozen
from hypothesis import Phase, settings

from memory_fixtures import MemoryFixtures

Law = Callable[..., None]
Replacement = Callable[..., Any]

FAILURES: Final = (AssertionError, pytest.fail.Exception)
_EXAMPLES_MAX: Final = 1_000


@frozen(init=False)
class Mutant:
    """An adapter that breaks laws by one method."""

    what: str  # it does wrong; the sentence begins with the adapter
    adapter: type
    method: str
    replacement: Replacement
    laws: tuple[Law, ...]
    fails_with: tuple[type[BaseException], ...]  # how a law notices
    fixtures: type[MemoryFixtures]
    also: tuple[type, str, Replacement] | None  # a second method that the wrong one needs

    def __init__(
        self,
        what: str,
        adapter: type,
        method: str,
        replacement: Replacement,
        *laws: Law,
        fails_with: type[BaseException] | None = None,
        fixtures: type[MemoryFixtures] = MemoryFixtures,
        also: tuple[type, str, Replacement] | None = None,
    ) -> None:
        failures = (*FAILURES, fails_with) if fails_with else FAILURES
        self.__attrs_init__(what, adapter, method, replacement, laws, failures, fixtures, also)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the broken method in the place of the right one."""
        with pytest.MonkeyPatch.context() as patch:
            _replace(patch, self.adapter, self.method, self.replacement)
            if self.also:
                _replace(patch, *self.also)
            yield


def _replace(patch: pytest.MonkeyPatch, adapter: type, method: str, replacement: Replacement) -> None:
    original: Any = inspect.getattr_static(adapter, method)
    broken: Any
    if inspect.isfunction(original):

        @functools.wraps(original)
        def broken(*args: Any, **kwargs: Any) -> Any:
            return replacement(original, *args, **kwargs)

    else:
        get = original.func if isinstance(original, functools.cached_property) else original.fget
        broken = property(lambda own: replacement(get, own))
    patch.setattr(adapter, method, broken)


def suite_of(law: Law) -> type:
    """Return the class that has the law."""
    kinds = vars(sys.modules[law.__module__]).values()
    return next(kind for kind in kinds if isinstance(kind, type) and vars(kind).get(law.__name__) is law)


def name_of(law: Law) -> str:
    """Return `SuiteContract.test_law`."""
    return f"{suite_of(law).__name__}.{law.__name__}"


def parameters(law: Law) -> Iterator[Mapping[str, Any]]:
    """Yield the arguments of each of a law's tests, apart from its fixtures."""
    each: list[list[dict[str, Any]]] = []
    for mark in getattr(law, "pytestmark", []):
        if mark.name != "parametrize":
            continue
        names, values = mark.args[:2]
        names = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
        each.append([dict(zip(names, value if len(names) > 1 else [value], strict=True)) for value in values])
    for chosen in itertools.product(*each):
        yield {name: value for values in chosen for name, value in values.items()}


def fixtures_of(law: Law) -> list[str]:
    """Return the names of the fixtures that a law needs."""
    chosen = {name for arguments in parameters(law) for name in arguments}
    return [name for name in inspect.signature(law).parameters if name not in {"self", *chosen}]


def failure_of(
    law: Law, fixtures: Callable[[], Any], fails_with: tuple[type[BaseException], ...]
) -> BaseException | None:
    """Run all tests of a law, each with fixtures of its own, up to the first failure; return that."""
    suite = suite_of(law)()
    for arguments in parameters(law):
        with _searched_longer(law), fixtures() as made:
            given = {name: getattr(made, name) for name in fixtures_of(law)}
            try:
                law(suite, **given, **arguments)
            except fails_with as failure:
                return failure
            except BaseExceptionGroup as several:  # by which Hypothesis reports several ways to fail
                if several.split(fails_with)[1] is not None:
                    raise
                return several
            except pytest.skip.Exception:
                continue
    return None


@contextmanager
def _searched_longer(law: Law) -> Iterator[None]:
    """Try many examples of a property, up to the first that makes it fail: to look for the smallest one takes minutes.

    As few as a law is tried with miss some mutants in some runs.
    """
    name = "_hypothesis_internal_use_settings"
    with pytest.MonkeyPatch.context() as patch:
        if chosen := getattr(law, name, None):
            unshrunk = [Phase.explicit, Phase.generate]
            patch.setattr(law, name, settings(chosen, phases=unshrunk, max_examples=_EXAMPLES_MAX))
        yield


# --- replacements that many mutants share -------------------------------------------------------------------------


def nothing(_original: Any, *_args: Any, **_kwargs: Any) -> None:
    """Do nothing."""


def returning(value: Any) -> Replacement:
    """Return this value, whatever is asked."""
    return lambda _original, *_args, **_kwargs: value


def raising(error: BaseException) -> Replacement:
    """Raise this error, whatever is asked."""

    def raise_(_original: Any, *_args: Any, **_kwargs: Any) -> None:
        raise error

    return raise_


def instead_of(error: type[BaseException], value: Any = None) -> Replacement:
    """Do the right thing, but return a value or raise another error where this one is due."""

    def call(original: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(*args, **kwargs)
        except error:
            if isinstance(value, BaseException):
                raise value from None
            return value

    return call


def with_arguments(**changed: Any) -> Replacement:
    """Ignore what is asked for by these arguments, and take these values."""
    return lambda original, *args, **kwargs: original(*args, **{**kwargs, **changed})


def backwards(original: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the right rows in the opposite order."""
    return list(original(*args, **kwargs))[::-1]
