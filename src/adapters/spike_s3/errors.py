"""Translation of boto3's errors to the domain's."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from urllib3.exceptions import HTTPError

from spike_core.domain.errors import ObjectNotFound, StorageRefused, StorageUnavailable
from spike_s3.address import S3Address

_CREDENTIALS: Final = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_MISSING: Final = frozenset({"NoSuchKey", "404", "NotFound"})  # responses to HEAD have no body, so no error code
_ELSEWHERE: Final = "the bucket is in another region: add region=… to the URL"

# errors that a retry can't resolve, and the remedy
_REASONS_BY_CODE: Final[Mapping[str, str]] = {
    "NoSuchBucket": "there is no such bucket: create it, or correct its name",
    "InvalidBucketName": "the bucket's name is invalid",
    "InvalidAccessKeyId": f"the access key is unknown: check {_CREDENTIALS}",
    "SignatureDoesNotMatch": f"the secret doesn't match the access key: check {_CREDENTIALS}",
    "AccessDenied": "access is denied: the key must be allowed to list the bucket, and read, write and delete objects",
    "ExpiredToken": "the session token has expired: get fresh credentials",
    "InvalidToken": "the session token isn't valid: get fresh credentials",
    "RequestTimeTooSkewed": "the clocks of this machine and the store differ: synchronize them",
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "IllegalLocationConstraintException": _ELSEWHERE,
    "PermanentRedirect": _ELSEWHERE,
}
# the same by status, for responses without a known error code
_REASONS_BY_STATUS: Final[Mapping[int, str]] = {
    HTTPStatus.MOVED_PERMANENTLY: "the store redirects requests: check endpoint_url and region in the URL",
    HTTPStatus.PERMANENT_REDIRECT: "the store redirects requests: check endpoint_url and region in the URL",
    HTTPStatus.UNAUTHORIZED: f"the credentials are unknown: check {_CREDENTIALS}",
    HTTPStatus.FORBIDDEN: f"access is denied: check {_CREDENTIALS}, and the key's permissions",
}

_log: Final = logging.getLogger(__name__)


def refused(address: S3Address, reason: str) -> StorageRefused:
    """Return the error, and log its reason: the client may see the error, but only an operator can fix its cause."""
    error = StorageRefused(reason=f"{address}: {reason}")
    _log.error("the object store rejects requests: %s", error.reason)
    return error


@contextmanager
def translated(address: S3Address) -> Iterator[None]:
    """Translate the errors of boto3 and its transport to the domain's.

    Raises:
        ObjectNotFound: no object has this key.
        StorageRefused: a setting is wrong.
        StorageUnavailable: any other error.
    """
    try:
        yield
    except ClientError as error:
        raise _of_response(address, error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise refused(address, f"there are no credentials: set {_CREDENTIALS}") from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise StorageUnavailable from error


def of_code(address: S3Address, code: str) -> StorageUnavailable:
    """Return the error for one of the store's error codes."""
    return refused(address, f"{_REASONS_BY_CODE[code]} ({code})") if code in _REASONS_BY_CODE else StorageUnavailable()


def _of_response(address: S3Address, error: ClientError) -> ObjectNotFound | StorageUnavailable:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING:
        return ObjectNotFound()
    if code not in _REASONS_BY_CODE and status in _REASONS_BY_STATUS:
        return refused(address, f"{_REASONS_BY_STATUS[status]} ({status} {code})")
    return of_code(address, code)
