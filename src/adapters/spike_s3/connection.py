"""The way to the bucket: one client for each process, made when it is first needed."""

import base64
import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any, Final

import boto3
from attrs import frozen
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError
from botocore.handlers import add_expect_header

from spike_s3.address import S3Address
from spike_s3.errors import refused

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECTIONS_MAX: Final = 32  # kept open at once; more threads than that share them
DEFAULT_REGION: Final = "us-east-1"  # R2 and most servers of one's own take it for theirs


@frozen(kw_only=True)
class Connected:
    """A client, and what links are signed with."""

    client: "S3Client"
    endpoint_url: str
    region: str
    credentials: Credentials

    def frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the credentials of this moment; those of a role are renewed when they are about to end."""
        return self.credentials.get_frozen_credentials()


class Connection:
    """Makes the client of this process. A client is shared by threads, and never inherited over a fork.

    Nothing is asked before the first use: finding credentials may ask the machine's metadata service.
    """

    def __init__(self, address: S3Address) -> None:
        """Connect to nothing yet."""
        self.address = address
        self._making = threading.Lock()
        self._made: tuple[int, Connected] | None = None

    def __repr__(self) -> str:
        """Name the bucket; nothing else is anybody's business."""
        return f"Connection({self.address})"

    def get(self) -> Connected:
        """Return this process's client.

        Raises:
            StorageRefused: there are no credentials, or boto3 can't read its own settings.
        """
        made = self._made
        if made is not None and made[0] == os.getpid():
            return made[1]
        with self._making:
            made = self._made
            if made is None or made[0] != os.getpid():
                made = self._made = (os.getpid(), self._connect())
            return made[1]

    def _connect(self) -> Connected:
        address = self.address
        try:
            session = boto3.Session()
            region = address.region or session.region_name or DEFAULT_REGION
            credentials = session.get_credentials()
            if credentials is None:
                raise refused(address, "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
            client = session.client(
                "s3", region_name=region, endpoint_url=address.endpoint_url or None, config=_config(address)
            )
        except BotoCoreError as error:
            raise refused(address, f"boto3 can't be set up ({type(error).__name__}): {error}") from error
        # every other store than Amazon's asks for it, and Amazon takes it
        client.meta.events.register("before-call.s3.DeleteObjects", _add_content_md5)
        # a server that never says "100 Continue" would cost every upload a second, and R2 is documented not to
        client.meta.events.unregister("before-call.s3", add_expect_header)
        client.meta.events.register("before-call.s3", _stay_in_the_region)
        return Connected(
            client=client,
            endpoint_url=address.public_endpoint_url or client.meta.endpoint_url.rstrip("/"),
            region=region,
            credentials=credentials,
        )


def _config(address: S3Address) -> "Config":
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        # the checksums that newer clients add of their own accord are refused by R2 and others
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=address.connect_timeout_s,
        read_timeout=address.read_timeout_s,
        retries={"mode": "standard", "total_max_attempts": address.attempts_max},
        max_pool_connections=CONNECTIONS_MAX,
        tcp_keepalive=True,
    )


def _add_content_md5(params: dict[str, Any], **_: Any) -> None:
    digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode("ascii")


def _stay_in_the_region(params: dict[str, Any], **_: Any) -> None:
    """Keep the library from following a bucket to another region by itself.

    Links would still be signed for the wrong one; and of a server that redirects everything it would ask without end.
    """
    params["context"].setdefault("s3_redirect", {})["redirected"] = True
