"""Settings, extras, make targets, endpoints and tiers that the documentation names exist."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from importlib.metadata import metadata
from typing import Any, Final

import attrs
import pytest
from falcon import inspect

from documents import PAGES, PROJECT
from memory_spike import MemorySpike
from spike_core.domain.catalog import SPECIFIED
from spike_http import create_app
from spike_ncnn.options import NeuralOptions
from spike_runtime import Settings
from spike_runtime.settings import ADAPTER_PREFIX, API_KEY_VARIABLE, CONFIG_VARIABLE, PREFIX

TEXTS: Final = [*PAGES, PROJECT / "CHANGELOG.md"]
SETTING: Final = re.compile(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b(?![…_])")
EXTRA: Final = re.compile(r"spike-core\[([\w,-]+)\]")
TARGET: Final = re.compile(r"`make (?:\w+=\S+ )?([a-z-]+)(?: \w+=\S+)?`")
ENDPOINT: Final = re.compile(r"`(GET|POST|PATCH|DELETE) (/[^`?\s…]*)[^`]*`")
TIER: Final = re.compile(r"\bTIER_\w+\b")
PARAMETER: Final = re.compile(r"\{[^}]*\}|<[^>]*>")
FOR_TESTS: Final = f"{PREFIX}TEST_"
EXAMPLE: Final = "TIER_8K"  # of docs/howto/add-a-tier.md


def named(pattern: "re.Pattern[str]") -> Sequence[tuple[str, Any]]:
    """Return what a pattern finds, and the pages in which it does."""
    found = [
        (str(page.relative_to(PROJECT)), name) for page in TEXTS for name in pattern.findall(page.read_text("utf-8"))
    ]
    assert found, "the documentation names some"
    return found


def alike(path: str) -> str:
    """Return a path with anonymous parameters."""
    return PARAMETER.sub("{}", path)


@pytest.fixture(scope="module")
def endpoints() -> AbstractSet[tuple[str, str]]:
    routes = inspect.inspect_routes(create_app(MemorySpike.build().spike))
    return {(method.method, alike(route.path)) for route in routes for method in route.methods}


def test_settings_are_there() -> None:
    known = {PREFIX + field.name.upper() for field in attrs.fields(Settings)} | {CONFIG_VARIABLE, API_KEY_VARIABLE}
    known |= {f"{ADAPTER_PREFIX}NEURAL_{field.name.upper()}" for field in attrs.fields(NeuralOptions)}
    assert [(page, name) for page, name in named(SETTING) if not name.startswith(FOR_TESTS) and name not in known] == []


def test_extras_are_there() -> None:
    extras = set(metadata("spike-core").get_all("Provides-Extra") or ())
    assert [(page, names) for page, names in named(EXTRA) if not set(names.split(",")) <= extras] == []


def test_targets_of_make_are_there() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert [(page, name) for page, name in named(TARGET) if name not in targets] == []


def test_endpoints_are_there(endpoints: AbstractSet[tuple[str, str]]) -> None:
    assert [(page, found) for page, found in named(ENDPOINT) if (found[0], alike(found[1])) not in endpoints] == []


def test_tiers_are_there() -> None:
    known = {tier.name for tier in SPECIFIED.tiers} | {EXAMPLE}
    assert [(page, name) for page, name in named(TIER) if name not in known] == []
