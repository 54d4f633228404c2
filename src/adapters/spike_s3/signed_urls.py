"""Presigned URLs: temporary URLs at the store itself (AWS Signature Version 4 in the query string)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from spike_core.domain.errors import InvalidValue
from spike_core.domain.validity_periods import ValidityPeriod
from spike_s3.connection import Connected

VALIDITY_MAX: Final = timedelta(days=7)  # a limit of the protocol


def presigned(
    connected: Connected, path: str, *, now: datetime, valid_for: timedelta, headers: Mapping[str, str]
) -> str:
    """Return a URL of `path` that is signed as of the beginning of its `ValidityPeriod`.

    `headers` are parameters such as `response-cache-control`, which set headers of the response; they are signed, too.

    Raises:
        InvalidValue: `valid_for` exceeds `VALIDITY_MAX`.
    """
    if valid_for > VALIDITY_MAX:
        raise InvalidValue(what="a link's lifetime", rule=f"must be at most {VALIDITY_MAX.days} days")
    period = ValidityPeriod.of(now, valid_for=valid_for, length_max=VALIDITY_MAX)
    valid_s = int((period.ends - period.begins).total_seconds())
    request = AWSRequest(method="GET", url=f"{connected.endpoint_url}/{path}?{urlencode(headers, quote_via=quote)}")
    _DatedSigner(connected, signed_at=period.begins, valid_s=valid_s).add_auth(request)
    return str(request.url)


class _DatedSigner(S3SigV4QueryAuth):
    """botocore's signer with a given time of signing; it would take the current second itself."""

    def __init__(self, connected: Connected, *, signed_at: datetime, valid_s: int) -> None:
        super().__init__(connected.frozen_credentials(), "s3", connected.region, expires=valid_s)
        self._timestamp = signed_at.strftime(SIGV4_TIMESTAMP)

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = self._timestamp
        super()._modify_request_before_signing(request)  # type: ignore[misc]  # the stubs leave it out
