"""Settings, extras, make targets, endpoints and tiers that the documentation names exist."""

import re
from collections.abc import Set as AbstractSet
from importlib.metadata import metadata
from pathlib import Path
from typing import Final

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
IDS: Final = [str(page.relative_to(PROJECT)) for page in TEXTS]
SETTING: Final = re.compile(rf"\b{PREFIX}[A-Z0-9_]*[A-Z0-9]\b(?![…_])")
EXTRA: Final = re.compile(r"spike-core\[([\w,-]+)\]")
TARGET: Final = re.compile(r"`make (?:\w+=\S+ )?([a-z-]+)(?: \w+=\S+)?`")
ENDPOINT: Final = re.compile(r"`(GET|POST|PATCH|DELETE) (/[^`?\s…]*)[^`]*`")
TIER: Final = re.compile(r"\bTIER_\w+\b")
PARAMETER: Final = re.compile(r"\{[^}]*\}|<[^>]*>")
FOR_TESTS: Final = f"{PREFIX}TEST_"
EXAMPLE: Final = "TIER_8K"  # of docs/howto/add-a-tier.md


def named(pattern: "re.Pattern[str]", page: Path) -> AbstractSet[str]:
    return set(pattern.findall(page.read_text(encoding="utf-8")))


def alike(path: str) -> str:
    """Return a path with anonymous parameters."""
    return PARAMETER.sub("{}", path)


@pytest.fixture(scope="module")
def endpoints() -> AbstractSet[tuple[str, str]]:
    routes = inspect.inspect_routes(create_app(MemorySpike.build().spike))
    return {(method.method, alike(route.path)) for route in routes for method in route.methods}


@pytest.mark.parametrize("page", TEXTS, ids=IDS)
def test_settings_are_there(page: Path) -> None:
    known = {PREFIX + field.name.upper() for field in attrs.fields(Settings)} | {CONFIG_VARIABLE, API_KEY_VARIABLE}
    known |= {f"{ADAPTER_PREFIX}NEURAL_{field.name.upper()}" for field in attrs.fields(NeuralOptions)}
    assert {name for name in named(SETTING, page) if not name.startswith(FOR_TESTS)} - known == set()


@pytest.mark.parametrize("page", TEXTS, ids=IDS)
def test_extras_are_there(page: Path) -> None:
    wanted = {extra for group in named(EXTRA, page) for extra in group.split(",")}
    assert wanted - set(metadata("spike-core").get_all("Provides-Extra") or ()) == set()


@pytest.mark.parametrize("page", TEXTS, ids=IDS)
def test_targets_of_make_are_there(page: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert [name for name in named(TARGET, page) if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", TEXTS, ids=IDS)
def test_endpoints_are_there(page: Path, endpoints: AbstractSet[tuple[str, str]]) -> None:
    documented = {(method, alike(path)) for method, path in ENDPOINT.findall(page.read_text(encoding="utf-8"))}
    assert documented - endpoints == set()


@pytest.mark.parametrize("page", TEXTS, ids=IDS)
def test_tiers_are_there(page: Path) -> None:
    assert named(TIER, page) - {tier.name for tier in SPECIFIED.tiers} <= {EXAMPLE}
