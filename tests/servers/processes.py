"""Starting and stopping local server processes, by their ids."""

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

PATIENCE_S: Final = 30.0
_FIRST_PORT: Final = 16_000
_PORTS_PER_PROCESS: Final = 1000
_SHARES: Final = 16
_NUMBERS: Final = itertools.count(os.getpid())  # two runs at once begin at different ones


def free_port() -> int:
    """Return an unused port of the loopback interface that no other caller gets meanwhile.

    The kernel gives the ports above 32768 to clients, too; below them each test process has a thousand of its own.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _SHARES
    first = _FIRST_PORT + number * _PORTS_PER_PROCESS
    for _ in range(_PORTS_PER_PROCESS):
        port = first + next(_NUMBERS) % _PORTS_PER_PROCESS
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError(f"nothing is free from port {first} on")


@frozen(kw_only=True)
class Command:
    """A server to start: its command, its port, and its log."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    port: int
    log: Path


@define
class Processes:
    """Server processes that are started and stopped together, and can be restarted."""

    commands: Sequence[Command]
    _running: list["subprocess.Popen[bytes]"] = field(factory=list, init=False)

    def start(self) -> None:
        """Start them all and wait until each listens.

        Raises:
            RuntimeError: one ended instead, or took too long; its log is in the message.
        """
        assert not self._running
        for command in self.commands:
            with command.log.open("ab") as log:
                self._running.append(
                    subprocess.Popen(
                        [*_leash(), *command.arguments], env=dict(command.environment), stdout=log, stderr=log
                    )
                )
        try:
            for command, process in zip(self.commands, self._running, strict=True):
                _wait_for(command, process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop them all, by force if necessary."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(PATIENCE_S)
        self._running.clear()

    def send(self, number: signal.Signals) -> None:
        """Send them all a signal, such as SIGSTOP."""
        for process in self._running:
            process.send_signal(number)

    def kill(self) -> None:
        """Kill them all with SIGKILL."""
        self.send(signal.SIGKILL)
        for process in self._running:
            process.wait(PATIENCE_S)
        self._running.clear()


def _leash() -> Sequence[str]:
    """Return a function that makes a server end with its parent, however that ends; only on Linux."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


def _wait_for(command: Command, process: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", command.port), timeout=1).close()
        except OSError:
            time.sleep(0.02)  # between two looks at another process
        else:
            return
    raise RuntimeError(f"{command.arguments} doesn't listen on {command.port}:\n{command.log.read_text()[-2000:]}")
