"""Seconds from the start of `spike serve` to its first answer, on an empty folder and on one in use.

python bench/start_up.py [--runs 5]
"""

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

TARGET_S: Final = 2.0


def first_answer_s(folder: Path) -> float:
    """Start a server, wait for its first answer, end it; return the seconds that the answer took."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("spike")), "serve", "--port", str(port)]
    environment = {**os.environ, "SPIKE_DATA_DIR": str(folder), "SPIKE_LOG_LEVEL": "WARNING"}
    started_s = time.perf_counter()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            while True:
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                    connection.request("GET", "/readyz")
                    answer = connection.getresponse()
                    answer.read()
                    connection.close()
                except ConnectionError:
                    assert server.poll() is None, "the server ended"
                    time.sleep(0.005)
                    continue
                assert answer.status == 200
                return time.perf_counter() - started_s
        finally:
            server.terminate()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    empty, used = [], []
    with tempfile.TemporaryDirectory() as parent:
        for number in range(runs):
            folder = Path(parent) / str(number)
            empty.append(first_answer_s(folder))
            used.append(first_answer_s(folder))
    for name, times in (("empty folder", empty), ("folder in use", used)):
        print(
            f"start to first answer, {name}: median {statistics.median(times):.2f} s "
            f"(min {min(times):.2f}, max {max(times):.2f}; target {TARGET_S:.1f})"
        )


if __name__ == "__main__":
    main()
