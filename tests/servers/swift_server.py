"""OpenStack Swift with its S3 API, from wheels: its four servers, in one process, over a folder of the tests.

Access keys, signatures, expiry and conditional requests are checked as in production; only its replication and its
background daemons aren't there. The S3 API has neither tags nor lifecycle rules nor POST policies.
"""

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from servers.processes import Command, Processes, free_port

ACCESS_KEY: Final = "test:tester"
SECRET_KEY: Final = "testing-secret"
REGION: Final = "us-east-1"
BACKENDS: Final = ("account", "container", "object")

_PROGRAM: Final = Path(__file__).with_name("swift_program.py")
_SWIFT_CONF: Final = """
[swift-hash]
swift_hash_path_prefix = tests
swift_hash_path_suffix = tests
[storage-policy:0]
name = gold
default = yes
"""
_DEFAULT: Final = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
swift_dir = {folder}
user = {user}
workers = 0
log_level = WARNING
"""
_BACKEND: Final = (
    _DEFAULT
    + """
devices = {folder}/devices
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""
)
_PROXY: Final = (
    _DEFAULT
    + """
[pipeline:main]
pipeline = catch_errors s3api tempauth copy slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:s3api]
use = egg:swift#s3api
auth_pipeline_check = false
multi_delete_concurrency = 16
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""
)


def what_is_missing(folder: Path) -> str:
    """Return why Swift can't run with this folder, or an empty text."""
    if sys.platform != "linux":
        return "Swift runs on Linux alone"
    probe = folder / "attributes"
    probe.touch()
    try:
        os.setxattr(probe, "user.swift.metadata", b"x")
    except OSError as error:
        return f"Swift keeps metadata in extended attributes, which {folder} has not: {error.strerror}"
    finally:
        probe.unlink()
    return ""


def swift(folder: Path) -> tuple[str, Processes]:
    """Return the endpoint's URL, and its process, not started yet."""
    (folder / "devices" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(_SWIFT_CONF)
    ports = {name: free_port() for name in (*BACKENDS, "proxy")}
    facts = {"folder": folder, "user": getpass.getuser(), "region": REGION, "secret": SECRET_KEY}
    for name, port in ports.items():
        text = _PROXY if name == "proxy" else _BACKEND
        (folder / f"{name}.conf").write_text(text.format(name=name, port=port, **facts))
    arguments = [sys.executable, str(_PROGRAM), str(folder), *(f"{name}:{port}" for name, port in ports.items())]
    environment = {**os.environ, "SWIFT_DIR": str(folder)}
    command = Command(arguments=arguments, environment=environment, port=ports["proxy"], log=folder / "swift.log")
    return f"http://127.0.0.1:{ports['proxy']}", Processes([command])
