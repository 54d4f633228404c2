"""What a URL alone shows."""

from typing import Final
from urllib.parse import urlsplit

from spike_core.domain.errors import UnsafeAddress

URL_CHARS_MAX: Final = 2048


def check_url(url: str) -> None:
    """Check what the URL alone shows.

    Raises:
        UnsafeAddress: it isn't http or https, has no host, contains credentials, or is too long.
    """
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise UnsafeAddress from error
    is_plain = parts.username is None and parts.password is None and url.isprintable() and " " not in url
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_plain or not has_port:
        raise UnsafeAddress
    if len(url) > URL_CHARS_MAX:
        raise UnsafeAddress


def encoded(url: str) -> bytes:
    """Return the URL as it is sent.

    Raises:
        UnsafeAddress: it has characters that aren't allowed in URLs.
    """
    try:
        return url.partition("#")[0].encode("ascii")
    except UnicodeEncodeError as error:
        raise UnsafeAddress from error
