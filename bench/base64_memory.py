"""The web process's memory with eight blends at once whose sources come as base64, each of the largest allowed size.

A source of 20 MB makes a body of 28 MB of JSON. The memory is the highest that the kernel saw.

    python bench/base64_memory.py
"""

import base64
import io
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from enhance_throughput import with_an_image
from measured_server import MeasuredServer, measured_server
from PIL import Image

from spike_core.domain.limits import SOURCE_BYTES_MAX

AT_ONCE: Final = 8
ROUNDS: Final = 3
TARGET_MB: Final = 250
SIDE_PX: Final = 2570


def a_source() -> bytes:
    """Return a picture of just under 20 MB: noise as PNG."""
    noise = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG", compress_level=1)
    assert 0.9 * SOURCE_BYTES_MAX < len(out.getvalue()) <= SOURCE_BYTES_MAX, len(out.getvalue())
    return out.getvalue()


def a_blend(server: MeasuredServer) -> bytes:
    """Return the request's body."""
    source = {"base64": base64.b64encode(a_source()).decode(), "mimeType": "image/png"}
    return json.dumps({"imageId": server.prepared, "tier": "TIER_1K", "blendSource": source}).encode()


def main() -> None:
    """Measure and print."""
    with measured_server(with_an_image, web_threads=3 * AT_ONCE) as server:  # so that all of them may wait
        body = a_blend(server)

        def send(_: int = 0) -> int:
            return server.post("/api/images/enhance", body, content_type="application/json")

        send()
        before_mb = server.peak_mb
        with ThreadPoolExecutor(AT_ONCE) as senders:
            statuses = Counter(senders.map(send, range(ROUNDS * AT_ONCE)))
        answers = ", ".join(f"{count} answered {status}" for status, count in sorted(statuses.items()))
        print(
            f"{AT_ONCE} blends at once, {len(body) / 1e6:.1f} MB of JSON each: web process {server.peak_mb:.0f} MB "
            f"(target {TARGET_MB}; after one {before_mb:.0f}); {answers}"
        )


if __name__ == "__main__":
    main()
