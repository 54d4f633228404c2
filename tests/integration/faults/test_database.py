"""A database that restarts, crashes, or is disconnected."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import pytest
from attrs import define, field

from effort import long, staggered
from eventually import eventually
from fault_scenario import FaultScenario
from fleet import Fleet, a_fleet
from gates import Gate
from recovery_times import FaultKind
from running import Answer, Server, serving
from servers.cables import Cable, a_cable
from servers.postgres import PostgresServer
from spike_core.domain.jobs import CompletedJob

TIERS: Final = ("FREE", "TIER_1K", "TIER_2K")
CLIENTS: Final = 3
ORDERS_BETWEEN: Final = 6  # accepted before and after
ENDS: Final[Mapping[str, Callable[[PostgresServer], None]]] = {
    "PostgreSQL restarted under load (fast shutdown)": lambda server: server.stop(signal.SIGINT),
    "PostgreSQL restarted under load (immediate shutdown)": lambda server: server.stop(signal.SIGQUIT),
    "kill -9 of PostgreSQL under load, and its recovery": lambda server: server.crash(),
}


@pytest.fixture
def database_url(postgres_server: PostgresServer) -> str:
    """Return the URL of a server for this test alone."""
    return postgres_server.url


@define
class Load:
    """Clients that order, whatever the response, until they are stopped."""

    scenario: FaultScenario
    server: Server
    image_id: str
    accepted: int = 0
    refused: int = 0
    _ended: threading.Event = field(factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Order in `CLIENTS` threads; responses other than success or a documented error are raised at the end."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(self._order_on, number) for number in range(CLIENTS)]
            try:
                yield
            finally:
                self._ended.set()
        for client in clients:
            client.result()

    def go_on(self) -> None:
        """Wait until several further orders have been accepted."""
        enough = self.accepted + ORDERS_BETWEEN
        eventually("orders are accepted", lambda: self.accepted >= enough)

    def await_refusal(self) -> None:
        """Wait until several further orders have been refused."""
        enough = self.refused + CLIENTS
        eventually("orders are refused", lambda: self.refused >= enough)

    def _order_on(self, number: int) -> None:
        pause = threading.Event()
        while not self._ended.is_set():
            answer = self._order(TIERS[number % len(TIERS)])
            if answer.status == 200:
                self.scenario.note(answer.json["jobId"], answer.json["tokenCost"])
                self.accepted += 1
            else:
                assert answer.json["code"] == "INTERNAL_ERROR", answer.content
                self.refused += 1
            pause.wait(0.1)  # a client that hammers shows nothing more

    def _order(self, tier: str) -> Answer:
        return self.scenario.try_to_post(self.server, "/api/images/enhance", {"imageId": self.image_id, "tier": tier})


@contextmanager
def an_installation(scenario: FaultScenario, **more: str) -> Iterator[tuple[Server, Fleet, str]]:
    """Run a server and two workers, and upload a picture whose first job is done; stop all of them at the end."""
    settings = {**scenario.settings, **more}
    with serving(scenario.folder, **settings) as server, a_fleet(scenario.folder, 2, **settings) as fleet:
        image_id = scenario.upload(server)
        eventually("the first job is done", lambda: isinstance(next(iter(scenario.jobs().values())), CompletedJob))
        yield server, fleet, image_id
        assert (fleet.stop(), server.stop()) == (0, 0)


def test_a_database_that_restarts_or_crashes_under_load_loses_nothing(
    scenario: FaultScenario, postgres_server: PostgresServer
) -> None:
    """Requests meanwhile are refused; accepted jobs are done, and refused requests aren't charged."""
    with an_installation(scenario) as (server, _, image_id):
        for what, end in staggered(list(ENDS.items()), step=2):
            load = Load(scenario, server, image_id)
            with load.running():
                load.go_on()
                with scenario.injecting(what, FaultKind.WORKER):
                    end(postgres_server)
                    load.await_refusal()
                    postgres_server.start()
                load.go_on()
            scenario.recover()


@pytest.fixture
def cable(postgres_server: PostgresServer) -> Iterator[Cable]:
    """Start a proxy between the workers and the database."""
    with a_cable(postgres_server.port) as cable:
        yield cable


def test_a_worker_cut_off_from_its_database_changes_nothing_when_it_is_back(
    scenario: FaultScenario, cable: Cable, gate: Gate, postgres_server: PostgresServer
) -> None:
    """One worker's connection goes dead during its work; another worker does the job; then the connection recovers."""
    beyond_the_cable = {
        **scenario.settings,
        "SPIKE_DATABASE_URL": postgres_server.url.replace(str(postgres_server.port), str(cable.port)),
    }
    with serving(scenario.folder, **scenario.settings) as server:
        image_id = scenario.upload(server)
        with a_fleet(scenario.folder, **beyond_the_cable) as far:
            eventually("the first job is done", lambda: isinstance(next(iter(scenario.jobs().values())), CompletedJob))
            gate.shut()
            job_id = scenario.enhance(server, image_id, "TIER_2K")
            far.line("job begun", job_id=job_id)
            gate.wait_for(2)
            with scenario.injecting(
                "network between a worker and PostgreSQL dead for longer than a lease", FaultKind.WORKER
            ):
                cable.freeze()
                with a_fleet(scenario.folder, **scenario.settings) as near:
                    near.line("job begun", job_id=job_id)
                    gate.open()
                    scenario.await_end(job_id)
                    before = scenario.delivered(job_id)
                    cable.thaw()
                    far.line("job ended", job_id=job_id, outcome="lost")
                    assert near.stop() == 0
            scenario.recover()
            assert scenario.delivered(job_id) == before
            scenario.enhance(server, image_id, "FREE")
            scenario.recover()
            assert far.stop() == 0
        assert server.stop() == 0


@long(
    kept_by="tests/integration/faults/test_database.py::test_a_database_that_restarts_or_crashes_under_load_loses_nothing"
)
def test_connections_that_break_in_the_middle_of_anything_lose_nothing(
    scenario: FaultScenario, cable: Cable, postgres_server: PostgresServer
) -> None:
    """A request whose commit succeeded when the connection broke may be refused nevertheless; its job is done."""
    url = postgres_server.url.replace(str(postgres_server.port), str(cable.port))
    with an_installation(scenario, SPIKE_DATABASE_URL=url) as (server, _, image_id):
        load = Load(scenario, server, image_id)
        with load.running(), scenario.injecting("all connections to PostgreSQL broken, five times", FaultKind.WORKER):
            for _ in range(5):
                load.go_on()
                cable.cut()
        scenario.recover()
