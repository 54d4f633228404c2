"""A real `spike serve` in a separate process, started as users do."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, Final

from attrs import define, frozen

from preloaded import SpikeProcess, run, start

SPIKE: Final = str(Path(sys.executable).with_name("spike"))
PATIENCE_S: Final = 60.0  # a test that waits longer fails
BANNER_END: Final = re.compile(r"^ *(Token, API key and a curl line|Another account)", re.MULTILINE)
ACCOUNT_FILE: Final = re.compile(r"Token, API key and a curl line: (.+)")
STARTED: Final = re.compile(r"Spike serves http://(localhost|127\.0\.0\.\d+|\[::1\]):(\d+)")


_FASTER: Final = {"SPIKE_UPSCALER": "classical", "SPIKE_SANDBOX": "off"}  # two children take two seconds to start


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with only these settings of Spike, the faster engine, and by default no sandbox."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPIKE_")}
    return {**inherited, "SPIKE_DATA_DIR": str(folder), **_FASTER, **settings}


def run_spike(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run one command and wait for its end."""
    return run([SPIKE, *arguments], environment(folder, settings), timeout_s=PATIENCE_S)


@frozen
class Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@define
class Server:
    """A server, and its banner with the contents of the file that the first one names."""

    process: SpikeProcess
    url: str
    greeting: str

    @property
    def token(self) -> str:
        match = re.search(r"Sign-in token \(shown once\): (\S+)", self.greeting)
        assert match is not None, self.greeting
        return match[1]

    def ask(
        self, method: str, path: str, *, token: str = "", body: bytes | None = None, content_type: str = ""
    ) -> Answer:
        """Send a request and return the response, also for error statuses."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if content_type:
            headers["Content-Type"] = content_type
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310  # our own
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:  # noqa: S310  # our own
                return Answer(response.status, dict(response.headers.items()), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers.items()), error.read())

    def wait_for_job(self, image_id: str, job_id: str, *, token: str) -> Any:
        """Wait until the job is settled and return it as part of its image, within the rate limit of images."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            seen = self.ask("GET", f"/api/jobs/{job_id}?wait=5", token=token).json["job"]
            if seen["status"] not in {"PENDING", "PROCESSING"}:
                image = self.ask("GET", f"/api/images/{image_id}", token=token).json["image"]
                (job,) = (job for job in image["jobs"] if job["id"] == job_id)
                return job
        raise AssertionError(f"job {job_id} didn't end")

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """Stop it with SIGTERM, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


def serving(folder: Path, **settings: str) -> AbstractContextManager[Server]:
    """Start a server on a free port, and stop it at the end."""
    return serving_on(0, folder, settings)


@contextmanager
def serving_on(port: int, folder: Path, settings: Mapping[str, str], *, host: str = "127.0.0.1") -> Iterator[Server]:
    """Start a server on this port, 0 for a free one, and stop it at the end."""
    log = folder.parent / f"{folder.name}.log"
    command = [SPIKE, "serve", "--host", host, "--port", str(port)]
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdout, log.open("a") as stderr:
        try:
            process = start(command, environment(folder, settings), stdout=writing, stderr=stderr.fileno())
        finally:
            os.close(writing)
        try:
            yield _greeted(process, stdout, log)
        finally:
            process.kill()
            process.wait(PATIENCE_S)


def _greeted(process: SpikeProcess, stdout: IO[str], log: Path) -> Server:
    greeting = ""
    while line := stdout.readline():
        greeting += line
        if line.strip() == "" and STARTED.search(greeting) and BANNER_END.search(greeting):
            break
    match = STARTED.search(greeting)
    assert match is not None, f"no banner; the log says:\n{log.read_text()}"
    if secrets := ACCOUNT_FILE.search(greeting):  # standard output isn't a terminal here
        greeting += Path(secrets[1]).read_text()
    host = "127.0.0.1" if match[1] == "localhost" else match[1]
    return Server(process, f"http://{host}:{match[2]}", greeting)
