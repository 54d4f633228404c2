"""The data folder: database, objects and secret of an embedded installation."""

import fcntl
import os
import platform
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from spike_core.ports.secrets import Secrets
from spike_runtime.settings import WrongSettings

SECRET_FILE: Final = "secret"  # noqa: S105  # a name
LOCK_FILE: Final = "serve.lock"


def make_folder(folder: Path, *, setting: str = "SPIKE_DATA_DIR") -> None:
    """Create the folder that a setting names, readable by its owner only.

    Raises:
        WrongSettings: it can't be created or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSettings(f"{setting}: {folder} can't be used: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WrongSettings(f"{setting}: {folder} can't be written")


def keep_files_private() -> None:
    """Let this process and its children create files that only their user can read: database, objects, secrets."""
    os.umask(0o077)


def access_of_others(folder: Path) -> str:
    """Return the mode of a folder that others than its owner may enter, such as `0755`; empty if none may."""
    with suppress(OSError):
        mode = stat.S_IMODE(folder.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            return f"{mode:04o}"
    return ""


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in place of any that is there.

    Raises:
        OSError: it can't be written.
    """
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def kept_secret(folder: Path, secrets: Secrets) -> bytes:
    """Return the folder's secret, created on the first call; concurrent processes get the same one.

    Raises:
        WrongSettings: it can't be read or written.
    """
    path = folder / SECRET_FILE
    try:
        _write_once(path, secrets.session_token().text)
        return path.read_text(encoding="ascii").strip().encode()
    except OSError as error:
        raise WrongSettings(f"SPIKE_DATA_DIR: {path} can't be used: {error.strerror}") from error


def _write_once(path: Path, text: str) -> None:
    """Create a file atomically, readable by its owner only; an existing one is kept."""
    if path.exists():
        return
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.", encoding="ascii") as draft:
        draft.write(text + "\n")
        draft.flush()
        os.fsync(draft.fileno())
        with suppress(FileExistsError):  # unlike a rename, a link never replaces an existing file
            path.hardlink_to(draft.name)


@contextmanager
def only_worker(folder: Path) -> Iterator[None]:
    """Lock the folder for one process with in-process workers; the lock is released however the process ends.

    Raises:
        WrongSettings: another process holds the lock, or this one already does.
    """
    with (folder / LOCK_FILE).open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise _already_worked_on(folder, by_this_process=file.read() == _process()) from error
        file.truncate(0)
        file.write(_process())
        file.flush()
        yield


def _process() -> str:
    return f"{os.getpid()}@{platform.node()}"  # in containers that share a folder, numbers may be the same


def _already_worked_on(folder: Path, *, by_this_process: bool) -> WrongSettings:
    who, remedy = (
        ("this process already works", "Let the first end before the next begins")
        if by_this_process
        else ("another process works", "Stop the other one")
    )
    return WrongSettings(
        f"SPIKE_DATA_DIR: {who} on the jobs in {folder.resolve()}. Only one may, since it takes unfinished jobs for "
        f"its own. {remedy}, choose another folder, or share the work by SPIKE_BROKER_URL=redis://… and spike worker"
    )
