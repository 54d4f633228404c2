"""The banner that `spike serve` prints at startup: its address, and how to try it."""

import ipaddress
import shlex
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Final

from spike_core.domain.accounts import Email
from spike_core.domain.errors import EmailTaken
from spike_core.domain.secrets import Secret
from spike_core.services.accounts import Registered
from spike_runtime import Spike
from spike_runtime.data_folder import write_private

FIRST_EMAIL: Final = Email("owner@localhost")
SAMPLE: Final = "sample.jpg"
ACCOUNT_FILE: Final = "first-account.txt"
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


def welcome(spike: Spike, user: Registered | None, *, host: str, port: int, is_terminal: bool) -> str:
    """Return the banner.

    For the first user it contains the token and the API key, which are never shown again. Where it isn't printed to a
    terminal it may end up in a log, so there it contains a sign-in link that is valid once and for an hour; the rest
    goes to a file that only its owner can read.
    """
    settings = spike.settings
    url = settings.public_url.rstrip("/") or local_url(host, port)
    lines = [
        "",
        f"  Spike serves {url}",
        f"  Data folder: {settings.data_dir.resolve()}",
        f"  Engine: {_ENGINES.get(spike.engine_name, spike.engine_name)}",
        "",
    ]
    if user is None:
        hints = ["  Sign in: spike users link EMAIL", "  Another account: spike users create EMAIL"]
        return "\n".join([*lines, *hints, ""])
    lines.append(f"  Your first account, {user.user.email}, has {user.balance} tokens.")
    credentials = _credentials(user, url, folder=settings.data_dir.resolve())
    if is_terminal:
        return "\n".join([*lines, f"  Sign in: {sign_in_link(url, user.session_token)}", *credentials])
    file = settings.data_dir.resolve() / ACCOUNT_FILE
    write_private(file, "\n".join(credentials))
    link = spike.accounts.sessions.open_link(user.user.id)
    return "\n".join(
        [
            *lines,
            f"  Sign in: {sign_in_link(url, link.token)}",
            "  The link is valid once, and for an hour.",
            f"  Token, API key and a curl line: {file}",
            "",
        ]
    )


def _credentials(user: Registered, url: str, *, folder: Path) -> Sequence[str]:
    """Return the lines with the first user's secrets."""
    sample, token = _sample(folder), user.session_token.text
    return [
        f"  Sign-in token (shown once): {token}",
        f"  API key       (shown once): {user.api_key.text}",
        "",
        "  Enhance a picture:",
        "",
        f'  curl -F "file=@{sample}" -H "Authorization: Bearer {token}" {shlex.quote(url + "/api/images/upload")}',
        "",
    ]


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
