"""The banner that `spike serve` prints at startup: its address, and how to try it."""

import ipaddress
import shlex
from importlib.resources import files
from pathlib import Path
from typing import Final

from spike_core.domain.accounts import Email
from spike_core.domain.errors import EmailTaken
from spike_core.domain.secrets import Secret
from spike_core.services.accounts import Registered
from spike_runtime import Settings, Spike

FIRST_EMAIL: Final = Email("owner@localhost")
SAMPLE: Final = "sample.jpg"
_LOOPBACK: Final = ipaddress.IPv4Address("127.0.0.1")
_EVERYWHERE: Final = "*"  # waitress's notation for all addresses
_ENGINES: Final = {
    "neural": "neural, super-resolution by small networks",
    "classical": "classical, resampling by Lanczos; install spike-core[neural] for neural networks",
}


def first_user(spike: Spike) -> Registered | None:
    """Create the first user of an empty database; return `None` if there is a user already."""
    with spike.database.transactions.view() as tx:
        if tx.audit.wallets(limit=1):
            return None
    try:
        return spike.accounts.registration.register(FIRST_EMAIL)
    except EmailTaken:  # by another server, which started at the same moment
        return None


def welcome(settings: Settings, user: Registered | None, *, engine_name: str, host: str, port: int) -> str:
    """Return the banner. For the first user it contains the token, which is never shown again."""
    url = settings.public_url.rstrip("/") or local_url(host, port)
    lines = [
        "",
        f"  Spike serves {url}",
        f"  Data folder: {settings.data_dir.resolve()}",
        f"  Engine: {_ENGINES.get(engine_name, engine_name)}",
        "",
    ]
    if user is None:
        hints = ["  Sign in: spike users link EMAIL", "  Another account: spike users create EMAIL"]
        return "\n".join([*lines, *hints, ""])
    sample = _sample(settings.data_dir.resolve())
    token = user.session_token.text
    return "\n".join(
        [
            *lines,
            f"  Your first account, {user.user.email}, has {user.balance} tokens.",
            f"  Sign in: {sign_in_link(url, user.session_token)}",
            f"  Sign-in token (shown once): {token}",
            f"  API key       (shown once): {user.api_key.text}",
            "",
            "  Enhance a picture:",
            "",
            f'  curl -F "file=@{sample}" -H "Authorization: Bearer {token}" {shlex.quote(url + "/api/images/upload")}',
            "",
        ]
    )


def local_url(host: str, port: int) -> str:
    """Return the URL at which a server that is bound to this address answers on this machine."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:  # a name
        return f"http://{'localhost' if host == _EVERYWHERE else host}:{port}"
    if address in {_LOOPBACK, ipaddress.IPv4Address(0)}:
        return f"http://localhost:{port}"
    if address.version == _LOOPBACK.version:
        return f"http://{address}:{port}"
    shown = "::1" if address.is_unspecified else str(address).replace("%", "%25")  # RFC 6874
    return f"http://[{shown}]:{port}"


def sign_in_link(url: str, token: Secret) -> str:
    """Return the link that signs a browser in. The token is in the fragment, which browsers don't send."""
    return f"{url}/#token={token.text}"


def sample_picture() -> bytes:
    """Return the picture that the studio shows to visitors."""
    return files("spike_http").joinpath("studio", SAMPLE).read_bytes()


def _sample(folder: Path) -> Path:
    """Put a sample picture into the data folder, so that the printed curl command works unchanged."""
    path = folder / SAMPLE
    if not path.exists():
        path.write_bytes(sample_picture())
    return path
