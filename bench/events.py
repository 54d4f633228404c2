"""What events cost: a job with one subscriber to all events over one without; and delivery with many that wait.

The first: accepting, claiming and completing a job, alternately with and without a subscriber, each in a database of
its own; once what the database does alone, and once with everything from the upload of a picture of a megapixel to its
enhancement by the classical engine. The ratios of the medians, and those of the minima, which a busy machine disturbs
less. The second: recording and handing over one event with so many waiting events, half of them behind one that fails,
over the same with none. Markdown.

    python bench/events.py [--database postgresql] [--waiting 200000] [--rounds 200] [--pictures 40]
"""

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from attrs import field, frozen
from enhance_throughput import add_image, database_at
from PIL import Image

from spike_core.domain.accounts import Email, User
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.event_deliveries import SubscriberName
from spike_core.domain.events import EVENT_TYPES, Event
from spike_core.domain.identifiers import JobId
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import CompletedJob, Result
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_runtime import Settings, Spike, build
from spike_runtime.logs import configure_logging
from spike_sqlalchemy import SqlAlchemyDatabase

WARM_UP_ROUNDS: Final = 3
NAME: Final = SubscriberName("bench")
_FILL: Final = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})",
    "postgresql": "WITH numbers AS (SELECT n FROM generate_series(1, {rows}) AS n)",
}
_ROWS: Final = """
    INSERT INTO event_deliveries (subscriber, event_id, subject, event, recorded_at, due_at)
    {numbers} SELECT 'bench', 'evt_' || n, CASE WHEN mod(n, 2) = 0 THEN 'failing' ELSE 'other_' || n END, '{{}}', n,
        CASE WHEN mod(n, 2) = 1 OR n = 2 THEN 4102444800000000 + n END FROM numbers
"""


class Subscriber:
    """Wants everything and does nothing."""

    name = NAME.text
    kinds = frozenset(EVENT_TYPES.values())

    def handle(self, event: Event) -> None:
        """Do nothing."""


@frozen(kw_only=True)
class Installation:
    """A `Spike` with a user who has tokens."""

    spike: Spike
    user: User

    seconds: list[float] = field(factory=list)  # of each job without a picture
    whole_seconds: list[float] = field(factory=list)  # of each job with one

    def run_a_whole_job(self, picture: bytes) -> None:
        """Upload a picture, and enhance it."""
        spike, owner_id = self.spike, self.user.id
        began_s = time.perf_counter()
        uploads = spike.images.uploads
        image_id = uploads.upload(owner_id, name=ImageName("bench.png"), content=io.BytesIO(picture)).image.id
        job_id = spike.jobs.enhancements.enhance(owner_id, image_id=image_id, tier=Tier.TIER_1K).job.id
        spike.jobs.runner.perform(job_id)
        self.whole_seconds.append(time.perf_counter() - began_s)
        with spike.database.transactions.view() as tx:
            assert isinstance(tx.jobs.get(job_id), CompletedJob)

    def run_a_job(self) -> None:
        """Accept, claim and complete a job, without the picture."""
        spike = self.spike
        image_id = add_image(spike, self.user.id)
        began_s = time.perf_counter()
        job_id = spike.jobs.enhancements.enhance(self.user.id, image_id=image_id, tier=Tier.TIER_1K).job.id
        job = spike.jobs.transitions.claim(job_id)
        spike.jobs.transitions.complete(job, _result(job_id))
        self.seconds.append(time.perf_counter() - began_s)


def _result(job_id: JobId) -> Result:
    return Result(
        key=ObjectKey.of_result(job_id, PictureFormat.JPEG, attempt=1),
        format=PictureFormat.JPEG,
        dimensions=Dimensions(width_px=1024, height_px=768),
        size_bytes=1,
    )


def installed(folder: Path, url: str, *, subscribers: Sequence[Subscriber]) -> Installation:
    """Build a `Spike` with a migrated database."""
    spike = build(Settings(data_dir=folder, database_url=url, sandbox="off"), subscribers=subscribers)
    spike.database.migrate()
    user = spike.accounts.registration.register(Email("ada@example.org"), tokens=Tokens(1_000_000)).user
    return Installation(spike=spike, user=user)


def a_megapixel() -> bytes:
    """Return a noisy PNG."""
    encoded = io.BytesIO()
    Image.effect_noise((1000, 1000), 40).convert("RGB").save(encoded, "PNG", compress_level=1)
    return encoded.getvalue()


def print_ratio(without: Sequence[float], having: Sequence[float]) -> None:
    """Print the rows of a table: medians and minima, after a warm-up."""
    for name, of in (("median", statistics.median), ("minimum", min)):
        plain_s, recorded_s = of(without[WARM_UP_ROUNDS:]), of(having[WARM_UP_ROUNDS:])
        print(f"| {name} | {plain_s * 1000:.2f} | {recorded_s * 1000:.2f} | {recorded_s / plain_s:.3f} |")
    print()


def in_turn(number: int, *both: Installation) -> Sequence[Installation]:
    """Return both in the order of this round, so that each is as often the first."""
    return both if number % 2 else both[::-1]


def timed(action: Callable[[], object]) -> float:
    """Return how many seconds this takes."""
    began_s = time.perf_counter()
    action()
    return time.perf_counter() - began_s


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--waiting", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--pictures", type=int, default=40, help="rounds of whole jobs")
    options = parser.parse_args()
    configure_logging(level="ERROR", form="console")
    with (
        database_at(options.database) as first_url,
        database_at(options.database) as second_url,
        tempfile.TemporaryDirectory() as folder,
    ):
        without = installed(Path(folder) / "without", first_url, subscribers=())
        having = installed(Path(folder) / "having", second_url, subscribers=(Subscriber(),))
        for number in range(options.rounds):
            for each in in_turn(number, without, having):
                each.run_a_job()
        picture = a_megapixel()
        for number in range(options.pictures):
            for each in in_turn(number, without, having):
                each.run_a_whole_job(picture)
        columns = "ms without a subscriber | ms with one, to all events | ratio |\n|---|---|---|---|"
        print(f"| a job in the database, accepted to completed | {columns}")
        print_ratio(without.seconds, having.seconds)
        print(f"| a whole job of a megapixel, uploaded to completed | {columns}")
        print_ratio(without.whole_seconds, having.whole_seconds)

        events = having.spike.events
        while events.deliver(NAME).count:
            pass
        few = statistics.median(timed(lambda: _one(having)) for _ in range(options.rounds))
        database = having.spike.database
        assert isinstance(database, SqlAlchemyDatabase)
        numbers = _FILL[options.database].format(rows=options.waiting)
        with database.engine.connect() as connection:
            for statement in ("BEGIN", _ROWS.format(numbers=numbers), "COMMIT"):
                connection.exec_driver_sql(statement)
        many = statistics.median(timed(lambda: _one(having)) for _ in range(options.rounds))
        backlog = timed(events.backlogs)
        print(
            f"| recording and handing over one event | ms | ratio |\n|---|---|---|\n| none waits | {few * 1000:.2f} | |"
        )
        print(f"| {options.waiting} wait | {many * 1000:.2f} | {many / few:.3f} |")
        print(f"| the backlog, with {options.waiting} waiting | {backlog * 1000:.2f} | |")
        having.spike.close()
        without.spike.close()


def _one(having: Installation) -> None:
    having.spike.wallets.grant(Email("ada@example.org"), Tokens(1))
    assert having.spike.events.deliver(NAME).handled == 1


if __name__ == "__main__":
    main()
