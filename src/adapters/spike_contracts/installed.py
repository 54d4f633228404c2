"""Running the suites of a role against an installed adapter, found by its entry point."""

import inspect
import itertools
import os
import tempfile
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest
from attrs import field, frozen
from hypothesis import settings

from spike_contracts.machine import SpikeMachine
from spike_contracts.signed_urls import SignedUrlsContract
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

GROUP: Final = "spike.adapters"
EACH_TEST: Final = "{test}"  # in a URL: replaced by a number, so that each test has a store or database of its own
PAGE: Final = 1000
_LATE: Final = "ignore::pytest.PytestAssertRewriteWarning"  # Hypothesis is imported already
MACHINE_EXAMPLES: Final = 20  # each on a database of its own
ARRIVAL_S: Final = 0.5  # a message that hasn't come by then won't come
# URLs in a temporary folder, for adapters of files; below `a-file`, which is no folder, nothing can be stored
_LOCAL: Final = {"storage": "{scheme}://{folder}/{{test}}", "database": "{scheme}:///{folder}/{{test}}.db"}


class NotRunnable(Exception):
    """The suites can't be run; the message says why."""


class MachineClock:
    """The time of this machine, which a store's server may tell as well."""

    def now(self) -> datetime:
        """Return the present time; see the port."""
        return datetime.now(UTC)  # noqa: TID251  # a store that is installed tells the machine's time


@frozen
class Adapter:
    """An installed adapter, and where it is to work."""

    role: str
    open: Callable[..., Any]
    url: str
    lost_url: str  # of a server that is unavailable; empty if there is none
    arguments: Mapping[str, Any] = field(factory=dict, repr=False)  # of the factory: its options, which may be secret
    lost_arguments: Mapping[str, Any] = field(factory=dict, repr=False)  # for `lost_url`
    _numbers: Iterator[int] = field(factory=itertools.count, init=False)

    @classmethod
    def installed(
        cls,
        name: str,
        *,
        url: str,
        lost_url: str,
        folder: Path,
        arguments: Mapping[str, Any],
        lost_arguments: Mapping[str, Any],
    ) -> "Adapter":
        """Return the adapter of the entry point `<role>.<name>`.

        Raises:
            NotRunnable: it isn't installed, or can't be given what the suites need.
        """
        role, _, scheme = name.partition(".")
        if role not in SUITES:
            raise NotRunnable(f"{name!r} must begin with one of {', '.join(SUITES)}, as in storage.file")
        found = [point for point in entry_points(group=GROUP) if point.name == name]
        if len(found) != 1:
            names = ", ".join(str(point.dist and point.dist.name) for point in found)
            raise NotRunnable(f"{name} is installed by {names}" if found else f"no adapter {name} is installed")
        if not url and role in _LOCAL:
            (folder / "a-file").touch()
            url = _LOCAL[role].format(scheme=scheme, folder=folder)
            lost_url = lost_url or _LOCAL[role].format(scheme=scheme, folder=folder / "a-file")
        if role == "database" and EACH_TEST not in url:
            raise NotRunnable(f"the URL of a database must contain {EACH_TEST}: each test needs one of its own")
        open_ = found[0].load()
        _check_options(name, open_, arguments)
        return cls(role, open_, url or f"{scheme}://", lost_url, arguments, lost_arguments)

    def place(self) -> str:
        """Return a URL for one test."""
        return self.url.replace(EACH_TEST, f"t{next(self._numbers)}")

    def opened(self, url: str = "", **arguments: Any) -> Any:
        """Open the adapter at such a URL, or a new one."""
        return self.open(url or self.place(), **arguments, **self.arguments)

    def lost(self, **arguments: Any) -> Any:
        """Open it where nothing answers; without such a URL the test is skipped."""
        if not self.lost_url:
            pytest.skip("needs --lost-url, at which nothing answers")
        url = self.lost_url.replace(EACH_TEST, f"t{next(self._numbers)}")
        return self.open(url, **arguments, **self.lost_arguments)


def _check_options(name: str, open_: Callable[..., Any], arguments: Mapping[str, Any]) -> None:
    """Refuse to call a factory without its options, which would fail in every test."""
    options = inspect.signature(open_).parameters.get("options")
    if options is not None and options.default is options.empty and "options" not in arguments:
        raise NotRunnable(f"{name} has options, which `spike contracts {name}` takes from the settings")


def run(
    name: str,
    *,
    url: str = "",
    lost_url: str = "",
    arguments: Mapping[str, Any] | None = None,
    lost_arguments: Mapping[str, Any] | None = None,
    options: Sequence[str] = (),
) -> int:
    """Run the suites of an installed adapter and return pytest's exit code: 0 if it keeps every law.

    `arguments` are further ones of its factory, such as the adapter's own `options`; `lost_arguments` are those for
    `lost_url`, and the same by default. `options` are pytest's.

    Raises:
        NotRunnable: see `Adapter.installed`; or the store at `url` isn't empty.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = arguments or {}
        adapter = Adapter.installed(
            name,
            url=url,
            lost_url=lost_url,
            folder=Path(folder),
            arguments=given,
            lost_arguments=given if lost_arguments is None else lost_arguments,
        )
        if adapter.role == "storage" and EACH_TEST not in adapter.url:
            _check_empty(_storage(adapter, MachineClock()))
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        return int(
            pytest.main(
                [
                    __file__,
                    "-q",
                    "-p",
                    "no:cacheprovider",
                    "-W",
                    _LATE,
                    "-c",
                    os.devnull,
                    "--rootdir",
                    folder,
                    *options,
                ],
                plugins=[_PLUGINS[adapter.role](adapter)],
            )
        )


def _storage(adapter: Adapter, clock: Clock, url: str = "") -> Storage:
    storage: Storage = adapter.opened(url, clock=clock, secret=b"of the contract suites")
    return storage


def _check_empty(storage: Storage) -> None:
    """Refuse to work in a store that holds anything: the suites delete what they find."""
    if storage.blobs.scan(limit=1):
        raise NotRunnable("the store isn't empty, and the suites would delete its objects")


class _Laws(pytest.Module):
    """The suites of a role, as a module of tests."""

    tests: Mapping[str, type] = {}

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType("laws")
        vars(module).update(self.tests)
        return module


class _Plugin:
    """What all roles share: the collection of their suites."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        if file_path != Path(__file__):
            return None
        laws: _Laws = _Laws.from_parent(parent, path=file_path)
        laws.tests = self.tests()
        return laws

    def tests(self) -> Mapping[str, type]:
        """Return the classes of tests, by name."""
        names = {f"Test{suite.__name__.removesuffix('Contract')}": suite for suite in SUITES[self.adapter.role]}
        return {name: type(name, (suite,), {"__module__": "laws"}) for name, suite in names.items()}


class _StoragePlugin(_Plugin):
    @pytest.fixture
    def clock(self, request: pytest.FixtureRequest) -> Clock:
        """Links expire to the microsecond; objects are as old as the machine, or its server, says."""
        return ManualClock() if issubclass(request.cls, SignedUrlsContract) else MachineClock()

    @pytest.fixture
    def reopen(self, clock: Clock) -> Callable[[], Storage]:
        url = self.adapter.place()
        return lambda: _storage(self.adapter, clock, url)

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


class _DatabasePlugin(_Plugin):
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


class _BrokerPlugin(_Plugin):
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


class _LimiterPlugin(_Plugin):
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


class _PicturesPlugin(_Plugin):
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


_PLUGINS: Final[dict[str, type[_Plugin]]] = {
    "storage": _StoragePlugin,
    "database": _DatabasePlugin,
    "broker": _BrokerPlugin,
    "limiter": _LimiterPlugin,
    "upscaler": _EnginePlugin,
    "generator": _GeneratorPlugin,
}
