"""All mutants by law, and the page that lists them."""

import importlib
import inspect
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import mutants
import spike_contracts
from mutants.mutant import Law, Mutant, name_of

PAGE: Final = Path(__file__).parents[2] / "docs/reference/contracts.md"
_SUFFIX: Final = "Contract"
_INTRODUCTION: Final = """\
# Contracts

A law is a test of a suite in `spike_contracts`, which every adapter must pass. The laws test what Spike relies on
most; they don't test every sentence of the ports' docstrings. Each law is followed here by mutants: adapters that
break it, which the law must notice. They are in `tests/mutants`, and a law without one fails `make test`.

[Write an adapter](../howto/write-an-adapter.md) explains how to run the suites. `make reference` writes
this page.
"""


def all_mutants() -> Sequence[Mutant]:
    """Return the mutants of all modules here."""
    found: list[Mutant] = []
    for module in pkgutil.iter_modules(mutants.__path__):
        if module.name != "__main__":
            found += getattr(importlib.import_module(f"mutants.{module.name}"), "MUTANTS", [])
    return found


def suites() -> Sequence[type]:
    """Return all suites, by name."""
    found = set()
    for module in pkgutil.iter_modules(spike_contracts.__path__, "spike_contracts."):
        if module.ispkg or module.name.endswith("__main__"):
            continue
        for name, kind in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(kind) and name.endswith(_SUFFIX) and kind.__module__ == module.name:
                found.add(kind)
    return sorted(found, key=lambda suite: suite.__name__)


def laws(suite: type) -> Sequence[Law]:
    """Return a suite's own laws."""
    return [law for name, law in vars(suite).items() if name.startswith("test_")]


def by_law() -> Mapping[str, Sequence[Mutant]]:
    """Return the mutants of each law, by its name."""
    found: dict[str, list[Mutant]] = {}
    for mutant in all_mutants():
        for law in mutant.laws:
            found.setdefault(name_of(law), []).append(mutant)
    return found


def text() -> str:
    """Return the page."""
    mutants_of = by_law()
    lines = [_INTRODUCTION]
    for suite in suites():
        lines += [f"## `{suite.__name__}`", "", "| Law | An adapter that breaks it |", "|---|---|"]
        for law in laws(suite):
            broken = "; ".join(each.what for each in mutants_of.get(name_of(law), []))
            lines.append(f"| `{law.__name__}` | {broken} |")
        lines.append("")
    return "\n".join(lines)
