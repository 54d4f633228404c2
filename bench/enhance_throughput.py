"""Requests per second of `POST /api/images/enhance`, over an empty JSON POST on the same server, from one run.

The server runs in a process of its own, on SQLite or PostgreSQL, with no worker threads: it measures the acceptance
of a charged job (authenticate, lock the wallet, regenerate tokens, charge, store the job). No worker runs, so all but
the user's first eight jobs are held back, as for any user with more jobs than that.
The two kinds of request alternate in short rounds, so that a change of the machine's speed meets both. PostgreSQL is
the tests' own, on the same machine and without fsync, as SQLite is without one per commit; its processes share the
cores.

    python bench/enhance_throughput.py [--database postgresql] [--seconds 2] [--rounds 5] [--connections 4]
"""

import argparse
import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import falcon
from measured_server import App, measured_server

from spike_core.domain.accounts import User
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import ImageId, UserId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_runtime import Spike

TARGETS: Final = {"sqlite": 0.20, "postgresql": 0.15}


class EmptyResource:
    """What the enhance request is measured against."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Read a JSON body, answer a JSON body."""
        resp.media = {"success": req.get_media() == {}}


def with_an_image(spike: Spike, app: App, user: User) -> str:
    """Add the route for comparison and an image; return its id."""
    app.add_route("/bench/empty", EmptyResource())
    return str(add_image(spike, user.id))


def add_image(spike: Spike, owner_id: UserId) -> ImageId:
    """Store the row of an image without an object, since no worker runs."""
    now, image_id = spike.clock.now(), spike.ids.new(ImageId)
    image = Image(
        id=image_id,
        owner_id=owner_id,
        name=ImageName("bench.jpg"),
        description=None,
        format=PictureFormat.JPEG,
        dimensions=Dimensions(width_px=640, height_px=480),
        size_bytes=1,
        original=ObjectKey.of_original(image_id, PictureFormat.JPEG),
        is_public=False,
        view_count=0,
        created_at=now,
        updated_at=now,
    )
    with spike.database.transactions.begin() as tx:
        tx.images.add(image)
    return image_id


def rate_of(port: int, path: str, body: bytes, headers: dict[str, str], *, seconds: float, connections: int) -> float:
    """Return requests per second over so many kept-alive connections."""
    counts = [0] * connections
    deadline_s = time.perf_counter() + seconds

    def ask(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while time.perf_counter() < deadline_s:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            answer = response.read()
            assert response.status == 200, answer
            counts[index] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(connections)]
    started_s = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started_s)


@contextmanager
def database_at(kind: str) -> Iterator[str]:
    """Yield the URL of a database of this kind; of SQLite the data folder's own."""
    if kind == "sqlite":
        yield ""
        return
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from servers.postgres import new_database, running_postgres  # noqa: PLC0415  # the tests' folder was missing

    with running_postgres() as server, new_database(server.url) as url:
        yield url


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--database", choices=sorted(TARGETS), default="sqlite")
    options = parser.parse_args()
    rounds = {"seconds": options.seconds, "connections": options.connections}
    ratios = []
    with database_at(options.database) as url, measured_server(with_an_image, database_url=url) as server:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.token}"}
        enhance = json.dumps({"imageId": server.prepared, "tier": "TIER_1K"}).encode()
        for number in range(options.rounds + 1):
            empty = rate_of(server.port, "/bench/empty", b"{}", headers, **rounds)
            enhanced = rate_of(server.port, "/api/images/enhance", enhance, headers, **rounds)
            if number == 0:
                continue  # warming up
            ratios.append(enhanced / empty)
            print(f"round {number}: empty {empty:6.0f}/s   enhance {enhanced:6.0f}/s   ratio {ratios[-1]:.3f}")
    print(
        f"enhance over empty JSON POST, {options.database}: median {statistics.median(ratios):.3f} "
        f"(min {min(ratios):.3f}, max {max(ratios):.3f}; target {TARGETS[options.database]:.2f})"
    )


if __name__ == "__main__":
    main()
