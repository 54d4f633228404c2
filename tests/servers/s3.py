"""The S3 server of the tests: the one that `SPIKE_TEST_S3_URL` names, else Swift, else moto's.

`SPIKE_TEST_S3_URL` looks like `SPIKE_STORAGE_URL` and names a bucket that exists; boto3 finds its credentials, in
`AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` for instance. The tests keep to a folder of their own in it.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import boto3
import pytest
from attrs import field, frozen

import service_models
from missing import do_without
from servers.processes import Command, Processes, free_port
from servers.swift_server import ACCESS_KEY, REGION, SECRET_KEY, swift, what_is_missing

service_models.read_once()

VARIABLE: Final = "SPIKE_TEST_S3_URL"
BUCKET: Final = "spike-tests"


@frozen(kw_only=True)
class S3Server:
    """A running server, and a bucket on it."""

    storage_url: str  # as SPIKE_STORAGE_URL has it, without a prefix
    credentials: Mapping[str, str] = field(factory=dict, repr=False)  # for the environment, where it hasn't them yet
    checks_signatures: bool = True

    def url(self, prefix: str, **options: str) -> str:
        """Return the storage URL of a folder in the bucket."""
        base, _, query = self.storage_url.partition("?")
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"{base}/{prefix}?{query}{more}"


@frozen(kw_only=True)
class OwnServer:
    """A server that the tests have started and may stop and restart."""

    endpoint_url: str
    processes: Processes
    checks_signatures: bool = True

    @property
    def credentials(self) -> Mapping[str, str]:
        """Return the environment in which boto3 finds this server's credentials and no others."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def with_bucket(self, name: str = BUCKET) -> S3Server:
        """Create a bucket."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )
        client.create_bucket(Bucket=name)
        return S3Server(
            storage_url=f"s3://{name}?endpoint_url={self.endpoint_url}&region={REGION}",
            credentials=self.credentials,
            checks_signatures=self.checks_signatures,
        )


@contextmanager
def running(folder: Path) -> Iterator[OwnServer]:
    """Start a server with this folder, and stop it at the end."""
    if missing := what_is_missing(folder):
        if not _version_of("moto"):
            do_without(f"no S3 server: {missing}")
        port = free_port()
        arguments = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        command = Command(arguments=arguments, environment=os.environ, port=port, log=folder / "moto.log")
        endpoint_url, processes, checks_signatures = f"http://127.0.0.1:{port}", Processes([command]), False
    else:
        if not _version_of("swift"):
            do_without("no S3 server: Swift isn't installed; it is in the development requirements")
        (endpoint_url, processes), checks_signatures = swift(folder), True
    processes.start()
    try:
        yield OwnServer(endpoint_url=endpoint_url, processes=processes, checks_signatures=checks_signatures)
    finally:
        processes.stop()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Return the server that all tests of a process share."""
    if url := os.environ.get(VARIABLE, ""):
        yield S3Server(storage_url=url if "?" in url else f"{url}?")
        return
    with running(tmp_path_factory.mktemp("s3")) as own:
        yield own.with_bucket()


def pytest_report_header() -> str:
    """Report which S3 server is used."""
    if os.environ.get(VARIABLE):
        return f"S3: the server of {VARIABLE}"
    name = "swift" if sys.platform == "linux" else "moto"
    return f"S3: {name} {_version_of(name) or 'is missing: its tests are skipped, and fail in CI'}"


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
