"""What a 10 MB upload costs: time over reading and storing its bytes, and the web process's memory with eight at once.

The time is compared with that of the same bytes on the same server where it only reads the body and writes it to
storage, in turn with it. What comes on top is reading the form, looking at the picture in a child process, and the
transaction. The memory is the highest that the kernel saw, of the web process and of its children.

    python bench/uploads.py [--rounds 7]
"""

import argparse
import http.client
import io
import json
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

import falcon
import numpy as np
import psutil
from PIL import Image

from spike_core.domain.identifiers import ImageId
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_http import create_app, serve
from spike_runtime import Settings, Spike, build
from spike_runtime.logs import configure_logging

BYTES: Final = 10 * 1024 * 1024 - 4096
AT_ONCE: Final = 8
RATIO_TARGET: Final = 1.5
MEMORY_TARGET_MB: Final = 250
EMAIL: Final = "bench@example.org"
BOUNDARY: Final = "spike-bench"


class StoringResource:
    """What an upload is measured against: the body is read and stored, and that is all."""

    def __init__(self, spike: Spike) -> None:
        """Store in this Spike's storage."""
        self._spike = spike

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Read a body, store it."""
        body = io.BytesIO(req.bounded_stream.read())
        self._spike.storage.blobs.put(ObjectKey.of_original(self._spike.ids.new(ImageId), PictureFormat.JPEG), body)
        resp.media = {"success": True}


def run_server(folder: str, ready: Connection) -> None:
    """Serve until the process is ended."""
    from spike_core.domain.accounts import Email  # noqa: PLC0415  # in the server's process alone
    from spike_core.domain.tokens import Tokens  # noqa: PLC0415  # in the server's process alone

    settings = Settings(data_dir=Path(folder), worker_threads=0, rate_upload=0, log_level="WARNING")
    configure_logging(level=settings.log_level, form="json")
    spike = build(settings)
    spike.database.migrate()
    token = spike.registration.register(Email(EMAIL), tokens=Tokens(1_000_000)).session_token.text
    app = create_app(spike)
    app.add_route("/bench/storing", StoringResource(spike))
    serve(
        app,
        host="127.0.0.1",
        port=0,
        threads=settings.web_threads,
        drain_s=1,
        closing=threading.Event(),
        on_ready=lambda port: ready.send((port, token)),
    )


@contextmanager
def running_server() -> Iterator[tuple[psutil.Process, int, str]]:
    """Yield a server's process, port and token."""
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as folder:
        server = context.Process(target=run_server, args=(folder, sending))
        server.start()
        try:
            port, token = receiving.recv()
            assert server.pid is not None
            yield psutil.Process(server.pid), port, token
        finally:
            server.terminate()
            server.join()


def a_picture(format_: str) -> bytes:
    """Return a picture of just under 10 MB: noise, which no format makes small, and whatever it takes behind it."""
    side = {"JPEG": 2600, "PNG": 1800, "WEBP": 2400}[format_]
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, format_, **({"quality": 90} if format_ != "PNG" else {"compress_level": 1}))
    data = out.getvalue()
    assert len(data) <= BYTES, f"{len(data)} bytes of {format_}"
    return data + bytes(BYTES - len(data)) if format_ == "JPEG" else data


def form_of(data: bytes, name: str) -> bytes:
    """Return a form with one file."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def seconds_of(port: int, token: str, path: str, body: bytes) -> float:
    """Return how long a request takes."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    started_s = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    assert response.status == 200, (response.status, json.loads(answer))
    return time.perf_counter() - started_s


def peak_mb(process: psutil.Process) -> float:
    """Return the highest resident memory of a process so far, as the kernel saw it, in MB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    (peak,) = (line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024 / 1e6


def measure_time(rounds: int) -> None:
    """Print the ratio."""
    body = form_of(a_picture("JPEG"), "bench.jpg")
    with running_server() as (_, port, token):
        ratios = []
        for number in range(rounds + 1):
            storing_s = seconds_of(port, token, "/bench/storing", body)
            upload_s = seconds_of(port, token, "/api/images/upload", body)
            if number:  # the first warms up
                ratios.append(upload_s / storing_s)
                print(f"round {number}: stored {storing_s:.3f} s   uploaded {upload_s:.3f} s   ratio {ratios[-1]:.2f}")
        print(
            f"10 MB upload over reading and storing it: median {statistics.median(ratios):.2f} "
            f"(min {min(ratios):.2f}, max {max(ratios):.2f}; target {RATIO_TARGET:.1f})"
        )


def measure_memory(format_: str) -> None:
    """Print the memory."""
    body = form_of(a_picture(format_), f"bench.{format_.lower()}")
    with running_server() as (process, port, token):
        seconds_of(port, token, "/api/images/upload", body)
        before_mb = peak_mb(process)
        with ThreadPoolExecutor(AT_ONCE) as senders:
            list(senders.map(lambda _: seconds_of(port, token, "/api/images/upload", body), range(3 * AT_ONCE)))
        children = sorted((peak_mb(child) for child in process.children(recursive=True)), reverse=True)
        print(
            f"{AT_ONCE} uploads of {len(body) / 1e6:.1f} MB {format_} at once: web process {peak_mb(process):.0f} MB "
            f"(target {MEMORY_TARGET_MB}; after one upload {before_mb:.0f}), children that look "
            f"{', '.join(f'{each:.0f}' for each in children) or 'none'} MB"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    measure_time(rounds)
    if sys.platform == "linux":
        for format_ in ("JPEG", "PNG", "WEBP"):
            measure_memory(format_)


if __name__ == "__main__":
    main()
