"""`pytest --processes N`: run tests in processes that are forked from one that has collected them; only on Linux.

Workers of pytest-xdist would each import and collect all tests, which takes a minute of processor time for four of
them. A process gets one file of tests after the other, of the same folder as long as there are any, since a folder's
tests share servers. It has the environment and the fixture `worker_id` of a worker of pytest-xdist.
"""

import atexit
import os
import pickle
import random
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Final, NoReturn

import pytest
from attrs import define, field

OPTION: Final = "--processes"
_INTEGRATION: Final = "tests/integration/"
_SECONDS_PER_TEST: Final = 0.02  # of other folders

# about how long each took on one of four pytest processes, measured; what isn't named has many short tests
FOLDERS_S: Final[Mapping[str, float]] = {
    "tests/integration/browser": 370,
    "tests/integration/processes": 360,
    "tests/integration/sqlalchemy": 330,
    "tests/integration/pillow": 230,
    "tests/integration/sandbox": 210,
    "tests/integration/faults": 200,
    "tests/integration/http": 110,
    "tests/integration/ncnn": 100,
    "tests/integration/examples": 90,
    "tests/integration/openai": 80,
    "tests/integration/s3": 60,
    "tests/unit/docs": 60,
    "tests/integration/contracts": 55,
    "tests/integration/docs": 50,
    "tests/unit/http/openapi": 50,
    "tests/unit/http/resources": 50,
    "tests/integration/dramatiq": 42,
    "tests/integration/deploy": 39,
    "tests/unit/services": 32,
    "tests/unit/memory": 30,
    "tests/unit/http": 27,
    "tests/integration/procedural": 25,
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption(OPTION, type=int, default=0, help="run tests in so many forked processes")


@define
class Schedule:
    """Which files of tests are still to run, by folder; a file's tests are given by their places.

    The folder that takes longest begins first. Who has finished a folder helps with the one that has most left.
    """

    files: dict[str, deque[list[int]]]
    seconds: Mapping[str, float]
    _folders: dict[int, str] = field(factory=dict, init=False)  # of each process
    _seconds_per_test: dict[str, float] = field(init=False)

    @classmethod
    def of(cls, paths: Sequence[str], seconds: Mapping[str, float]) -> "Schedule":
        """Return the schedule of tests, given by the paths of their files, of folders that take so long."""
        tests: dict[str, list[int]] = {}
        for place, path in enumerate(paths):
            tests.setdefault(path, []).append(place)
        files: dict[str, deque[list[int]]] = {}
        for path, places in tests.items():
            files.setdefault(path.rpartition("/")[0], deque()).append(places)
        return cls(files, seconds)

    def __attrs_post_init__(self) -> None:
        self._seconds_per_test = {
            folder: self.seconds[folder] / sum(map(len, files)) if folder in self.seconds else _SECONDS_PER_TEST
            for folder, files in self.files.items()
        }

    def next_for(self, process: int) -> Sequence[int]:
        """Return the tests that a process runs next; nothing if all have begun."""
        left = {folder: self._left_s(folder) for folder, files in self.files.items() if files}
        if not left:
            return ()
        folder = self._folders.get(process)
        if folder not in left:
            begun = set(self._folders.values())
            folder = max(left, key=lambda each: (each not in begun, left[each]))
            self._folders[process] = folder
        return self.files[folder].popleft()

    def put_back(self, path: str, places: list[int]) -> None:
        """Have others run these tests of a file."""
        self.files.setdefault(path.rpartition("/")[0], deque()).appendleft(places)

    def _left_s(self, folder: str) -> float:
        return self._seconds_per_test[folder] * sum(map(len, self.files[folder]))


@define
class _Process:
    """A forked process, and the tests that it was given and hasn't finished."""

    number: int
    pid: int
    channel: Connection
    given: deque[int] = field(factory=deque)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests in forked processes, if it was asked for."""
    count = session.config.getoption(OPTION)
    if not count or session.config.option.collectonly or session.testsfailed or len(session.items) < count:
        return None
    paths = [item.nodeid.partition("::")[0] for item in session.items]
    _Run(session, Schedule.of(paths, FOLDERS_S), count).run()
    return True


@define
class _Run:
    """The process that collected the tests: it hands them out and reports what becomes of them."""

    session: pytest.Session
    schedule: Schedule
    count: int
    _processes: dict[Connection, _Process] = field(factory=dict, init=False)

    def run(self) -> None:
        """Run all tests.

        Raises:
            pytest.Session.Failed: as many failed as `--maxfail` allows.
        """
        config: Any = self.session.config
        config._tmp_path_factory.getbasetemp()  # so that all processes have theirs below it
        if reporter := config.pluginmanager.get_plugin("terminalreporter"):
            reporter.showfspath = False  # results of different files come in turns
        if any(item.nodeid.startswith(_INTEGRATION) for item in self.session.items):
            _start_what_is_shared()
        try:
            for number in range(self.count):
                self._fork(number)
            while self._processes:
                for channel in wait(list(self._processes)):
                    assert isinstance(channel, Connection)
                    self._hear(self._processes[channel])
                    if self.session.shouldfail:
                        raise self.session.Failed(self.session.shouldfail)
        finally:
            for process in self._processes.values():
                os.kill(process.pid, signal.SIGINT)
            for process in self._processes.values():
                os.waitpid(process.pid, 0)

    def _fork(self, number: int) -> None:
        ours, theirs = Pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        if (pid := os.fork()) == 0:
            ours.close()
            for other in self._processes:
                other.close()
            _be_a_process(self.session, theirs, number, self.count)
        theirs.close()
        self._processes[ours] = _Process(number, pid, ours)

    def _hear(self, process: _Process) -> None:
        """Do what a process asks for, or what its end asks for."""
        try:
            kind, value = process.channel.recv()
        except (EOFError, ConnectionError):
            self._bury(process)
            return
        if kind == "next":
            places = self.schedule.next_for(process.number)
            process.given += places
            process.channel.send(places)
        elif kind == "report":
            self.session.items[process.given[0]].ihook.pytest_runtest_logreport(report=pickle.loads(value))  # noqa: S301  # of our own process
        elif kind == "broken":
            sys.stderr.write(value)
        else:
            item = self.session.items[process.given.popleft()]
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)

    def _bury(self, process: _Process) -> None:
        """Report the test that ended its process, and have another one run the rest."""
        del self._processes[process.channel]
        process.channel.close()
        status = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])
        if not process.given:
            assert status == 0, f"a process of tests ended with {status}"
            return
        item = self.session.items[process.given.popleft()]
        item.ihook.pytest_runtest_logreport(
            report=pytest.TestReport(
                item.nodeid, item.location, {}, "failed", f"its process ended with {status}", "call"
            )
        )
        if process.given:
            self.schedule.put_back(item.nodeid.partition("::")[0], list(process.given))
        self._fork(process.number)


def _start_what_is_shared() -> None:
    """Start what takes each process of integration tests seconds, and serves them all."""
    import preloaded  # noqa: PLC0415  # other runs don't need it
    from servers import postgres  # noqa: PLC0415

    preloaded.requests()
    postgres.initialize()


@define(eq=False)  # plugins are hashed
class _Reporter:
    """Sends what happens to the tests of a process."""

    channel: Connection

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        try:
            sent = pickle.dumps(report)
        except Exception:  # noqa: BLE001  # whatever an object of a test's own raises
            report.longrepr, report.user_properties = report.longreprtext, []
            sent = pickle.dumps(report)
        self.channel.send(("report", sent))

    def pytest_runtest_logfinish(self) -> None:
        self.channel.send(("finished", None))


def _be_a_process(session: pytest.Session, channel: Connection, number: int, count: int) -> NoReturn:
    """Run the tests that come over the channel, and end as an interpreter does, but without freeing each object."""
    status = 1
    try:
        _prepare(session.config, channel, number, count)
        _run_tests(session, channel)
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
        atexit._run_exitfuncs()
        status = 0
    except KeyboardInterrupt:
        session._setupstate.teardown_exact(None)
        atexit._run_exitfuncs()
    except BaseException:  # noqa: BLE001  # whatever ends it; which test it was is reported
        channel.send(("broken", traceback.format_exc()))
    finally:
        channel.close()
        os._exit(status)


def _prepare(config: pytest.Config, channel: Connection, number: int, count: int) -> None:
    """Have a process report to the channel alone, and capture output and have temporary folders of its own."""
    name = f"gw{number}"
    atexit._clear()  # what is registered is for the process that forked this one
    os.environ |= {"PYTEST_XDIST_WORKER": name, "PYTEST_XDIST_WORKER_COUNT": str(count)}
    vars(config)["workerinput"] = {"workerid": name}
    random.seed()
    plugins = config.pluginmanager
    capturing = plugins.get_plugin("capturemanager")
    assert capturing is not None
    capturing.stop_global_capturing()
    capturing.start_global_capturing()
    capturing.suspend_global_capture()
    plugins.unregister(name="terminalreporter")
    plugins.register(_Reporter(channel))
    factory: Any = vars(config)["_tmp_path_factory"]
    factory._basetemp = factory.getbasetemp() / f"popen-{name}"
    factory._basetemp.mkdir(mode=0o700, exist_ok=True)


def _run_tests(session: pytest.Session, channel: Connection) -> None:
    """Run one file after the other; what tests of two share lives until the last one."""

    def more() -> Sequence[int]:
        channel.send(("next", None))
        places: Sequence[int] = channel.recv()
        return places

    left = deque(more())
    while left:
        place = left.popleft()
        if not left:
            left.extend(more())
        item, following = session.items[place], session.items[left[0]] if left else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
