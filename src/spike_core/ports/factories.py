"""Factories of adapters, registered as entry points `<role>.<URL scheme or engine name>` of the group `spike.adapters`.

`storage.file` opens object stores whose URL starts with `file:`; `upscaler.neural` is selected by its name. A
third-party adapter needs an installation and a setting, no change here. A factory makes no network call and raises
`InvalidValue` for a URL that it can't use.

An adapter with options of its own has a factory with a further keyword, `options`, annotated with an attrs class. Spike
builds the options from the settings and passes them; with them bound, `partial(open_mine, options=…)`, the factory has
the type that is given here.

The module of a factory says which version of these interfaces it is written for: `ADAPTER_API = 1`.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from attrs import field, frozen, validators

from spike_core.ports.blobs import BlobStore
from spike_core.ports.broker import Broker
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.clock import Clock
from spike_core.ports.engine import Engine, EngineResources
from spike_core.ports.generator import Generator
from spike_core.ports.limiter import RateLimiter
from spike_core.ports.signed_urls import SignedUrls
from spike_core.ports.transactions import Transactions

__all__ = [
    "ADAPTER_API",
    "Database",
    "DatabaseLimits",
    "Engine",
    "EngineResources",
    "OpenBroker",
    "OpenDatabase",
    "OpenEngine",
    "OpenGenerator",
    "OpenLimiter",
    "OpenStorage",
    "Storage",
]

# The version of the ports and factories that adapters implement. It is raised only when adapters must change: until
# then those that inherit from their port get a default of each new method. See docs/reference/stability.md.
ADAPTER_API: Final = 1


class Database(Protocol):
    """An opened database."""

    @property
    def transactions(self) -> Transactions:
        """The database's transactions."""

    def migrate(self) -> None:
        """Migrate the schema; safe in several processes at once, quick if there is nothing to do.

        Raises:
            DatabaseUnavailable: the database can't be reached or written.
            SchemaTooNew: the schema is newer than this release.
        """

    def ping(self) -> None:
        """Check that the database is available and its schema up to date.

        Raises:
            DatabaseUnavailable: it isn't.
        """

    @property
    def is_exhausted(self) -> bool:
        """Whether this process uses all connections that it may have, so that a further transaction waits for one."""

    def close(self) -> None:
        """Close all connections."""


@frozen(kw_only=True)
class Storage:
    """An opened blob store.

    `ping` checks that the store is available and grants access, at a constant cost and without leaving objects; it
    raises `StorageUnavailable`. By default it scans one object. `free_bytes` says at the cost of a system call how much
    more the store can take; a store that knows no end has none.
    """

    blobs: BlobStore
    links: SignedUrls | None  # for a store whose objects the service itself serves
    ping: Callable[[], object] = field(eq=False)
    free_bytes: Callable[[], int] | None = field(default=None, eq=False)

    @ping.default
    def _look_at_one(self) -> Callable[[], object]:
        return partial(self.blobs.scan, limit=1)


@frozen(kw_only=True)
class DatabaseLimits:
    """Limits of one process's use of a database."""

    connections_max: int = field(default=16, validator=validators.ge(1))
    lock_wait: timedelta = timedelta(seconds=5)  # for a locked row or table, and for a free connection
    statement_time: timedelta = timedelta(seconds=30)  # of one statement, where the database can cancel it


class OpenDatabase(Protocol):
    """An entry point `database.<scheme>`."""

    def __call__(self, url: str, *, limits: DatabaseLimits) -> Database:
        """Open the database at `url`."""


class OpenStorage(Protocol):
    """An entry point `storage.<scheme>`."""

    def __call__(self, url: str, *, clock: Clock, secret: bytes) -> Storage:
        """Open the blob store at `url`; `secret` signs URLs."""


class OpenBroker(Protocol):
    """An entry point `broker.<scheme>`."""

    def __call__(self, url: str) -> Broker:
        """Open the broker at `url`."""


class OpenGenerator(Protocol):
    """An entry point `generator.<name>`."""

    def __call__(self, *, url: str, api_key: str, model: str, canvas_fitter: CanvasFitter) -> Generator:
        """Open the generator; one without a server ignores the arguments.

        A generator with a server leaves decoding to the canvas fitter, which doesn't have the API key.

        Raises:
            InvalidValue: an argument can't be used; `what` is the name of its setting.
        """


class OpenLimiter(Protocol):
    """An entry point `limiter.<scheme>`."""

    def __call__(self, url: str) -> RateLimiter:
        """Open the rate limiter at `url`."""


class OpenEngine(Protocol):
    """An entry point `upscaler.<name>`. It must be picklable by name: engines may be built in another process.

    Where they are, this process asks the factory's module for the modes of the engine: it may have a function
    `modes() -> frozenset[Mode]`, which looks at what is installed and loads nothing. Without it, FAITHFUL is offered.
    """

    def __call__(self, *, means: EngineResources) -> Engine:
        """Build the engine.

        Raises:
            UpscalerUnavailable: a dependency isn't installed.
        """
