"""`spike contracts`: the suites against installed adapters, ours and others'."""

import os
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest
from click.testing import CliRunner

import preloaded
import spike_cli.contracts
from outside_adapters import install_outside
from running import SPIKE
from spike_cli.main import spike
from spike_contracts.installed import NotRunnable, run
from spike_contracts.suites import SUITES
from spike_runtime import WrongSettings, plugins

FORGETFUL: Final = """
from datetime import UTC, datetime
from attrs import evolve, frozen
from spike_core.ports.factories import Storage
from spike_filesystem import FilesystemBlobStore
from spike_filesystem.plugin import open_folder

class Forgetful(FilesystemBlobStore):
    def scan(self, **asked):
        return [evolve(stored, stored_at=datetime.now(UTC)) for stored in super().scan(**asked)]

@frozen(kw_only=True)
class Options:
    word: str
    depth: int

def open_forgetful(url, *, clock, secret, options: Options):
    assert (options, "?" in url) == (Options(word="right", depth=2), False)
    right = open_folder(url.replace("forgetful:", "file:"), clock=clock, secret=secret).blobs
    return Storage(blobs=Forgetful(right.root, clock=clock, secret=secret), links=None)
"""
STRICT: Final = """
from attrs import frozen

ADAPTER_API = {api}

@frozen(kw_only=True)
class Options:
    word: str

def open_strict(url, *, clock, secret, options: Options):
    raise NotImplementedError
"""
# of installed packages, which take a second to import; pyproject.toml has the same
WITHOUT_PLUGINS: Final = "-p no:anyio -p no:platformdirs -p no:schemathesis -p no:valkey"


def contracts(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    given = {"PYTEST_ADDOPTS": WITHOUT_PLUGINS, **(env or os.environ)}
    return preloaded.run([SPIKE, "contracts", *arguments], given, timeout_s=300)


def test_our_store_of_files_keeps_every_law() -> None:
    """Of all its suites; those about outages and links too."""
    ran = contracts("storage.file")
    assert ran.returncode == 0, ran.stdout
    [passed] = re.findall(r"^(\d+) passed in", ran.stdout, re.MULTILINE)
    laws = [name for suite in SUITES["storage"] for name in vars(suite) if name.startswith("test_")]
    assert int(passed) > len(laws)


def test_an_outside_store_gets_its_options_and_if_it_breaks_a_law_that_law_alone_fails(tmp_path: Path) -> None:
    """Its objects are always new, so that orphans would never be collected.

    Options: variables before the file, the query before both; the factory gets the URLs without their queries.
    """
    (tmp_path / "a-file").touch()
    config = tmp_path / "spike.toml"
    config.write_text('[spike.adapters.forgetful]\nword = "wrong"\ndepth = 1\n', encoding="utf-8")
    outside = install_outside(
        tmp_path, package="forgetful", adapter="storage.forgetful", factory="open_forgetful", source=FORGETFUL
    )
    env = {**outside, "SPIKE_CONFIG": str(config), "SPIKE_ADAPTER_FORGETFUL_WORD": "right"}
    url, lost_url = (f"forgetful://{tmp_path}/{folder}/{{test}}?depth=2" for folder in ("store", "a-file"))
    ran = contracts("storage.forgetful", url, f"--lost-url={lost_url}", env=env)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert re.findall(r"^FAILED .*::(\w+)", ran.stdout, re.MULTILINE) == [
        "test_the_time_of_an_object_is_that_of_its_last_put"
    ]


def install_strict(folder: Path, *, api: int = 1) -> dict[str, str]:
    source = STRICT.format(api=api)
    return install_outside(folder, package="strict", adapter="storage.strict", factory="open_strict", source=source)


@pytest.mark.parametrize(
    ("api", "message"),
    [
        (1, "the adapter 'strict' needs the option word: set SPIKE_ADAPTER_STRICT_WORD"),
        (2, "storage.strict: storage 'strict' of strict 1.0 is written for adapter API 2, and this Spike has 1"),
    ],
)
def test_an_adapter_that_spike_would_refuse_at_start_is_refused(tmp_path: Path, api: int, message: str) -> None:
    ran = contracts("storage.strict", env=install_strict(tmp_path, api=api))
    assert ran.returncode == 2
    assert message in ran.stderr


def test_options_that_nobody_gives_are_missed_once_and_not_in_every_test(monkeypatch: pytest.MonkeyPatch) -> None:
    def open_strict(url: str, *, options: object) -> None:
        raise NotImplementedError

    point = SimpleNamespace(name="broker.strict", load=lambda: open_strict, dist=None)
    monkeypatch.setattr("spike_contracts.installed_adapter.entry_points", lambda **_: [point])
    with pytest.raises(NotRunnable, match=r"broker\.strict has options, which `spike contracts broker\.strict` takes"):
        run("broker.strict")


def test_a_store_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    """The suites delete what they find."""
    kept = tmp_path / "images" / ("img_" + "x" * 24) / "original.jpg"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"x")
    from spike_contracts.blobs import an_original  # noqa: PLC0415  # its path is the store's affair

    (tmp_path / an_original().text).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / an_original().text).write_bytes(b"x")
    with pytest.raises(NotRunnable, match="isn't empty"):
        run("storage.file", url=tmp_path.as_uri())
    assert kept.exists()


@pytest.mark.parametrize(
    ("name", "url", "message"),
    [
        ("storage.nowhere", "", "no adapter storage.nowhere is installed"),
        ("cellar.file", "", "must begin with one of database, storage"),
        ("database.sqlite", "sqlite:////tmp/spike.db", "must contain {test}"),
    ],
)
def test_what_cannot_be_tested_is_refused(name: str, url: str, message: str) -> None:
    with pytest.raises(NotRunnable, match=re.escape(message)):
        run(name, url=url)


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spike_cli.contracts, "find_spec", lambda module: None if module == "hypothesis" else module)
    ran = CliRunner().invoke(spike, ["contracts", "storage.file"])
    assert ran.exit_code == 1
    assert 'hypothesis isn\'t installed: pip install "spike-core[contracts]"' in ran.output


def test_two_packages_with_an_adapter_of_one_name_are_an_error_at_start(tmp_path: Path) -> None:
    """Which names both, whatever adapter is chosen."""
    env = install_outside(tmp_path, package="copycat", adapter="storage.file", factory="open_copy", source="")
    ran = preloaded.run(
        [SPIKE, "users", "create", "ada@example.org"],
        {**env, "SPIKE_DATA_DIR": str(tmp_path / "var")},
        timeout_s=60,
    )
    assert ran.returncode == 1
    assert "two packages have an adapter storage.file: " in ran.stderr
    assert {"copycat", "spike-core"} <= set(re.findall(r"[\w-]+", ran.stderr.rpartition("storage.file: ")[2]))


def test_one_package_under_its_name_twice_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("storage.file", "spike_filesystem.plugin:open_folder", plugins.GROUP)
    monkeypatch.setattr(plugins, "entry_points", lambda **_: [point])
    plugins._installed.cache_clear()
    try:
        assert plugins.load_adapter("storage", "file", setting="SPIKE_STORAGE_URL")
        with pytest.raises(WrongSettings, match="no storage 'other'"):
            plugins.load_adapter("storage", "other", setting="SPIKE_STORAGE_URL")
    finally:
        plugins._installed.cache_clear()
