"""JavaScript in the documentation is valid: Node parses it, the one that drives the browser of the tests."""

import subprocess
from pathlib import Path

import pytest

from documents import Block, all_blocks


@pytest.mark.parametrize("block", all_blocks("js"), ids=lambda block: block.place)
def test_it_is_a_module(block: Block, tmp_path: Path) -> None:
    from playwright._impl._driver import compute_driver_executable  # noqa: PLC0415  # slow to import

    module = tmp_path / "block.mjs"
    module.write_text(block.text, encoding="utf-8")
    node, _ = compute_driver_executable()
    checked = subprocess.run([node, "--check", str(module)], capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stderr
