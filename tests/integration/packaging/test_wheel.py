"""The wheel: its content, and that the base installation depends only on attrs and cattrs."""

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from importlib.metadata import PathDistribution
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).parents[3]
PACKAGES: Final = {
    "spike",
    "spike_cli",
    "spike_contracts",
    "spike_core",
    "spike_dramatiq",
    "spike_filesystem",
    "spike_http",
    "spike_fetch",
    "spike_limits",
    "spike_mcp",
    "spike_memory",
    "spike_ncnn",
    "spike_network",
    "spike_nextauth",
    "spike_openai",
    "spike_openvino",
    "spike_procedural",
    "spike_prometheus",
    "spike_imaging",
    "spike_pillow",
    "spike_runtime",
    "spike_s3",
    "spike_sandbox",
    "spike_sqlalchemy",
    "spike_system",
    "spike_webhooks",
    "spike_worker",
}
# what a bare `pip install spike-core` brings along
BASE: Final = ("attr", "attrs", "cattr", "cattrs", "typing_extensions")


IN_YOUR_TESTS: Final = (
    (PROJECT / "docs/howto/embed.md")
    .read_text()
    .partition("## In your tests")[2]
    .partition("```python")[2]
    .partition("```")[0]
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    return wheel


def names(wheel: Path) -> Sequence[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_its_top_level_names_are_ours_alone(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in names(wheel)}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_every_package_is_typed(wheel: Path) -> None:
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names(wheel))


def test_migrations_and_the_studio_are_in_it(wheel: Path) -> None:
    folder = PROJECT / "src/entrypoints"
    studio = {str(path.relative_to(folder)) for path in (folder / "spike_http/studio").rglob("*.*")}
    assert "spike_http/studio/js/main.js" in studio
    assert studio <= set(names(wheel))
    assert "spike_sqlalchemy/migrations/versions/v0001_foundation.py" in names(wheel)


def test_its_contents_pass_the_checker(wheel: Path) -> None:
    checker = Path(sys.executable).with_name("check-wheel-contents")
    checked = subprocess.run(
        [str(checker), str(wheel)], cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel, and nothing else but what a bare installation brings along."""
    folder = tmp_path_factory.mktemp("bare")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    for name in BASE:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        module = Path(spec.origin)
        source = module.parent if module.name == "__init__.py" else module
        (folder / source.name).symlink_to(source)
    return folder


def run_bare(bare: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a script where the standard library and this folder alone can be imported."""
    path = f"import sys; sys.path.insert(0, {str(bare)!r})\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", path + script], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_bare_install_needs_attrs_and_cattrs_alone(bare: Path) -> None:
    """With nothing else installed, the core and the memory adapter are imported and enhance an image."""
    modules = [
        str(path.relative_to(bare).with_suffix("")).replace("/", ".")
        for package in ("spike_core", "spike_memory")
        for path in (bare / package).rglob("*.py")
    ]
    assert len(modules) > 50
    ran = run_bare(
        bare, f"import importlib\nfor module in {modules!r}: importlib.import_module(module)\n{IN_YOUR_TESTS}"
    )
    assert ran.returncode == 0, ran.stderr


def test_an_example_of_25_lines_runs_on_the_bare_wheel(bare: Path) -> None:
    example = (PROJECT / "examples/bare_wheel.py").read_text(encoding="utf-8")
    assert len(example.splitlines()) == 25
    ran = run_bare(bare, example)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "picture JPEG 1024x768, and 8 tokens left\n"


def test_the_command_without_its_extra_says_what_to_install(bare: Path) -> None:
    [metadata] = bare.glob("spike_core-*.dist-info")
    [script] = PathDistribution(metadata).entry_points.select(group="console_scripts")
    ran = run_bare(bare, f"from {script.module} import {script.attr}; {script.attr}()")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == ("spike: the command needs 'click', which isn't installed: pip install \"spike-core[cli]\"\n")


def test_our_packages_have_one_identity() -> None:
    """`adapters` and `entrypoints` are folders on the development path, never packages."""
    doubled = [name for name in sys.modules if name.split(".")[0] in {"adapters", "entrypoints"}]
    assert doubled == []
