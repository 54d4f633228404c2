"""The image server's settings: its URL, API key and model."""

import re
from typing import Final, Self

import httpx2
from attrs import field, frozen

from spike_core.domain.errors import InvalidValue

URL_SETTING: Final = "SPIKE_GENERATOR_URL"
KEY_SETTING: Final = "SPIKE_GENERATOR_API_KEY"
MODEL_SETTING: Final = "SPIKE_GENERATOR_MODEL"
HOSTS_WITH_KEYS: Final = frozenset({"api.openai.com"})  # hosts known to require a key; other servers may not need one

_KEY: Final = re.compile(r"[!-~]*")  # what a header may contain: printable ASCII without spaces
_MODEL: Final = re.compile(r"[!-~]{0,200}")
_PORTS: Final = {"http": 80, "https": 443}


@frozen(kw_only=True)
class ImageServer:
    """A server with OpenAI's images API."""

    base: httpx2.URL  # the URL before `/images/generations`
    api_key: str = field(repr=False)  # empty if the server requires none
    model: str  # empty for the server's default

    @classmethod
    def parse(cls, url: str, *, api_key: str, model: str) -> Self:
        """Return the server that the settings describe.

        Raises:
            InvalidValue: a setting is invalid; the error names it and never repeats the key.
        """
        base = _base(url)
        if _KEY.fullmatch(api_key) is None:
            raise InvalidValue(what=KEY_SETTING, rule="must be printable ASCII without spaces or line ends")
        if not api_key and base.host in HOSTS_WITH_KEYS:
            raise InvalidValue(what=KEY_SETTING, rule=f"must be set: {base.host} requires a key")
        if _MODEL.fullmatch(model) is None:
            raise InvalidValue(what=MODEL_SETTING, rule="must be at most 200 printable characters without spaces")
        return cls(base=base, api_key=api_key, model=model)

    def endpoint(self, path: str) -> httpx2.URL:
        """Return the URL of an API path such as `images/edits`."""
        return self.base.copy_with(path=f"{self.base.path.rstrip('/')}/{path}")

    def owns(self, url: httpx2.URL) -> bool:
        """Return whether the URL has the server's origin (scheme, host and port) and no credentials."""
        return _origin(url) == _origin(self.base) and not url.userinfo

    def __str__(self) -> str:
        """Return the origin, for log lines."""
        return f"{self.base.scheme}://{self.base.netloc.decode('ascii')}"


def _base(url: str) -> httpx2.URL:
    if not url:
        raise InvalidValue(what=URL_SETTING, rule="must be set, such as https://api.openai.com/v1")
    try:
        base = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise InvalidValue(what=URL_SETTING, rule="must be an address such as https://api.openai.com/v1") from error
    if base.scheme not in _PORTS or not base.host:
        raise InvalidValue(what=URL_SETTING, rule="must be an http or https address with a host")
    if base.userinfo:
        raise InvalidValue(what=URL_SETTING, rule=f"must not contain credentials: put the key in {KEY_SETTING}")
    if base.query or base.fragment:
        raise InvalidValue(what=URL_SETTING, rule="must have no query and no fragment")
    return base


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)
