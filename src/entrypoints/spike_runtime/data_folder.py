"""The data folder: where the embedded default keeps everything."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from spike_core.ports.secrets import Secrets
from spike_runtime.settings import WrongSettings

SECRET_FILE: Final = "secret"  # noqa: S105  # a name
LOCK_FILE: Final = "serve.lock"


def make_folder(folder: Path) -> None:
    """Make the folder, for its owner's eyes only.

    Raises:
        WrongSettings: it can't be made, or can't be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSettings(f"SPIKE_DATA_DIR: {folder} can't be used: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WrongSettings(f"SPIKE_DATA_DIR: {folder} can't be written")


def kept_secret(folder: Path, secrets: Secrets) -> bytes:
    """Return the folder's secret, made at the first call; two processes at once agree on it.

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
    """Write a file that isn't there yet, whole or not at all, readable by its owner only."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)  # unlike a rename, a link never replaces what another process wrote
    except FileExistsError:
        return
    finally:
        draft.unlink()


@contextmanager
def only_server(folder: Path) -> Iterator[None]:
    """Hold the folder for one process with in-process workers; it is let go however the process ends.

    Raises:
        WrongSettings: another process holds it.
    """
    with (folder / LOCK_FILE).open("a", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise WrongSettings(
                f"SPIKE_DATA_DIR: another spike serves {folder.resolve()}; stop it, or choose another folder"
            ) from error
        yield
