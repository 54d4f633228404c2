"""What goes wrong with a bucket, in the domain's words."""

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
_MISSING: Final = frozenset({"NoSuchKey", "404", "NotFound"})  # answers to HEAD have no body, so no word either
_ELSEWHERE: Final = "the bucket is in another region: name it as region=… in the URL"

# what no repetition mends, and what to do about it
_REFUSALS: Final[Mapping[str, str]] = {
    "NoSuchBucket": "there is no such bucket: make it, or correct its name",
    "InvalidBucketName": "that can't be the name of a bucket",
    "InvalidAccessKeyId": f"it doesn't know the access key: check {_CREDENTIALS}",
    "SignatureDoesNotMatch": f"the secret isn't the access key's: check {_CREDENTIALS}",
    "AccessDenied": "the access key may not do this: it must list the bucket, and read, write and delete objects",
    "ExpiredToken": "the session token has expired: get fresh credentials",
    "InvalidToken": "the session token isn't valid: get fresh credentials",
    "RequestTimeTooSkewed": "the clocks of this machine and of the store differ: set them",
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "IllegalLocationConstraintException": _ELSEWHERE,
    "PermanentRedirect": _ELSEWHERE,
}
# what an answer without one of these words means
_REFUSING: Final[Mapping[int, str]] = {
    HTTPStatus.MOVED_PERMANENTLY: "it sends us elsewhere: check endpoint_url and region in the URL",
    HTTPStatus.PERMANENT_REDIRECT: "it sends us elsewhere: check endpoint_url and region in the URL",
    HTTPStatus.UNAUTHORIZED: f"it doesn't know us: check {_CREDENTIALS}",
    HTTPStatus.FORBIDDEN: f"it doesn't let us: check {_CREDENTIALS}, and what the key may do",
}

_log: Final = logging.getLogger(__name__)


def refused(address: S3Address, reason: str) -> StorageRefused:
    """Return the error, and log its reason: who meets it may be a client, who can mend it reads the log."""
    error = StorageRefused(reason=f"{address}: {reason}")
    _log.error("the object store refuses us: %s", error.reason)
    return error


@contextmanager
def translated(address: S3Address) -> Iterator[None]:
    """Turn what boto3 and its transport raise into the domain's errors.

    Raises:
        ObjectNotFound: there is none under the key.
        StorageRefused: the settings are wrong.
        StorageUnavailable: anything else.
    """
    try:
        yield
    except ClientError as error:
        raise _of_answer(address, error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise refused(address, f"there are no credentials: set {_CREDENTIALS}") from error
    except (BotoCoreError, HTTPError, OSError) as error:
        raise StorageUnavailable from error


def of_code(address: S3Address, code: str) -> StorageUnavailable:
    """Return the error that the store's word for it stands for."""
    return refused(address, f"{_REFUSALS[code]} ({code})") if code in _REFUSALS else StorageUnavailable()


def _of_answer(address: S3Address, error: ClientError) -> ObjectNotFound | StorageUnavailable:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _MISSING:
        return ObjectNotFound()
    if code not in _REFUSALS and status in _REFUSING:
        return refused(address, f"{_REFUSING[status]} ({status} {code})")
    return of_code(address, code)
