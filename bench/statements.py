"""How many SQL statements and round trips requests take, on SQLite and on PostgreSQL; a table in Markdown.

Counted, not timed: the same at each run and on each machine. Statements are those that reach the driver, but for BEGIN,
COMMIT and ROLLBACK; rows that one statement writes one by one count once. A round trip is an answer of PostgreSQL's
that is waited for, those to BEGIN, COMMIT and ROLLBACK too. Each request is made twice and the second counted: by then
the connection has prepared its statements.

    python bench/statements.py
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from enhance_throughput import add_image, database_at
from falcon import testing

from spike_core.domain.accounts import Email, User
from spike_core.domain.tokens import Tokens
from spike_http import create_app
from spike_runtime import Settings, Spike, build
from spike_runtime.logs import configure_logging
from spike_sqlalchemy import SqlAlchemyDatabase

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from multipart import CONTENT_TYPE, an_upload
from pictures import encoded, photograph
from tracing import round_trips, traced, without_bounds

DATABASES: Final = ("sqlite", "postgresql")
LISTED: Final = 100
MOVED: Final = 100
ENHANCED: Final = 20


@frozen(kw_only=True)
class Guest:
    """A user who sends requests to a `Spike` in the same process."""

    spike: Spike
    user: User
    client: testing.TestClient
    headers: Mapping[str, str]

    def ask(self, method: str, path: str, **options: Any) -> Any:
        """Return the document of an answer; one that says no is an error here."""
        headers = {**self.headers, **options.pop("headers", {})}
        answer = self.client.simulate_request(method, path, headers=headers, **options)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json

    def images(self, number: int) -> Sequence[str]:
        """Store the rows of so many images and return their ids."""
        return [str(add_image(self.spike, self.user.id)) for _ in range(number)]

    def album(self) -> str:
        """Make an album and return its id."""
        return str(self.ask("POST", "/api/albums", json={"name": "Bench"})["album"]["id"])


Request = Callable[[], object]
Operation = Callable[[Guest], Request]


def enhance(guest: Guest) -> Request:
    """Enhance an image, charged and handed over."""
    [image] = guest.images(1)
    return lambda: guest.ask("POST", "/api/images/enhance", json={"imageId": image, "tier": "TIER_1K"})


def upload(guest: Guest) -> Request:
    """Upload a picture, which is enhanced at the default tier."""
    form = an_upload(encoded(photograph(size=(320, 240))))
    return lambda: guest.ask("POST", "/api/images/upload", body=form, headers={"Content-Type": CONTENT_TYPE})


def list_many(guest: Guest) -> Request:
    """List the newest images."""
    guest.images(LISTED)
    return lambda: guest.ask("GET", f"/api/images?limit={LISTED}")


def move_many(guest: Guest) -> Request:
    """Move images from one album to another, and at the next call back."""
    images, albums = guest.images(MOVED), [guest.album(), guest.album()]
    guest.ask("POST", f"/api/albums/{albums[0]}/images", json={"imageIds": images})

    def move() -> object:
        source, target = albums
        albums.reverse()
        body = {"imageIds": images, "targetAlbumId": target, "removeFromSourceAlbum": source}
        return guest.ask("POST", "/api/images/move-to-album", json=body)

    return move


def enhance_many(guest: Guest) -> Request:
    """Enhance many images in one request."""
    images = guest.images(ENHANCED)
    return lambda: guest.ask("POST", "/api/images/batch-enhance", json={"imageIds": images, "tier": "TIER_1K"})


OPERATIONS: Final[Mapping[str, Operation]] = {
    "enhance an image": enhance,
    "upload an image": upload,
    f"list {LISTED} images": list_many,
    f"move {MOVED} images": move_many,
    f"enhance {ENHANCED} images in a batch": enhance_many,
}


@contextmanager
def a_guest(folder: Path, database_url: str) -> Iterator[Guest]:
    """Build a `Spike` without workers, which holds no job back, and sign a user in."""
    settings = Settings(
        data_dir=folder, database_url=database_url, log_level="WARNING", active_jobs_max=100, active_cpu_s_max=100_000
    )
    configure_logging(level=settings.log_level, form="json")
    spike = build(settings)
    try:
        spike.database.migrate()
        registered = spike.accounts.registration.register(Email("bench@example.org"), tokens=Tokens(10_000))
        headers = {"Authorization": f"Bearer {registered.session_token.text}"}
        client = testing.TestClient(create_app(spike))
        yield Guest(spike=spike, user=registered.user, client=client, headers=headers)
    finally:
        spike.close()


def counts_on(kind: str) -> Mapping[str, tuple[int, int]]:
    """Return the numbers of statements and of round trips of each operation, on an empty database for each."""
    counts = {}
    for name, operation in OPERATIONS.items():
        with tempfile.TemporaryDirectory() as folder, database_at(kind) as url, a_guest(Path(folder), url) as guest:
            request = operation(guest)
            request()
            assert isinstance(guest.spike.database, SqlAlchemyDatabase)
            engine = guest.spike.database.engine
            with round_trips(engine) as trips, traced(engine) as seen:
                request()
            counts[name] = (len(without_bounds(seen)), sum(trips))
    return counts


def main() -> None:
    """Count and print."""
    on_sqlite, on_postgresql = (counts_on(kind) for kind in DATABASES)
    print("| Request | Statements on SQLite | on PostgreSQL | Round trips to PostgreSQL |\n|---|---|---|---|")
    for name in OPERATIONS:
        statements, trips = on_postgresql[name]
        print(f"| {name} | {on_sqlite[name][0]} | {statements} | {trips} |")


if __name__ == "__main__":
    main()
