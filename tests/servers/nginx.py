"""nginx with `deploy/nginx.conf` in front of local servers, from Debian's package.

Without it, tests that need it fail in CI and are skipped elsewhere.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from missing import do_without
from servers.processes import Command, Processes, free_port

NO_CHANGES: Final[Mapping[str, str]] = {}
CONFIGURATION: Final = Path(__file__).parents[2] / "deploy" / "nginx.conf"


OBJECTS: Final = "/var/lib/spike/objects/"
UNLIMITED: Final = {"rate=100r/s": "rate=100000r/s"}  # for a load from one address


@contextmanager
def nginx_before(first: int, second: int, *, changes: Mapping[str, str] = NO_CHANGES) -> Iterator[int]:
    """Run nginx in front of two local ports, with changes to its configuration, and yield its own port."""
    binary = found_nginx()
    with tempfile.TemporaryDirectory(prefix="spike-nginx-") as folder:
        port = free_port()
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(
            configured(
                {
                    "web1:3000": f"127.0.0.1:{first}",
                    "web2:3000": f"127.0.0.1:{second}",
                    "listen 8080;": f"listen 127.0.0.1:{port};",
                    "/tmp/": f"{folder}/",  # noqa: S108  # what stands there
                    "/dev/stdout": f"{folder}/access.log",
                    **changes,
                }
            )
        )
        as_anybody = "user root;" if os.geteuid() == 0 else ""  # the folder is ours alone
        command = Command(
            arguments=[binary, "-c", str(configuration), "-g", f"daemon off; {as_anybody}"],
            environment={},
            port=port,
            log=Path(folder, "nginx.log"),
        )
        processes = Processes([command])
        processes.start()
        try:
            yield port
        finally:
            processes.stop()


def nginx_binary() -> str | None:
    """Return the path of nginx, if it is installed."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def configured(addresses: Mapping[str, str]) -> str:
    """Return the configuration with other addresses and folders, each of which must occur in it."""
    text = CONFIGURATION.read_text()
    for here, there in addresses.items():
        assert here in text, f"deploy/nginx.conf no longer says {here!r}"
        text = text.replace(here, there)
    return text


def found_nginx() -> str:
    """Return the program, or skip or fail the requesting test."""
    binary = nginx_binary()
    if binary is None:
        do_without("nginx isn't installed (apt-get install nginx-light)")
    return binary
