"""The documentation's site. Sphinx builds it once in a run of pytest, for all of its workers."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

PROJECT: Final = Path(__file__).parents[1]
_STRICT: Final = ("-W", "-n", "--keep-going", "-q")
_PATIENCE_S: Final = 240


@frozen
class SiteBuild:
    """What Sphinx made, its exit code, and its warnings."""

    html: Path
    returncode: int
    warnings: str


def build(source: Path, folder: Path) -> SiteBuild:
    """Build the site of these pages into a folder; a warning is an error."""
    html = folder / "html"
    command = [sys.executable, "-m", "sphinx", *_STRICT, "-d", str(folder / "trees"), str(source), str(html)]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    return SiteBuild(html, ran.returncode, ran.stderr)


@pytest.fixture(scope="session")
def site_build(tmp_path_factory: pytest.TempPathFactory) -> SiteBuild:
    """The build of this project's site; a worker that asks for it while another one builds it waits."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    folder.mkdir(exist_ok=True)
    warnings, code = folder / "warnings", folder / "code"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not code.exists():
            made = build(PROJECT / "docs", folder)
            warnings.write_text(made.warnings, encoding="utf-8")
            code.write_text(str(made.returncode))
    return SiteBuild(folder / "html", int(code.read_text()), warnings.read_text(encoding="utf-8"))
