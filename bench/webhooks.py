"""What webhooks cost: deliveries per second, a job's settling beside a webhook, and a claim with many rows.

The first: jobs in turn of an owner with a webhook, whose deliveries are stored and sent meanwhile by other threads, of
another owner, and where there is no webhook; once what the database does alone, and once with the
picture; the ratio of the medians. The second: events are recorded
for an owner with several webhooks, then stored and sent to a local receiver, with the signature and a connection each.
The third: sending one event with so many stored deliveries, half of them pending, over the same with none. Markdown.

    python bench/webhooks.py [--database postgresql] [--events 200] [--stored 2000000] [--pictures 30]
"""

import argparse
import ipaddress
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from attrs import evolve
from enhance_throughput import database_at
from events import Installation, a_megapixel, in_turn, print_ratio, timed

from spike_core.domain.accounts import Email
from spike_core.domain.events import EVENT_TYPES
from spike_core.domain.identifiers import WebhookId
from spike_core.domain.tokens import Tokens
from spike_core.domain.webhooks import WEBHOOKS, WEBHOOKS_MAX, WebhookState
from spike_runtime import Settings, build
from spike_runtime.logs import configure_logging
from spike_sqlalchemy import SqlAlchemyDatabase
from spike_worker.periodic import continuously
from spike_worker.webhooks import sending_webhooks

LOOPBACK: Final = "127.0.0.1"
_NUMBERS: Final = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})",
    "postgresql": "WITH numbers AS (SELECT n FROM generate_series(1, {rows}) AS n)",
}
_ROWS: Final = """
    INSERT INTO webhook_deliveries
        (id, webhook_id, event_id, event_type, subject, event, created_at, state, due_at, attempts, detail)
    {numbers} SELECT 'dlv_' || n, 'hook_' || mod(n, 1000), 'evt_' || n, 'job.completed', 'subject_' || mod(n, 100000),
        '{{}}', 1700000000000000 + n, CASE WHEN mod(n, 2) = 0 THEN 'PENDING' ELSE 'DELIVERED' END,
        CASE WHEN mod(n, 2) = 0 THEN 4102444800000000 + n END, 1, '' FROM numbers
"""


class Receiver(BaseHTTPRequestHandler):
    """Accepts everything."""

    def do_POST(self) -> None:
        """Read the body and answer."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def receiving() -> Iterator[str]:
    """Serve a receiver in threads of this process."""
    with ThreadingHTTPServer((LOOPBACK, 0), Receiver) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_address[1]}/"
        server.shutdown()


def installed(folder: Path, url: str) -> Installation:
    """Build a `Spike` that may send to this machine."""
    settings = Settings(
        data_dir=folder, database_url=url, sandbox="off", webhook_allow=LOOPBACK, database_statement_s=3600.0
    )
    assert ipaddress.ip_address(LOOPBACK) in settings.webhook_networks[0]
    spike = build(settings)
    spike.database.migrate()
    user = spike.accounts.registration.register(Email("ada@example.org"), tokens=Tokens(1_000_000)).user
    return Installation(spike=spike, user=user)


def create(having: Installation, url: str) -> WebhookId:
    """Create a webhook that wants everything."""
    endpoints = having.spike.webhooks.endpoints
    return endpoints.create(having.user.id, url=url, event_types=frozenset(EVENT_TYPES)).id


def send_all(having: Installation) -> int:
    """Store and send everything that is due, one webhook after the other; return how many were accepted."""
    while having.spike.events.deliver(WEBHOOKS).count:
        pass
    sending, accepted = having.spike.webhooks.sending, 0
    while claimed := sending.claim(slots=16, quick_slots=16, slow_slots=8):
        accepted += sum(sending.send(each) for each in claimed)
    return accepted


@contextmanager
def delivering(having: Installation) -> Iterator[None]:
    """Store and send deliveries in threads, as a process does that runs jobs."""
    events = having.spike.events
    with (
        continuously(lambda: events.deliver(WEBHOOKS).handled, every_s=1.0, name="events", patience_s=5),
        sending_webhooks(having.spike.webhooks.sending, every_s=1.0),
    ):
        yield


def throughput(having: Installation, webhook_ids: list[WebhookId], events: int) -> float:
    """Return how many deliveries a second are made of so many events, by the threads of a process."""
    for _ in range(events):
        having.spike.wallets.grant(having.user.id, Tokens(1))
    endpoints = having.spike.webhooks.endpoints
    began_s = time.perf_counter()
    while having.spike.events.deliver(WEBHOOKS).count:
        pass
    with sending_webhooks(having.spike.webhooks.sending, every_s=1.0):
        for webhook_id in webhook_ids:
            while True:
                page = endpoints.deliveries(having.user.id, webhook_id, limit=1)
                if page.deliveries and page.deliveries[0].state is WebhookState.DELIVERED:
                    break
                time.sleep(0.01)
    return events * len(webhook_ids) / (time.perf_counter() - began_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=200, help="of jobs without a picture")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--stored", type=int, default=2_000_000)
    parser.add_argument("--pictures", type=int, default=30, help="rounds of whole jobs; none, or more than a few")
    options = parser.parse_args()
    configure_logging(level="ERROR", form="console")
    with (
        database_at(options.database) as first_url,
        database_at(options.database) as second_url,
        tempfile.TemporaryDirectory() as folder,
        receiving() as url,
    ):
        without, having = installed(Path(folder) / "1", first_url), installed(Path(folder) / "2", second_url)
        registration = having.spike.accounts.registration
        other = registration.register(Email("bob@example.org"), tokens=Tokens(1_000_000)).user
        beside = Installation(spike=having.spike, user=other)
        first = create(having, url)
        picture = a_megapixel()
        with delivering(having):
            for number in range(options.rounds):
                for each in in_turn(number, without, having):
                    each.run_a_job()
            for number in range(options.pictures):
                for each in in_turn(number, without, having):
                    each.run_a_whole_job(picture)
        send_all(having)
        plain = evolve(without, seconds=[])
        for number in range(options.rounds):
            for each in in_turn(number, plain, beside):
                each.run_a_job()
        columns = "ms without a webhook | ms with one, for all events | ratio |\n|---|---|---|---|"
        print(f"| a job in the database, accepted to completed | {columns}")
        print_ratio(without.seconds, having.seconds)
        if options.pictures:
            print(f"| a whole job of a megapixel, uploaded to completed | {columns}")
            print_ratio(without.whole_seconds, having.whole_seconds)
        print("| a job of an owner without a webhook, beside one with | ms without any | ms beside | ratio |")
        print("|---|---|---|---|")
        print_ratio(plain.seconds, beside.seconds)
        webhook_ids = [first, *(create(having, url) for _ in range(WEBHOOKS_MAX - 1))]
        rate = throughput(having, webhook_ids, options.events)
        print(f"deliveries to {len(webhook_ids)} webhooks of a local receiver: {rate:.0f} a second\n")

        def send_one() -> None:
            having.spike.wallets.grant(having.user.id, Tokens(1))
            assert send_all(having) == len(webhook_ids)

        few = statistics.median(timed(send_one) for _ in range(30))
        database = having.spike.database
        assert isinstance(database, SqlAlchemyDatabase)
        numbers = _NUMBERS[options.database].format(rows=options.stored)
        with database.engine.connect() as connection:
            for statement in ("BEGIN", _ROWS.format(numbers=numbers), "COMMIT", "ANALYZE"):
                connection.exec_driver_sql(statement)
        many = statistics.median(timed(send_one) for _ in range(30))
        print(f"| one event to {len(webhook_ids)} webhooks, recorded, stored and sent | ms | ratio |\n|---|---|---|")
        print(f"| no other deliveries | {few * 1000:.2f} | |")
        print(f"| {options.stored} others | {many * 1000:.2f} | {many / few:.3f} |")
        having.spike.close()
        without.spike.close()


if __name__ == "__main__":
    main()
