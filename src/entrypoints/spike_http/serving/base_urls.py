"""The base URL of the service as clients see it: the scheme, host and path prefix of the links in responses.

The first of these that is present decides: the setting `SPIKE_PUBLIC_URL`; `X-Forwarded-Proto` and `X-Forwarded-Host`,
from a trusted proxy alone; the header `Host`, if it is a local name; the address that the connection came in on.

Any other `Host` may be an attacker's: a page whose name resolves to this machine (DNS rebinding) sends its own.

The path prefix is that of `SPIKE_PUBLIC_URL`, followed by `SCRIPT_NAME` (PEP 3333), where a WSGI server or framework
has mounted the application. What both contain counts once.
"""

import ipaddress
import re
from collections.abc import Collection
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

import falcon
from attrs import field, frozen

from spike_http.serving.proxies import Address, Proxies

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
    own_names: Collection[str] = frozenset()  # names, in lower case, that the server was asked to listen on

    @property
    def public_path(self) -> str:
        """The path of the public URL, such as `/spike`; empty if it has none."""
        return urlsplit(self.public_url).path

    def base_url(self, req: falcon.Request) -> str:
        """Return scheme, host and path prefix of the service, without a trailing slash."""
        if self.public_url:
            return self.public_url.removesuffix(self.public_path) + self.base_path(req)
        return f"{self._scheme(req)}://{self._host(req)}{self.base_path(req)}"

    def base_path(self, req: falcon.Request) -> str:
        """Return the path prefix of the service, such as `/spike`; usually it is empty."""
        return joined_paths(self.public_path, _mount_path(req))

    def is_secure(self, req: falcon.Request) -> bool:
        """Return whether clients reach the service by https."""
        return self.base_url(req).startswith("https:")

    def is_own(self, req: falcon.Request, origin: str) -> bool:
        """Return whether an origin (RFC 6454) is the service's own: that of the request, or of the public URL."""
        own = {_origin(url) for url in (f"{self._scheme(req)}://{self._host(req)}", self.public_url) if url}
        return _origin(origin) in own - {""}

    def is_unknown_host(self, req: falcon.Request, origin: str) -> bool:
        """Return whether an origin is that of the request's `Host`, which isn't known to be the service's own."""
        host = req.get_header("Host") or ""
        return _origin(origin) == _origin(f"{self._scheme(req)}://{host}") != "" and not self.is_own(req, origin)

    def _scheme(self, req: falcon.Request) -> str:
        said = self._forwarded(req, "X-Forwarded-Proto").lower()
        return said if said in _DEFAULT_PORTS else req.scheme

    def _host(self, req: falcon.Request) -> str:
        forwarded = self._forwarded(req, "X-Forwarded-Host")
        if _is_host(forwarded):
            return forwarded
        asked = req.get_header("Host") or ""
        return asked if _is_host(asked) and self._is_local(req, asked) else _server_host(req)

    def _is_local(self, req: falcon.Request, host: str) -> bool:
        """Return whether a host is this machine for every client: a loopback name, or the server's own address."""
        name = urlsplit(f"//{host}").hostname or ""
        address = _address(name)
        if address is None:
            plain = name.rstrip(".")
            is_loopback = plain == "localhost" or plain.endswith(".localhost")  # RFC 6761, section 6.3
            return is_loopback or plain in self.own_names or name == req.env["SERVER_NAME"].lower()
        return address.is_loopback or address == _address(req.env["SERVER_NAME"])

    def _forwarded(self, req: falcon.Request, name: str) -> str:
        """Return the last value of a trusted proxy's header, which the nearest proxy set; else an empty string."""
        if not self.proxies.trust(req):
            return ""
        return (req.get_header(name) or "").rpartition(",")[2].strip()


def joined_paths(outer: str, inner: str) -> str:
    """Return the first path followed by the second; the segments that end the one and begin the other count once.

    So `/spike` is the result of `/spike` and `/spike`, of `/spike` and nothing, and of nothing and `/spike`.
    """
    ahead, behind = outer.split("/")[1:], inner.split("/")[1:]
    shared = next(n for n in range(min(len(ahead), len(behind)), -1, -1) if ahead[len(ahead) - n :] == behind[:n])
    return "".join(f"/{segment}" for segment in [*ahead, *behind[shared:]])


def _mount_path(req: falcon.Request) -> str:
    """Return where the application is mounted, percent-encoded, without a trailing slash; empty at the root."""
    path = req.root_path.strip("/")
    return "/" + quote(path, safe="/-._~!$&'()*+,=:@", errors="replace") if path else ""  # RFC 3986, less `;`


def _is_host(text: str) -> bool:
    return len(text) <= _HOST_CHARS_MAX and _HOST.fullmatch(text) is not None and _port_of(text) is not None


def _port_of(host: str) -> int | None:
    """Return a host's port, 0 without one; `None` if it is out of range or an address in brackets is none."""
    try:
        return urlsplit(f"//{host}").port or 0
    except ValueError:
        return None


def _address(name: str) -> Address | None:
    """Return an address, an embedded IPv4 address by itself; `None` for a name."""
    try:
        address = ipaddress.ip_address(name.strip("[]").partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


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
