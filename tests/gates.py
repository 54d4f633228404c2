"""The tests' side of the gate before the engine: see `tests/gate/spike_gate.py`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from attrs import frozen

from eventually import eventually

PLUGIN: Final = Path(__file__).with_name("gate")


def with_engine(name: str) -> Mapping[str, str]:
    """Return the settings of processes whose engine is this one of `tests/gate`."""
    path = os.pathsep.join(filter(None, [str(PLUGIN), os.environ.get("PYTHONPATH", "")]))
    return {"SPIKE_UPSCALER": name, "PYTHONPATH": path}


@frozen
class Gate:
    """A gate that every attempt passes, open or shut."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Build an open gate."""
        folder.mkdir()
        folder.chmod(0o777)
        return cls(folder)

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of processes whose engine waits at this gate."""
        return {**with_engine("gate"), "SPIKE_TEST_GATE": str(self.folder)}

    def shut(self) -> None:
        """Make all further attempts wait."""
        (self.folder / "shut").touch()

    def open(self) -> None:
        """Let all attempts continue."""
        (self.folder / "shut").unlink(missing_ok=True)

    @property
    def arrivals(self) -> int:
        """The number of attempts that have arrived so far."""
        return sum(file.name != "shut" for file in self.folder.iterdir())

    def wait_for(self, arrivals: int) -> None:
        """Wait until this many attempts have arrived."""
        eventually(f"{arrivals} attempts at the gate", lambda: self.arrivals >= arrivals)
