"""What a 10 MB upload costs: time over reading and storing its bytes, and the web process's memory with eight at once.

The time is compared with that of the same bytes on the same server where it only reads the body and writes it to
storage, in turn with it. What comes on top is reading the form, looking at the picture in a child process, and the
transaction; of a picture that tells a place a second object is stored, without its metadata. The memory is the highest
that the kernel saw, of the web process and of its children.

    python bench/uploads.py [--rounds 7]
"""

import argparse
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

import falcon
import numpy as np
from measured_server import App, MeasuredServer, measured_server, peak_mb
from PIL import Image
from PIL.ExifTags import GPS, IFD

from spike_core.domain.accounts import User
from spike_core.domain.identifiers import ImageId
from spike_core.domain.limits import UPLOAD_BYTES_MAX
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_runtime import Spike

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from servers.s3 import running

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
    started_s = time.perf_counter()
    server.post(path, body, content_type=f"multipart/form-data; boundary={BOUNDARY}")
    return time.perf_counter() - started_s


def measure_time(rounds: int, *, storage: str, storage_url: str = "", tells_place: bool = False) -> None:
    """Print the ratio."""
    body = form_of(a_picture("JPEG", tells_place=tells_place), "bench.jpg")
    times = []
    with measured_server(with_storing, storage_url=storage_url) as server:
        for number in range(rounds + 1):
            storing_s = seconds_of(server, "/bench/storing", body)
            upload_s = seconds_of(server, "/api/images/upload", body)
            if number:  # the first warms up
                times.append((storing_s, upload_s))
                print(f"round {number}: stored {storing_s:.3f} s   uploaded {upload_s:.3f} s")
    ratios = [upload_s / storing_s for storing_s, upload_s in times]
    storing_ms, upload_ms = (1000 * statistics.median(each) for each in zip(*times, strict=True))
    print(
        f"10 MB upload{' that tells a place' if tells_place else ''}, {storage}: {upload_ms:.0f} ms, only stored "
        f"{storing_ms:.0f} ms; ratio, median {statistics.median(ratios):.2f} "
        f"(min {min(ratios):.2f}, max {max(ratios):.2f}; target {RATIO_TARGET:.1f})"
    )


def measure_memory(format_: str) -> None:
    """Print the memory."""
    body = form_of(a_picture(format_), f"bench.{format_.lower()}")
    with measured_server(with_storing, web_threads=3 * AT_ONCE) as server:  # so that all of them may wait
        seconds_of(server, "/api/images/upload", body)
        before_mb = server.peak_mb
        with ThreadPoolExecutor(AT_ONCE) as senders:
            list(senders.map(lambda _: seconds_of(server, "/api/images/upload", body), range(3 * AT_ONCE)))
        children = sorted((peak_mb(child) for child in server.process.children(recursive=True)), reverse=True)
        print(
            f"{AT_ONCE} uploads of {len(body) / 1e6:.1f} MB {format_} at once: web process "
            f"{server.peak_mb:.0f} MB (target {MEMORY_TARGET_MB}; after one upload {before_mb:.0f}), "
            f"children that look {', '.join(f'{each:.0f}' for each in children) or 'none'} MB"
        )


@contextmanager
def a_bucket() -> Iterator[str]:
    """Start the tests' S3 server; yield the URL of a bucket, for which the environment has the credentials."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server:
        bucket = server.with_bucket()
        os.environ.update(bucket.credentials)
        yield bucket.storage_url


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    measure_time(rounds, storage="folder")
    measure_time(rounds, storage="folder", tells_place=True)
    with a_bucket() as url:
        measure_time(rounds, storage="S3", storage_url=url)
    if sys.platform == "linux":
        for format_ in ("JPEG", "PNG", "WEBP"):
            measure_memory(format_)


if __name__ == "__main__":
    main()
