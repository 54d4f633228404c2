"""Throughput and latency of a server on a large installation, over the same on a nearly empty one; Markdown.

Two servers run in processes of their own, on databases of one kind; each round first asks one and then the other, so
that a change of the machine's speed meets both. No worker runs, so that all jobs wait while they are polled.

- *enhance and poll*: users on a connection each, who enhance their image, poll the job, and cancel it;
- *one wallet*: threads that enhance and cancel with the tokens of one user, and wait for its lock.

    python bench/load.py [--database postgresql] [--jobs 2000000] [--waiting 20000] [--users 32] [--threads 64]
"""

import argparse
import http.client
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from attrs import frozen
from enhance_throughput import add_image, database_at
from filled import Sizes, fill
from growth import SMALL, sizes_of
from measured_server import TOKENS, App, MeasuredServer, measured_server

from spike_core.domain.accounts import Email, User
from spike_runtime import Spike
from spike_sqlalchemy import SqlAlchemyDatabase

TARGET: Final = 0.8  # requests per second, big ÷ small
POLLS: Final = 4  # of each job
TIMEOUT_S: Final = 60


@frozen
class Account:
    """A session's token and an image of its user."""

    token: str
    image_id: str


@frozen(kw_only=True)
class Round:
    """How many requests a second were answered, and how long each took."""

    rate: float
    times_s: Sequence[float]

    def ms(self, percentile: int) -> float:
        """Return the time in milliseconds that so many percent of the requests didn't exceed."""
        return statistics.quantiles(self.times_s, n=100)[percentile - 1] * 1000


class Client:
    """A user on a kept-alive connection, who notes how long each response takes."""

    def __init__(self, port: int, account: Account) -> None:
        """Connect with the first request."""
        self.times_s: list[float] = []
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        self._account = account

    def enhance(self) -> str:
        """Enhance the image; return the job's id."""
        body = {"imageId": self._account.image_id, "tier": "TIER_1K"}
        return str(self._asked("POST", "/api/images/enhance", body)["jobId"])

    def poll(self, job_id: str) -> None:
        """Read the job, which waits."""
        job = self._asked("GET", f"/api/jobs/{job_id}")["job"]
        assert job["queuePosition"] >= 1, job

    def cancel(self, job_id: str) -> None:
        """Cancel the job."""
        self._asked("POST", f"/api/jobs/{job_id}/cancel", {})

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _asked(self, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self._account.token}", "Content-Type": "application/json"}
        began_s = time.perf_counter()
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        content = response.read()
        self.times_s.append(time.perf_counter() - began_s)
        assert response.status == 200, content
        return json.loads(content)


def enhance_and_poll(client: Client) -> None:
    """Do what a user does who waits for a result."""
    job_id = client.enhance()
    for _ in range(POLLS):
        client.poll(job_id)
    client.cancel(job_id)


def enhance_and_cancel(client: Client) -> None:
    """Change the wallet twice."""
    client.cancel(client.enhance())


def measured(port: int, accounts: Sequence[Account], act: Callable[[Client], None], *, seconds: float) -> Round:
    """Let the accounts act at once, each in a thread, for so long."""
    clients = [Client(port, account) for account in accounts]
    failures: list[BaseException] = []
    began_s = time.perf_counter()

    def run(client: Client) -> None:
        try:
            while time.perf_counter() - began_s < seconds:
                act(client)
        except BaseException as error:  # noqa: BLE001  # raised below, in the main thread
            failures.append(error)
        finally:
            client.close()

    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken_s = time.perf_counter() - began_s
    if failures:
        raise failures[0]
    times_s = [time_s for client in clients for time_s in client.times_s]
    return Round(rate=len(times_s) / taken_s, times_s=times_s)


def filled(spike: Spike, _app: App, user: User, *, sizes: Sizes, users: int) -> str:
    """Fill the database and register users with an image each; return their accounts."""
    assert isinstance(spike.database, SqlAlchemyDatabase)
    fill(spike.database.engine, sizes, heavy=user.id, now_us=int(spike.clock.now().timestamp() * 1e6))
    accounts = []
    for number in range(users):
        registered = spike.accounts.registration.register(Email(f"load{number}@example.org"), tokens=TOKENS)
        accounts.append([registered.session_token.text, str(add_image(spike, registered.user.id))])
    return json.dumps(accounts)


def accounts_of(server: MeasuredServer) -> Sequence[Account]:
    """Return the accounts that `filled` has made."""
    return [Account(*account) for account in json.loads(server.prepared)]


def main() -> None:
    """Start the servers, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--jobs", type=int, default=2_000_000)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=32)
    parser.add_argument("--threads", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with ExitStack() as stack:
        servers = []
        for sizes in (sizes_of(options.jobs, waiting=options.waiting), SMALL):
            url = stack.enter_context(database_at(options.database))
            prepare = partial(filled, sizes=sizes, users=options.users)
            unlimited = {"rate_get_image": 0, "database_statement_s": 3600.0}
            servers.append(stack.enter_context(measured_server(prepare, database_url=url, **unlimited)))
        print(f"{options.database}: {options.jobs} jobs, {options.waiting} waiting\n", file=sys.stderr)
        print("| What | | big | small | big ÷ small |")
        print("|---|---|---|---|---|")
        for name, act, users, copies in (
            (f"{options.users} users enhance and poll", enhance_and_poll, options.users, 1),
            (f"one wallet, {options.threads} threads", enhance_and_cancel, 1, options.threads),
        ):
            rounds: list[tuple[Round, Round]] = []
            for number in range(options.rounds + 1):
                big, small = (
                    measured(server.port, [*accounts_of(server)[:users]] * copies, act, seconds=options.seconds)
                    for server in servers
                )
                if number:  # the first one warms up
                    rounds.append((big, small))
            _print(name, rounds)


def _print(name: str, rounds: Sequence[tuple[Round, Round]]) -> None:
    """Print the medians over the rounds, and of the ratios, each of which is of one round."""
    figures: Sequence[tuple[str, Callable[[Round], float]]] = (
        ("requests/s", lambda each: each.rate),
        ("p50, ms", lambda each: each.ms(50)),
        ("p99, ms", lambda each: each.ms(99)),
    )
    for what, figure in figures:
        pairs = [(figure(big), figure(small)) for big, small in rounds]
        ratio = statistics.median(big / small for big, small in pairs)
        shown = f"**{ratio:.2f}**" if what == "requests/s" and ratio < TARGET else f"{ratio:.2f}"
        on_big, on_small = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(f"| {name} | {what} | {on_big:.1f} | {on_small:.1f} | {shown} |")


if __name__ == "__main__":
    main()
