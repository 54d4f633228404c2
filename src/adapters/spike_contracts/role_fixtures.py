"""The fixtures that the suites of each role need, over an installed adapter, as plugins of pytest."""

import os
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
from attrs import frozen
from hypothesis import settings

from spike_contracts.installed_adapter import GROUP, Adapter, NotRunnable
from spike_contracts.signed_urls import SignedUrlsContract
from spike_contracts.state_machine import SpikeMachine
from spike_contracts.suites import SUITES
from spike_core.domain.identifiers import JobId
from spike_core.domain.rate_limits import Allowance, RateLimit
from spike_core.ports.broker import Broker, WorkerPool
from spike_core.ports.clock import Clock
from spike_core.ports.factories import Database, DatabaseLimits, Engine, EngineResources, Storage
from spike_core.ports.generator import Generator
from spike_core.ports.limiter import RateLimiter
from spike_core.ports.transactions import Transactions
from spike_memory import ManualClock

LAWS: Final = Path(__file__)  # the file that pytest is to collect: its tests are the suites of the plugin's role
PAGE: Final = 1000
MACHINE_EXAMPLES: Final = 20  # each on a database of its own
ARRIVAL_S: Final = 0.5  # a message that hasn't come by then won't come


class MachineClock:
    """The time of this machine, which a store's server may tell as well."""

    def now(self) -> datetime:
        """Return the present time; see the port."""
        return datetime.now(UTC)  # noqa: TID251  # a store that is installed tells the machine's time


def open_storage(adapter: Adapter, clock: Clock, url: str = "") -> Storage:
    """Open a store, a new one without a URL."""
    storage: Storage = adapter.opened(url, clock=clock, secret=b"of the contract suites")
    return storage


class _Laws(pytest.Module):
    """The suites of a role, as a module of tests."""

    tests: Mapping[str, type] = {}

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType("laws")
        vars(module).update(self.tests)
        return module


class RolePlugin:
    """What all roles share: the collection of their suites."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        if file_path != LAWS:
            return None
        laws: _Laws = _Laws.from_parent(parent, path=file_path)
        laws.tests = self.tests()
        return laws

    def tests(self) -> Mapping[str, type]:
        """Return the classes of tests, by name."""
        names = {f"Test{suite.__name__.removesuffix('Contract')}": suite for suite in SUITES[self.adapter.role]}
        return {name: type(name, (suite,), {"__module__": "laws"}) for name, suite in names.items()}


class _StoragePlugin(RolePlugin):
    @pytest.fixture
    def clock(self, request: pytest.FixtureRequest) -> Clock:
        """Links expire to the microsecond; objects are as old as the machine, or its server, says."""
        return ManualClock() if issubclass(request.cls, SignedUrlsContract) else MachineClock()

    @pytest.fixture
    def reopen(self, clock: Clock) -> Callable[[], Storage]:
        url = self.adapter.place()
        return lambda: open_storage(self.adapter, clock, url)

    @pytest.fixture
    def storage(self, reopen: Callable[[], Storage]) -> Iterator[Storage]:
        storage = reopen()
        yield storage
        while page := storage.blobs.scan(limit=PAGE):
            storage.blobs.delete([stored.key for stored in page])

    @pytest.fixture
    def blobs(self, storage: Storage) -> Any:
        return storage.blobs

    @pytest.fixture
    def links(self, storage: Storage) -> Any:
        return storage.links or pytest.skip("another server serves its objects")

    @pytest.fixture
    def lost_storage(self, clock: Clock) -> Any:
        return self.adapter.lost(clock=clock, secret=b"of the contract suites")


class _DatabasePlugin(RolePlugin):
    def tests(self) -> Mapping[str, type]:
        """Return the classes of tests, with the stateful machine."""
        adapter = self.adapter

        class Machine(SpikeMachine):
            def open_database(self) -> Database:
                database: Database = adapter.opened(limits=DatabaseLimits())
                return database

            def teardown(self) -> None:
                try:
                    super().teardown()
                finally:
                    self.database.close()

        machine: Any = Machine.TestCase
        machine.settings = settings(max_examples=MACHINE_EXAMPLES, stateful_step_count=40, deadline=None)
        return {**super().tests(), "TestMachine": machine}

    @pytest.fixture
    def database(self) -> Iterator[Database]:
        database: Database = self.adapter.opened(limits=DatabaseLimits())
        yield database
        database.close()

    @pytest.fixture
    def transactions(self, database: Database) -> Transactions:
        database.migrate()
        return database.transactions

    @pytest.fixture
    def lost_database(self) -> Iterator[Database]:
        database: Database = self.adapter.lost(limits=DatabaseLimits())
        yield database
        database.close()


class _BrokerPlugin(RolePlugin):
    @pytest.fixture
    def broker(self) -> Broker:
        broker: Broker = self.adapter.opened()
        return broker

    @pytest.fixture
    def queue(self, broker: Broker) -> Any:
        return broker.queue

    @pytest.fixture
    def arrived(self, broker: Broker) -> Callable[[], Sequence[JobId]]:
        def take_out() -> Sequence[JobId]:
            taken: list[JobId] = []
            with broker.work(taken.append, pool=WorkerPool(size=1), drain=timedelta(seconds=1)):
                count = -1
                while len(taken) != count:
                    count = len(taken)
                    time.sleep(ARRIVAL_S)
            return taken

        return take_out

    @pytest.fixture
    def lost_broker(self) -> Any:
        return self.adapter.lost()

    @pytest.fixture
    def broken_queue(self, lost_broker: Broker) -> Any:
        return lost_broker.queue


@frozen
class _OfOneTest:
    """A limiter whose callers are those of one test: what others have counted may last for a quarter of an hour."""

    _limiter: RateLimiter
    _test: str

    def hit(self, caller: str, rate: RateLimit) -> Allowance:
        return self._limiter.hit(f"{self._test} {caller}", rate)


class _LimiterPlugin(RolePlugin):
    @pytest.fixture
    def limiter(self, request: pytest.FixtureRequest) -> RateLimiter:
        return _OfOneTest(self.adapter.opened(), f"{os.getpid()} {time.time_ns()} {request.node.name}")

    @pytest.fixture
    def clock(self) -> Clock:
        return MachineClock()

    @pytest.fixture
    def wait(self) -> Callable[[timedelta], None]:
        return lambda duration: time.sleep(duration.total_seconds())

    @pytest.fixture
    def lost_limiter(self) -> Any:
        return self.adapter.lost()


def _classical() -> Engine:
    """Return the engine that is always installed, which reads the results of others."""
    [point] = entry_points(group=GROUP, name="upscaler.classical")
    engine: Engine = point.load()(means=EngineResources(classical=_no_other))
    return engine


def _no_other() -> NoReturn:
    raise NotRunnable("the classical engine needs no other one")


class _PicturesPlugin(RolePlugin):
    @pytest.fixture
    def make_picture(self) -> Any:
        from spike_contracts.pictures import draw_picture  # noqa: PLC0415  # needs Pillow, as engines alone do

        return draw_picture


class _EnginePlugin(_PicturesPlugin):
    @pytest.fixture(scope="session")
    def engine(self) -> Engine:
        engine: Engine = self.adapter.open(means=EngineResources(classical=_classical), **self.adapter.arguments)
        return engine

    @pytest.fixture
    def upscaler(self, engine: Engine) -> Any:
        return engine.upscaler

    @pytest.fixture
    def blender(self, engine: Engine) -> Any:
        return engine.blender

    @pytest.fixture
    def canvas_fitter(self, engine: Engine) -> Any:
        return engine.canvas_fitter

    @pytest.fixture
    def probe(self, engine: Engine) -> Any:
        return engine.probe

    @pytest.fixture
    def metadata(self, engine: Engine) -> Any:
        return engine.metadata

    @pytest.fixture
    def rendition_maker(self, engine: Engine) -> Any:
        return engine.rendition_maker or pytest.skip("it makes no renditions")


class _GeneratorPlugin(_PicturesPlugin):
    def _opened(self, url: str) -> Generator:
        variables = {name: os.environ.get(f"SPIKE_GENERATOR_{name.upper()}", "") for name in ("api_key", "model")}
        arguments = {**variables, **self.adapter.arguments}
        generator: Generator = self.adapter.open(url=url, canvas_fitter=_classical().canvas_fitter, **arguments)
        return generator

    @pytest.fixture
    def generator(self) -> Generator:
        return self._opened("" if self.adapter.url.endswith("://") else self.adapter.url)

    @pytest.fixture
    def lost_generator(self) -> Generator:
        if not self.adapter.lost_url:
            pytest.skip("needs --lost-url, at which nothing answers")
        return self._opened(self.adapter.lost_url)

    @pytest.fixture
    def probe(self) -> Any:
        return _classical().probe


PLUGINS: Final[dict[str, type[RolePlugin]]] = {
    "storage": _StoragePlugin,
    "database": _DatabasePlugin,
    "broker": _BrokerPlugin,
    "limiter": _LimiterPlugin,
    "upscaler": _EnginePlugin,
    "generator": _GeneratorPlugin,
}
