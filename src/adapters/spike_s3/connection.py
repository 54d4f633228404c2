"""The connection to the bucket: one client per process, created on first use."""

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

CONNECTIONS_MAX: Final = 32  # kept alive; more threads than that share them
DEFAULT_REGION: Final = "us-east-1"  # the default of R2 and most self-hosted servers


@frozen(kw_only=True)
class Connected:
    """A client, and what is needed to sign URLs for its bucket."""

    client: "S3Client"
    endpoint_url: str
    region: str
    credentials: Credentials

    def frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the current credentials; temporary ones of a role are renewed before they expire."""
        return self.credentials.get_frozen_credentials()


class Connection:
    """Creates this process's client, which its threads share. A forked child process creates its own.

    Nothing is requested before the first use: looking up credentials may call the machine's metadata service.
    """

    def __init__(self, address: S3Address) -> None:
        """Store the address; no connection is made."""
        self.address = address
        self._making = threading.Lock()
        self._made: tuple[int, Connected] | None = None

    def __repr__(self) -> str:
        """Name the bucket only, without credentials."""
        return f"Connection({self.address})"

    def get(self) -> Connected:
        """Return this process's client.

        Raises:
            StorageRefused: there are no credentials, or boto3 can't read its configuration.
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
        # required by every store but Amazon's, which accepts it
        client.meta.events.register("before-call.s3.DeleteObjects", _add_content_md5)
        # a server that never sends "100 Continue" would delay each upload by a second, and R2 is documented not to send
        # it
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
        # R2 and others reject the checksums that newer clients add by default
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
    """Prevent boto3 from following a bucket to another region.

    Signed URLs would still be for the configured region; and a server that redirects every request would cause an
    endless loop.
    """
    params["context"].setdefault("s3_redirect", {})["redirected"] = True
