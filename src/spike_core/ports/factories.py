"""What an entry point of the group `spike.adapters` is: a factory, named `<role>.<URL scheme or engine name>`.

`database.sqlite` opens databases whose URL starts with `sqlite:`; `upscaler.neural` is chosen by
`SPIKE_UPSCALER=neural`. An adapter from outside needs an install and a setting, no change here. A factory does no
network call; it raises `InvalidValue` for a URL that it can't use.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Protocol

from attrs import field, frozen, validators

from spike_core.ports.blender import Blender
from spike_core.ports.blobs import BlobStore
from spike_core.ports.broker import Broker
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.clock import Clock
from spike_core.ports.generator import Generator
from spike_core.ports.limiter import RateLimiter
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_core.ports.signed_urls import SignedUrls
from spike_core.ports.transactions import Transactions
from spike_core.ports.upscaler import Upscaler


class Database(Protocol):
    """A database that is opened."""

    @property
    def transactions(self) -> Transactions:
        """Its transactions."""

    def migrate(self) -> None:
        """Bring its schema up to date; safe when several processes do it at once, quick when there is nothing to do.

        Raises:
            DatabaseUnavailable: it can't be reached or written.
            SchemaTooNew: a newer release has brought it further.
        """

    def ping(self) -> None:
        """Check that it answers and that its schema is up to date.

        Raises:
            DatabaseUnavailable: it doesn't, or isn't.
        """

    def close(self) -> None:
        """Let go of all connections."""


@frozen(kw_only=True)
class Storage:
    """A blob store that is opened.

    `ping` checks that it is there and lets us in, at a cost that doesn't grow with what it holds; it leaves nothing
    behind, and raises `StorageUnavailable`. A store whose `scan` of one object is as cheap needs none of its own.
    """

    blobs: BlobStore
    links: SignedUrls | None  # for a store whose objects the service itself must serve
    ping: Callable[[], object] = field(eq=False)

    @ping.default
    def _look_at_one(self) -> Callable[[], object]:
        return partial(self.blobs.scan, limit=1)


@frozen(kw_only=True)
class Engine:
    """What enhances pictures and what looks at them."""

    upscaler: Upscaler
    blender: Blender
    canvas_fitter: CanvasFitter
    probe: ImageProbe
    metadata: Metadata


@frozen(kw_only=True)
class DatabaseLimits:
    """How much of a database one process may have, and how long it waits."""

    connections_max: int = field(default=16, validator=validators.ge(1))
    lock_wait: timedelta = timedelta(seconds=5)  # for a row or table that another holds, and for a free connection
    statement_time: timedelta = timedelta(seconds=30)  # for one statement, where the database can break it off


class OpenDatabase(Protocol):
    """An entry point `database.<scheme>`."""

    def __call__(self, url: str, *, limits: DatabaseLimits) -> Database:
        """Open the database at `url`."""


class OpenStorage(Protocol):
    """An entry point `storage.<scheme>`."""

    def __call__(self, url: str, *, clock: Clock, secret: bytes) -> Storage:
        """Open the blob store at `url`; `secret` signs links."""


class OpenBroker(Protocol):
    """An entry point `broker.<scheme>`."""

    def __call__(self, url: str) -> Broker:
        """Open the broker at `url`."""


class OpenGenerator(Protocol):
    """An entry point `generator.<name>`."""

    def __call__(self, *, url: str, api_key: str, model: str, canvas_fitter: CanvasFitter) -> Generator:
        """Open the generator; one that needs no server takes no notice of the arguments.

        One that does opens no picture itself: the framer does, away from the key.

        Raises:
            InvalidValue: an argument can't be used; `what` is the name of its setting, `SPIKE_GENERATOR_…`.
        """


class OpenLimiter(Protocol):
    """An entry point `limiter.<scheme>`."""

    def __call__(self, url: str) -> RateLimiter:
        """Open the rate limiter at `url`."""


@frozen(kw_only=True)
class EngineResources:
    """What an engine may use of the machine for one picture, and the engine that is always there."""

    threads: int = field(default=2, validator=validators.ge(1))
    memory_bytes: int = field(default=256 * 1024 * 1024, validator=validators.ge(1))  # beside the picture itself
    classical: Callable[[], Engine]  # needs no model; for what another engine doesn't do itself


class OpenEngine(Protocol):
    """An entry point `upscaler.<name>`. It can be pickled by its name: an engine may be built in another process."""

    def __call__(self, *, means: EngineResources) -> Engine:
        """Build the engine.

        Raises:
            UpscalerUnavailable: what it needs isn't installed.
        """
