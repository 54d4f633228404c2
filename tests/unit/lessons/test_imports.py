"""Importing Spike only defines: it creates no file, opens no connection and no database."""

import subprocess
import sys
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[3] / "src"
ROOTS: Final = [SOURCE, SOURCE / "adapters", SOURCE / "entrypoints"]
MODULES: Final = [
    ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    for root in ROOTS
    for path in sorted(root.glob("spike_*/**/*.py"))
    if path.name != "env.py"  # alembic's: run by it, in the middle of a migration
]
LISTEN: Final = """
import importlib, sys

def hear(event, arguments):
    opened_to_write = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if opened_to_write or event in {"socket.connect", "socket.bind", "sqlite3.connect", "os.mkdir", "subprocess.Popen"}:
        raise AssertionError(f"{event} {arguments}")

sys.dont_write_bytecode = True
sys.addaudithook(hear)
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


def test_importing_every_module_opens_nothing() -> None:
    """Lesson 20: a client was created at import, so nothing started while its server was down."""
    assert len(MODULES) > 100
    heard = subprocess.run([sys.executable, "-c", LISTEN, *MODULES], capture_output=True, text=True, check=False)
    assert (heard.returncode, heard.stderr) == (0, "")
