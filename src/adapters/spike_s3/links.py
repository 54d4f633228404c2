"""Presigned links: addresses at the store itself that are valid for a while (AWS Signature Version 4, in the query)."""

import math
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from spike_core.domain.errors import InvalidValue
from spike_s3.connection import Connected

# An object's link stays the same for so long, so that a browser's cache knows it again.
SIGNING_STEP: Final = timedelta(minutes=5)
VALIDITY_MAX: Final = timedelta(days=7)  # the protocol knows no longer one

_STEP_S: Final = int(SIGNING_STEP.total_seconds())


def presigned(connected: Connected, path: str, *, now: datetime, valid_for: timedelta) -> str:
    """Return a link to `path`, valid for at least `valid_for` and for `SIGNING_STEP` more at most.

    It is signed as of the last multiple of the step, unless that would make it too long for the protocol.

    Raises:
        InvalidValue: `valid_for` is more than `VALIDITY_MAX`.
    """
    if valid_for > VALIDITY_MAX:
        raise InvalidValue(what="a link's lifetime", rule=f"must be at most {VALIDITY_MAX.days} days")
    signed_at = now - timedelta(seconds=now.timestamp() % _STEP_S)
    valid_s = math.ceil(valid_for.total_seconds()) + _STEP_S
    if valid_s > VALIDITY_MAX.total_seconds():
        signed_at, valid_s = now, math.ceil(valid_for.total_seconds())
    request = AWSRequest(method="GET", url=f"{connected.endpoint_url}/{path}")
    _DatedSigner(connected, signed_at=signed_at, valid_s=valid_s).add_auth(request)
    return str(request.url)


class _DatedSigner(S3SigV4QueryAuth):
    """The library's signer, but for the time: it would take the machine's, to the second."""

    def __init__(self, connected: Connected, *, signed_at: datetime, valid_s: int) -> None:
        super().__init__(connected.frozen_credentials(), "s3", connected.region, expires=valid_s)
        self._timestamp = signed_at.strftime(SIGV4_TIMESTAMP)

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = self._timestamp
        super()._modify_request_before_signing(request)  # type: ignore[misc]  # the stubs leave it out
