"""`docs/decisions/0004-runtime-dependencies.md` gives a reason for every dependency that `pyproject.toml` names."""

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[3]
PAGE: Final = (PROJECT / "docs/decisions/0004-runtime-dependencies.md").read_text(encoding="utf-8")
PYPROJECT: Final = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
NPM: Final = ("package.json", "package-lock.json")
ROW: Final = re.compile(r"^\| ([a-z0-9, -]+) \| .+ \| .+ \|$", re.MULTILINE)
NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def named(requirements: Iterable[str]) -> set[str]:
    """Return the names of external packages."""
    names = {match[0].lower() for requirement in requirements if (match := NAME.match(requirement))}
    return names - {"spike-core"}


def documented(part: str) -> set[str]:
    return {name for row in ROW.findall(part) for name in row.split(", ")}


def test_every_dependency_has_its_reason_and_nothing_else_is_told() -> None:
    to_run, to_develop = PAGE.split("To develop and build")
    project, groups = PYPROJECT["project"], PYPROJECT["dependency-groups"]
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    assert documented(to_run) == named([*project["dependencies"], *extras])
    assert documented(to_develop) == named([*groups["build"], *groups["dev"]])


def test_every_cap_is_listed_with_its_version() -> None:
    """Installations from the index have no lock files, so the page documents which dependencies are capped."""
    extras = [requirement for extra in PYPROJECT["project"]["optional-dependencies"].values() for requirement in extra]
    caps = {match[1]: match[2] for text in extras if (match := re.search(r"^([\w-]+)\S*<([\d.]+)", text))}
    rows = PAGE.partition("**Capped.**")[2].partition("typed-settings needs")[0].lower().splitlines()
    listed = {name: cap for name, cap in caps.items() if any(name in row and f"{cap} |" in row for row in rows)}
    assert listed == caps
    assert len(caps) == sum(row.startswith("| ") for row in rows) - 1


def test_what_comes_from_npm_is_pinned_by_hash_and_from_no_host() -> None:
    """`npm ci` takes the files from whichever registry is configured, and refuses those with another hash."""
    package, lock = (json.loads((PROJECT / name).read_text(encoding="utf-8")) for name in NPM)
    ours, *installed = lock["packages"].values()
    assert ours["devDependencies"] == package["devDependencies"]
    assert all(re.fullmatch(r"[\d.]+", version) for version in package["devDependencies"].values())
    assert [each for each in installed if "integrity" not in each or "resolved" in each] == []
