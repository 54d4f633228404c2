"""The base URL of the service as clients see it: the scheme, host and path prefix of the links in responses.

The first of these that is present decides: the setting `SPIKE_PUBLIC_URL`; `X-Forwarded-Proto` and `X-Forwarded-Host`,
from a trusted proxy alone; the header `Host`; the address that the connection came in on.
"""

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

import falcon
from attrs import field, frozen

from spike_http.serving.proxies import Proxies

_HOST_CHARS_MAX: Final = 255
# RFC 3986, section 3.2.2, as far as web servers have such hosts: a name, an IPv4 or an IPv6 address, and a port
_HOST: Final = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def _without_slash(url: str) -> str:
    return url.rstrip("/")


@frozen(kw_only=True)
class BaseUrls:
    """Determines the base URL for each request."""

    public_url: str = field(converter=_without_slash)  # empty if it isn't set
    proxies: Proxies

    @property
    def public_path(self) -> str:
        """The path of the public URL, such as `/spike`; empty if it has none."""
        return urlsplit(self.public_url).path

    def base_url(self, req: falcon.Request) -> str:
        """Return scheme, host and path prefix of the service, without a trailing slash."""
        if self.public_url:
            return self.public_url
        return f"{self._scheme(req)}://{self._host(req)}{req.root_path.rstrip('/')}"

    def base_path(self, req: falcon.Request) -> str:
        """Return the path prefix of the service, such as `/spike`; usually it is empty."""
        return self.public_path if self.public_url else req.root_path.rstrip("/")

    def is_secure(self, req: falcon.Request) -> bool:
        """Return whether clients reach the service by https."""
        return self.base_url(req).startswith("https:")

    def is_own(self, req: falcon.Request, origin: str) -> bool:
        """Return whether an origin (RFC 6454) is the service's own: that of the request, or of the public URL."""
        own = {_origin(url) for url in (f"{self._scheme(req)}://{self._host(req)}", self.public_url) if url}
        return _origin(origin) in own - {""}

    def _scheme(self, req: falcon.Request) -> str:
        said = self._forwarded(req, "X-Forwarded-Proto").lower()
        return said if said in _DEFAULT_PORTS else req.scheme

    def _host(self, req: falcon.Request) -> str:
        for said in (self._forwarded(req, "X-Forwarded-Host"), req.get_header("Host") or ""):
            if len(said) <= _HOST_CHARS_MAX and _HOST.fullmatch(said):
                return said
        return _server_host(req)

    def _forwarded(self, req: falcon.Request, name: str) -> str:
        """Return the last value of a trusted proxy's header, which the nearest proxy set; else an empty string."""
        if not self.proxies.trust(req):
            return ""
        return (req.get_header(name) or "").rpartition(",")[2].strip()


def _server_host(req: falcon.Request) -> str:
    """Return the server's own address (PEP 3333)."""
    name, port = req.env["SERVER_NAME"], str(req.env["SERVER_PORT"])
    host = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return host if port == _DEFAULT_PORTS[req.scheme] else f"{host}:{port}"


def _origin(url: str) -> str:
    """Return scheme, host and port as browsers write them; empty for a URL without a host."""
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port or _DEFAULT_PORTS[parts.scheme]}"
