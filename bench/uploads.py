"""What a 10 MB upload costs: time over reading and storing its bytes, and the web process's memory with eight at once.

The time is compared with that of the same bytes on the same server where it only reads the body and writes it to
storage, in turn with it. What comes on top is reading the form, looking at the picture in a child process, and the
transaction; of a picture that tells a place a second object is stored, without its metadata. The memory is the highest
that the kernel saw, of the web process and of its children.

    python bench/uploads.py [--rounds 7]
"""

import argparse
import http.client
import io
import json
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final, cast

import falcon
import numpy as np
import psutil
from measured_server import App, MeasuredServer, measured_server
from PIL import Image
from PIL.ExifTags import GPS, IFD

from spike_core.domain.accounts import User
from spike_core.domain.identifiers import ImageId
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_runtime import Spike

AT_ONCE: Final = 8
RATIO_TARGET: Final = 1.5
MEMORY_TARGET_MB: Final = 250
BOUNDARY: Final = "spike-bench"


class StoringResource:
    """What an upload is measured against: the body is read and stored, and that is all."""

    def __init__(self, spike: Spike) -> None:
        """Store in this Spike's storage."""
        self._spike = spike

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Read a body, store it."""
        key = ObjectKey.of_original(self._spike.ids.new(ImageId), PictureFormat.JPEG)
        self._spike.storage.blobs.put(key, cast("BinaryIO", req.bounded_stream))
        resp.media = {"success": True}


def with_storing(spike: Spike, app: App, _user: User) -> str:
    """Add the route for comparison."""
    app.add_route("/bench/storing", StoringResource(spike))
    return ""


def a_picture(format_: str, *, tells_place: bool = False) -> bytes:
    """Return a picture of about 10 MB: as a camera of 24 megapixels writes a grainy JPEG; of other formats noise."""
    random = np.random.default_rng(0)
    options: dict[str, object] = {"compress_level": 1} if format_ == "PNG" else {"quality": 92}
    if format_ == "JPEG":
        y, x = np.mgrid[0:4000, 0:6000]
        grain = random.normal(0, 11, (4000, 6000, 1)) + random.normal(0, 2, (4000, 6000, 3))
        pixels = (128 + 60 * np.sin(x / 700) * np.cos(y / 500))[..., None] + grain
    else:
        side_px = {"PNG": 1800, "WEBP": 3350}[format_]
        pixels = random.integers(0, 256, (side_px, side_px, 3))
    if tells_place:
        exif = Image.Exif()
        exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (51.0, 2.0, 3.0)})
        options["exif"] = exif
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out, format_, **options)
    data = out.getvalue()
    assert 9_500_000 < len(data) <= UPLOAD_BYTES_MAX, f"{len(data)} bytes of {format_}"
    return data


def form_of(data: bytes, name: str) -> bytes:
    """Return a form with one file."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + f"\r\n--{BOUNDARY}--\r\n".encode()


def seconds_of(server: MeasuredServer, path: str, body: bytes) -> float:
    """Return how long a request takes."""
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    started_s = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
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


def measure_time(rounds: int, *, tells_place: bool) -> None:
    """Print the ratio."""
    body = form_of(a_picture("JPEG", tells_place=tells_place), "bench.jpg")
    with measured_server(with_storing) as server:
        ratios = []
        for number in range(rounds + 1):
            storing_s = seconds_of(server, "/bench/storing", body)
            upload_s = seconds_of(server, "/api/images/upload", body)
            if number:  # the first warms up
                ratios.append(upload_s / storing_s)
                print(f"round {number}: stored {storing_s:.3f} s   uploaded {upload_s:.3f} s   ratio {ratios[-1]:.2f}")
        kind = "10 MB upload that tells a place" if tells_place else "10 MB upload"
        print(
            f"{kind} over reading and storing it: median {statistics.median(ratios):.2f} "
            f"(min {min(ratios):.2f}, max {max(ratios):.2f}; target {RATIO_TARGET:.1f})"
        )


def measure_memory(format_: str) -> None:
    """Print the memory."""
    body = form_of(a_picture(format_), f"bench.{format_.lower()}")
    with measured_server(with_storing) as server:
        seconds_of(server, "/api/images/upload", body)
        before_mb = peak_mb(server.process)
        with ThreadPoolExecutor(AT_ONCE) as senders:
            list(senders.map(lambda _: seconds_of(server, "/api/images/upload", body), range(3 * AT_ONCE)))
        children = sorted((peak_mb(child) for child in server.process.children(recursive=True)), reverse=True)
        print(
            f"{AT_ONCE} uploads of {len(body) / 1e6:.1f} MB {format_} at once: web process "
            f"{peak_mb(server.process):.0f} MB (target {MEMORY_TARGET_MB}; after one upload {before_mb:.0f}), "
            f"children that look {', '.join(f'{each:.0f}' for each in children) or 'none'} MB"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    for tells_place in (False, True):
        measure_time(rounds, tells_place=tells_place)
    if sys.platform == "linux":
        for format_ in ("JPEG", "PNG", "WEBP"):
            measure_memory(format_)


if __name__ == "__main__":
    main()
