"""Write Swift's three rings, one device each: `python swift_rings.py FOLDER account:PORT container:PORT object:PORT`.

A process of its own, since Swift brings eventlet along, which the tests' process shall not meet.
"""

import sys
from pathlib import Path
from typing import Final

from swift.common.ring import RingBuilder

PARTITION_POWER: Final = 2
REPLICAS: Final = 1


def main(folder: Path, *servers: str) -> None:
    for server in servers:
        name, _, port = server.partition(":")
        ring = RingBuilder(PARTITION_POWER, REPLICAS, 0)
        device = {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": "d1", "meta": ""}
        place = {"ip": "127.0.0.1", "port": int(port), "replication_ip": "127.0.0.1", "replication_port": int(port)}
        ring.add_dev(device | place)
        ring.rebalance()
        ring.get_ring().save(str(folder / f"{name}.ring.gz"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
