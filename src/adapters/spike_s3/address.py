"""The bucket's address, parsed from `s3://bucket/prefix?endpoint_url=…`."""

import re
from collections.abc import Mapping
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

from spike_core.domain.errors import InvalidValue

CONNECT_TIMEOUT_S: Final = 3.0
READ_TIMEOUT_S: Final = 30.0  # of silence; a small store may take this long to delete a thousand objects
ATTEMPTS_MAX: Final = 3  # of one call; boto3 pauses between them with exponential backoff

_WHAT: Final = "storage URL"
_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_PREFIX: Final = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*")
_REGION: Final = re.compile(r"[a-z0-9-]{1,63}")
_SECONDS: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?")
_ATTEMPTS: Final = re.compile(r"[1-9]|10")
_OPTIONS: Final = (
    "endpoint_url",
    "public_endpoint_url",
    "region",
    "connect_timeout_s",
    "read_timeout_s",
    "attempts_max",
)


@frozen(kw_only=True)
class S3Address:
    """A bucket, the prefix of Spike's objects in it, and the timeouts and retries of calls to it."""

    bucket: str
    prefix: str = ""  # empty, or ends with a slash
    endpoint_url: str = ""  # Amazon S3 if empty
    public_endpoint_url: str = ""  # the host of signed URLs, if clients reach the store by another name than Spike does
    region: str = ""  # if empty, what boto3 is configured with, else us-east-1
    connect_timeout_s: float = field(default=CONNECT_TIMEOUT_S)
    read_timeout_s: float = field(default=READ_TIMEOUT_S)
    attempts_max: int = field(default=ATTEMPTS_MAX)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the address that a storage URL contains.

        Raises:
            InvalidValue: the URL is invalid. The message never repeats it, since it may contain secrets.
        """
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise _wrong("must look like s3://bucket?endpoint_url=https://…") from error
        if parts.scheme != "s3" or parts.fragment:
            raise _wrong("must look like s3://bucket?endpoint_url=https://…")
        if "@" in parts.netloc:
            raise _wrong(
                "must not contain credentials: boto3 reads them from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        if _BUCKET.fullmatch(parts.netloc) is None:
            raise _wrong("must name a bucket")
        options = _options(parts.query)
        return cls(
            bucket=parts.netloc,
            prefix=_prefix(parts.path),
            endpoint_url=_endpoint("endpoint_url", options),
            public_endpoint_url=_endpoint("public_endpoint_url", options),
            region=_matching(_REGION, "region", options, default=""),
            connect_timeout_s=_seconds("connect_timeout_s", options, default=CONNECT_TIMEOUT_S),
            read_timeout_s=_seconds("read_timeout_s", options, default=READ_TIMEOUT_S),
            attempts_max=int(_matching(_ATTEMPTS, "attempts_max", options, default=str(ATTEMPTS_MAX))),
        )

    def __str__(self) -> str:
        """Return a description for messages."""
        return f"bucket {self.bucket!r} at {self.endpoint_url or 'Amazon S3'}"


def _wrong(rule: str) -> InvalidValue:
    return InvalidValue(what=_WHAT, rule=rule)


def _options(query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError as error:
        raise _wrong("must have options such as ?endpoint_url=https://…") from error
    options = dict(pairs)
    if len(options) < len(pairs) or not options.keys() <= set(_OPTIONS):
        raise _wrong(f"may have each of these options once, and no others: {', '.join(_OPTIONS)}")
    return options


def _prefix(path: str) -> str:
    prefix = path.strip("/") + "/" if path.strip("/") else ""
    if _PREFIX.fullmatch(prefix) is None:
        raise _wrong("must have a path of letters, digits, dots, dashes and underscores between slashes")
    return prefix


def _endpoint(name: str, options: Mapping[str, str]) -> str:
    """Return an endpoint URL without its trailing slash. A path is allowed, since some stores have one."""
    if not (text := options.get(name, "")):
        return ""
    wrong = _wrong(f"must have an {name} such as https://s3.example.org, without credentials")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    is_plain = text.isascii() and text.isprintable() and not set(text) & set(" ?#@%")
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or not is_plain:
        raise wrong
    return text.rstrip("/")


def _matching(pattern: re.Pattern[str], name: str, options: Mapping[str, str], *, default: str) -> str:
    text = options.get(name, default)
    if text != default and pattern.fullmatch(text) is None:
        raise _wrong(f"has an invalid {name}")
    return text


def _seconds(name: str, options: Mapping[str, str], *, default: float) -> float:
    seconds = float(_matching(_SECONDS, name, options, default=str(default)))
    if seconds <= 0:
        raise _wrong(f"must have a {name} above 0")
    return seconds
