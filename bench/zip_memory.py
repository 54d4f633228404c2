"""What a zip download of 1,000 pictures of 5 MB costs the web process in memory, and slow and lost clients.

The pictures are rows and hard links of one file, the server is a process of its own, and the archive goes to a client
that counts it. Always the same request: the whole archive as fast as it comes, ten times and then by four clients at
once; by clients that read 64 kB and sleep; and by clients that leave after a megabyte. The server has sixteen threads,
so that one caller may have four archives at once. The memory is the highest resident memory that the kernel saw.

    python bench/zip_memory.py [--pictures 1000] [--size-mb 5] [--archives 10] [--slow-s 20]
"""

import argparse
import http.client
import io
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from measured_server import App, MeasuredServer, measured_server
from PIL import Image

from spike_core.domain.accounts import User
from spike_core.domain.images import ImageName
from spike_runtime import Spike

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from large_library import multiply

PIECE_BYTES: Final = 64 * 1024
THREADS: Final = 16
CLIENTS: Final = 4  # at once
BUSY_TRIES_MAX: Final = 30
LOST_CLIENTS: Final = 20
LOST_AFTER_BYTES: Final = 1_000_000


def picture_of(size_mb: int) -> bytes:
    """Return a JPEG of about this size: noise, which no encoder makes smaller."""
    side_px = round((size_mb * 1e6 / 0.83) ** 0.5)
    noise = np.random.default_rng(1).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG", quality=88)
    return out.getvalue()


def with_pictures(spike: Spike, _app: App, user: User, *, pictures: int, size_mb: int) -> str:
    """Add the pictures; return the body of the request for all of them."""
    uploaded = spike.images.uploads.upload(
        user.id, name=ImageName("photo.jpg"), content=io.BytesIO(picture_of(size_mb))
    )
    ids = [uploaded.image.id.text, *multiply(spike.settings.data_dir, uploaded.image.id.text, pictures - 1)]
    return json.dumps({"imageIds": ids})


@contextmanager
def download(server: MeasuredServer) -> Iterator[http.client.HTTPResponse]:
    """Ask for the archive."""
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    for _ in range(BUSY_TRIES_MAX):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        connection.request("POST", "/api/images/download", server.prepared, headers)
        response = connection.getresponse()
        if response.status != 503:
            break
        connection.close()  # the place of a client that left is free once the server has noticed
        time.sleep(float(response.headers["Retry-After"]))
    assert response.status == 200, response.status
    try:
        yield response
    finally:
        response.close()
        connection.close()


def whole(server: MeasuredServer) -> int:
    """Receive the archive; return its bytes."""
    received = 0
    with download(server) as response:
        while piece := response.read(PIECE_BYTES):
            received += len(piece)
        assert received == int(response.headers["Content-Length"])
    return received


def slowly(server: MeasuredServer, *, until_s: float) -> None:
    """Read a piece, sleep, and so on; then leave."""
    with download(server) as response:
        while time.monotonic() < until_s and response.read(PIECE_BYTES):
            time.sleep(0.25)


def at_once(calls: Sequence[Callable[[], object]]) -> None:
    """Call all at the same time, and wait for them."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def resident_mb(server: MeasuredServer) -> float:
    """Return the resident memory of the server's process, in MB."""
    return float(server.process.memory_info().rss) / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--size-mb", type=int, default=5)
    parser.add_argument("--archives", type=int, default=10)
    parser.add_argument("--slow-s", type=float, default=20)
    options = parser.parse_args()
    prepare = partial(with_pictures, pictures=options.pictures, size_mb=options.size_mb)
    with measured_server(prepare, rate_download=0, web_threads=THREADS) as server:
        server.post("/api/images/links", json.dumps({"imageIds": []}).encode(), content_type="application/json")
        before_mb, began_s = resident_mb(server), time.perf_counter()
        # what came before, an upload of noise among it, isn't the archive's
        Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")
        received = whole(server)
        took_s = time.perf_counter() - began_s
        print(f"| before the first archive | {before_mb:.0f} MB |")
        print(
            f"| one archive of {received / 1e9:.2f} GB, {received / 1e6 / took_s:.0f} MB/s | {server.peak_mb:.0f} MB |"
        )
        for _ in range(options.archives - 1):
            whole(server)
        print(f"| then {options.archives - 1} more, one after the other | {server.peak_mb:.0f} MB |")
        at_once([partial(whole, server)] * CLIENTS)
        print(f"| then {CLIENTS} at once | {server.peak_mb:.0f} MB |")
        until_s = time.monotonic() + options.slow_s
        at_once([partial(slowly, server, until_s=until_s)] * CLIENTS)
        print(f"| {CLIENTS} clients at once that read 256 kB/s, {options.slow_s:.0f} s | {server.peak_mb:.0f} MB |")
        for _ in range(LOST_CLIENTS):
            with download(server) as response:
                response.read(LOST_AFTER_BYTES)
        whole(server)  # the places of those that left are free again
        files, peak_mb = len(server.process.open_files()), server.peak_mb
        print(
            f"| {LOST_CLIENTS} clients that leave after 1 MB, then one archive; {files} files open | {peak_mb:.0f} MB |"
        )


if __name__ == "__main__":
    main()
