"""The gate before the engine, from the tests' side: see `tests/gate/spike_gate.py`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from attrs import frozen

from eventually import eventually

PLUGIN: Final = Path(__file__).with_name("gate")


@frozen
class Gate:
    """Open or shut; whoever works on a picture comes by."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Build an open gate."""
        folder.mkdir()
        folder.chmod(0o777)
        return cls(folder)

    @property
    def settings(self) -> Mapping[str, str]:
        """What puts processes behind it."""
        path = os.pathsep.join(filter(None, [str(PLUGIN), os.environ.get("PYTHONPATH", "")]))
        return {"SPIKE_UPSCALER": "gate", "SPIKE_TEST_GATE": str(self.folder), "PYTHONPATH": path}

    def shut(self) -> None:
        """Let nobody through any more."""
        (self.folder / "shut").touch()

    def open(self) -> None:
        """Let everybody through."""
        (self.folder / "shut").unlink(missing_ok=True)

    @property
    def arrivals(self) -> int:
        """How many attempts have come to it so far."""
        return sum(file.name != "shut" for file in self.folder.iterdir())

    def wait_for(self, arrivals: int) -> None:
        """Wait until so many attempts have come to it."""
        eventually(f"{arrivals} attempts at the gate", lambda: self.arrivals >= arrivals)
