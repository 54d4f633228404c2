"""Adapters of other packages, installed into a folder by hand: a module and the metadata of its distribution."""

import os
from pathlib import Path


def install_outside(folder: Path, *, package: str, adapter: str, factory: str, source: str) -> dict[str, str]:
    """Install a package with one adapter, and return an environment in which it is found."""
    (folder / f"{package}.py").write_text(source, encoding="utf-8")
    metadata = folder / f"{package}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8")
    entry_point = f"[spike.adapters]\n{adapter} = {package}:{factory}\n"
    (metadata / "entry_points.txt").write_text(entry_point, encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(folder)}
