"""Swift's four servers in one process: `python swift_program.py FOLDER NAME:PORT…`, each with a `NAME.conf`.

Four processes would each import the same, which takes most of their processor time. None of it is in the tests'
process, since Swift brings eventlet along.
"""

import os
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import eventlet
import eventlet.hubs
import eventlet.wsgi
from swift.common.ring import RingBuilder
from swift.common.utils import NullLogger, get_hub, monkey_patch
from swift.common.wsgi import SwiftHttpProtocol, get_socket, init_request_processor

PARTITION_POWER: Final = 2
REPLICAS: Final = 1


def write_ring(folder: Path, name: str, port: int) -> None:
    """Write the ring of one kind of server, which has one device."""
    ring = RingBuilder(PARTITION_POWER, REPLICAS, 0)
    device = {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": "d1", "meta": ""}
    place = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    ring.add_dev(device | place)
    ring.rebalance()
    ring.get_ring().save(str(folder / f"{name}.ring.gz"))


def serve(folder: Path, name: str) -> eventlet.greenthread.GreenThread:
    """Serve by one configuration file; as `swift.common.wsgi.run_server`, which serves one per process."""
    app, conf, _, _ = init_request_processor(str(folder / f"{name}.conf"), f"{name}-server")
    # S3's clients need the header ETag, which eventlet would write as Etag
    options = {"protocol": SwiftHttpProtocol, "capitalize_response_headers": False}
    return eventlet.spawn(eventlet.wsgi.server, get_socket(conf), app, NullLogger(), **options)


def main(folder: Path, ports: Mapping[str, int]) -> None:
    """Write the rings, unless an earlier start did, and serve until a signal."""
    os.environ["TZ"] = "UTC+0"
    time.tzset()
    warnings.filterwarnings("ignore", message="capitalize_response_headers is disabled")
    monkey_patch()
    eventlet.hubs.use_hub(get_hub())
    for name, port in ports.items():
        if name != "proxy" and not (folder / f"{name}.ring.gz").exists():
            write_ring(folder, name, port)
    for server in [serve(folder, name) for name in ports]:
        server.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), {name: int(port) for name, _, port in (each.partition(":") for each in sys.argv[2:])})
