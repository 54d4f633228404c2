"""The fixtures that the contract suites name, over adapters in memory; each is made when it is first asked for."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final, Self

import pytest

from spike_contracts.downloader import Publish
from spike_contracts.limiter import Wait
from spike_contracts.probe import MakePicture
from spike_contracts.shared_transactions import AppTransaction
from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.errors import (
    DatabaseUnavailable,
    LimiterUnavailable,
    PricesUnavailable,
    StorageUnavailable,
    Unauthenticated,
)
from spike_core.domain.identifiers import JobId, OwnerId
from spike_core.domain.orders import Order
from spike_core.domain.rate_limits import Allowance, RateLimit
from spike_core.domain.tokens import Tokens
from spike_core.ports.authenticator import Identity, IncomingRequest
from spike_core.ports.blobs import BlobStore
from spike_core.ports.factories import Database, Storage
from spike_core.services.pricing import CatalogPrices
from spike_core.services.regeneration import SamePolicy
from spike_memory import (
    CountingIds,
    CountingSecrets,
    Failures,
    ManualClock,
    MemoryBackground,
    MemoryBlender,
    MemoryBlobStore,
    MemoryBroker,
    MemoryCanvasFitter,
    MemoryDatabase,
    MemoryDownloader,
    MemoryGenerator,
    MemoryLimiter,
    MemoryMetadata,
    MemoryProbe,
    MemoryQueue,
    MemoryRenditionMaker,
    MemoryTransactions,
    MemoryUpscaler,
    NoConcurrency,
    NoopHeartbeat,
    a_picture,
)
from spike_memory.failures import FailingPort, failing

ADA: Final = OwnerId("ada")
BOB: Final = OwnerId("bob")


class MemoryFixtures:
    """Adapters that a test shares, and what it does to them."""

    def __init__(self, **others: Any) -> None:
        vars(self).update(others)  # fixtures of pytest, such as caplog

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        """Leave nothing behind: there is nothing to close."""

    @cached_property
    def clock(self) -> ManualClock:
        return ManualClock()

    @cached_property
    def wait(self) -> Wait:
        return self.clock.advance

    # storage

    @cached_property
    def blobs(self) -> MemoryBlobStore:
        return MemoryBlobStore(self.clock)

    @cached_property
    def links(self) -> MemoryBlobStore:
        return self.blobs

    @cached_property
    def storage(self) -> Storage:
        return Storage(blobs=self.blobs, links=self.blobs)

    @cached_property
    def reopen(self) -> Callable[[], Storage]:
        """Return a function that opens a store of the same objects."""
        entries = self.blobs._entries

        def opened() -> Storage:
            blobs = MemoryBlobStore(self.clock)
            blobs._entries = entries
            return Storage(blobs=blobs, links=blobs)

        return opened

    @cached_property
    def lost_storage(self) -> Storage:
        blobs: BlobStore = LostBlobStore(self.clock)
        return Storage(blobs=blobs, links=None)

    # database

    @cached_property
    def database(self) -> MemoryDatabase:
        return MemoryDatabase()

    @cached_property
    def transactions(self) -> MemoryTransactions:
        return MemoryTransactions()

    @cached_property
    def lost_database(self) -> Database:
        return LostDatabase()

    @cached_property
    def app_transaction(self) -> AppTransaction:
        return self.transactions.sharing

    # queue

    @cached_property
    def broker(self) -> MemoryBroker:
        return MemoryBroker()

    @cached_property
    def lost_broker(self) -> MemoryBroker:
        broker = MemoryBroker()
        broker.queue.refuses = True
        return broker

    @cached_property
    def queue(self) -> MemoryQueue:
        return MemoryQueue()

    @cached_property
    def arrived(self) -> Callable[[], Sequence[JobId]]:
        def take_out() -> Sequence[JobId]:
            messages = list(self.queue.messages)
            self.queue.messages.clear()
            return messages

        return take_out

    @cached_property
    def broken_queue(self) -> MemoryQueue:
        return self.lost_broker.queue

    @cached_property
    def heartbeat(self) -> NoopHeartbeat:
        return NoopHeartbeat()

    @cached_property
    def strike(self) -> Callable[[], None]:
        return self.heartbeat.strike

    # pictures

    @cached_property
    def probe(self) -> Any:
        return MemoryProbe()

    @cached_property
    def make_picture(self) -> MakePicture:
        return a_picture

    @cached_property
    def metadata(self) -> Any:
        return MemoryMetadata()

    @cached_property
    def upscaler(self) -> Any:
        return MemoryUpscaler()

    @cached_property
    def blender(self) -> Any:
        return MemoryBlender()

    @cached_property
    def canvas_fitter(self) -> Any:
        return MemoryCanvasFitter()

    @cached_property
    def generator(self) -> Any:
        return MemoryGenerator()

    @cached_property
    def lost_generator(self) -> MemoryGenerator:
        return lost(MemoryGenerator(), "generator")  # type: ignore[no-any-return]  # of that type

    # owners, and what they pay

    @cached_property
    def authenticator(self) -> Any:
        return OneToken()

    @cached_property
    def lost_authenticator(self) -> Any:
        return LostTokens()

    @cached_property
    def request_of_ada(self) -> IncomingRequest:
        return IncomingRequest(method="GET", headers={"authorization": "Bearer t"})

    @cached_property
    def policies(self) -> SamePolicy:
        return SamePolicy()

    @cached_property
    def price_list(self) -> CatalogPrices:
        return CatalogPrices()

    @cached_property
    def lost_price_list(self) -> CatalogPrices:
        return LostPrices()

    @cached_property
    def catalog(self) -> Catalog:
        return SPECIFIED

    @cached_property
    def owner_ids(self) -> Sequence[OwnerId]:
        return [ADA, BOB]

    # the web, and the machine

    @cached_property
    def pages(self) -> dict[str, bytes]:
        return {}

    @cached_property
    def downloader(self) -> MemoryDownloader:
        return MemoryDownloader(self.pages)

    @cached_property
    def publish(self) -> Publish:
        def publish(content: bytes) -> str:
            url = f"https://example.org/{len(self.pages)}"
            self.pages[url] = content
            return url

        return publish

    @cached_property
    def limiter(self) -> MemoryLimiter:
        return MemoryLimiter(self.clock)

    @cached_property
    def lost_limiter(self) -> MemoryLimiter:
        return LostLimiter(self.clock)

    @cached_property
    def background(self) -> MemoryBackground:
        return MemoryBackground()

    @cached_property
    def finish(self) -> Callable[[], object]:
        return self.background.run

    @cached_property
    def rendition_maker(self) -> Any:
        return MemoryRenditionMaker()

    @cached_property
    def concurrency(self) -> NoConcurrency:
        return NoConcurrency()

    @cached_property
    def ids(self) -> CountingIds:
        return CountingIds()

    @cached_property
    def secrets(self) -> CountingSecrets:
        return CountingSecrets()


def lost(adapter: Any, port: FailingPort) -> Any:
    """Return an adapter that is unavailable, at every call."""
    failures = Failures()
    failures.fail_next(port, calls=1_000_000)
    return failing(adapter, port, failures)


class OneToken:
    """An authenticator that knows one token, which is Ada's."""

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        if "authorization" not in request.headers:
            return None
        if request.bearer_token != "t":
            raise Unauthenticated
        return Identity(owner_id=ADA)


class LostTokens(OneToken):
    """The same, while its table of tokens is unavailable."""

    def authenticate(self, request: IncomingRequest) -> Identity | None:
        if "authorization" not in request.headers:
            return None
        raise DatabaseUnavailable


class LostPrices(CatalogPrices):
    """A price list whose prices are unavailable."""

    def price(self, order: Order, *, owner_id: OwnerId) -> Tokens:
        raise PricesUnavailable


class LostDatabase:
    """A database that is unavailable."""

    is_exhausted = False

    def __init__(self) -> None:
        self.transactions: MemoryTransactions = lost(MemoryTransactions(), "transactions")

    def _unavailable(self) -> None:
        raise DatabaseUnavailable

    migrate = ping = _unavailable

    def close(self) -> None:
        """Do nothing: it was never open."""


class LostLimiter(MemoryLimiter):
    """A limiter that can't count."""

    def hit(self, caller: str, rate: RateLimit) -> Allowance:
        raise LimiterUnavailable


class LostBlobStore(MemoryBlobStore):
    """A store that is unavailable."""

    def _unavailable(self, *_args: Any, **_kwargs: Any) -> Any:
        raise StorageUnavailable

    put = open = find = delete = scan = _unavailable


def shared_fixtures() -> dict[str, Any]:
    """Return fixtures of pytest, one for each adapter here, for the globals of a `conftest.py`."""

    @pytest.fixture
    def adapters() -> MemoryFixtures:
        return MemoryFixtures()

    def one(name: str) -> Any:
        return pytest.fixture(name=name)(lambda adapters: getattr(adapters, name))

    names = [name for name, value in vars(MemoryFixtures).items() if isinstance(value, cached_property)]
    return {"adapters": adapters, **{name: one(name) for name in names}}
