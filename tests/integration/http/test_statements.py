"""The number of statements of requests, which doesn't depend on the number of images."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from falcon import testing
from sqlalchemy import Engine

from spike_contracts.builders import NOON, a_job, an_album_image_id, an_image
from spike_core.domain import snapshots
from spike_core.domain.accounts import Email
from spike_core.domain.albums import AlbumName
from spike_core.domain.identifiers import AlbumId
from spike_core.domain.images import Image
from spike_core.domain.limits import JOBS_ASKED_MAX
from spike_core.services.accounts import Registered
from spike_core.services.albums import NewAlbum
from spike_http import create_app
from spike_runtime import Settings, Spike, build
from spike_sqlalchemy import SqlAlchemyDatabase
from spike_sqlalchemy.prepared_statements import Row
from spike_sqlalchemy.statements import Statements
from tracing import round_trips, traced, without_bounds


@pytest.fixture(params=["sqlite", "postgresql"])
def spike(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spike]:
    monkeypatch.setattr(snapshots, "TIME_SHARE", 0)  # an order serves one request, however long it took
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    spike = build(Settings(data_dir=tmp_path / "var", database_url=url))
    spike.database.migrate()
    assert spike.background is not None
    spike.background.close()  # the images have no renditions, which would be made meanwhile
    yield spike
    spike.database.close()


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of rows that each query returned."""
    seen: list[int] = []
    rows, rows_of = Statements.rows, Statements.rows_of

    def counted_rows(self: Statements, *arguments: Any) -> Sequence[Row]:
        found = rows(self, *arguments)
        seen.append(len(found))
        return found

    def counted_rows_of(self: Statements, *arguments: Any, **options: Any) -> Iterator[Row]:
        found = list(rows_of(self, *arguments, **options))
        seen.append(len(found))
        return iter(found)

    monkeypatch.setattr(Statements, "rows", counted_rows)
    monkeypatch.setattr(Statements, "rows_of", counted_rows_of)
    return seen


@pytest.fixture
def ada(spike: Spike) -> Registered:
    return spike.accounts.registration.register(Email("ada@example.org"))


def test_fifty_jobs_of_fifty_images_are_read_with_as_many_statements_as_one(spike: Spike, ada: Registered) -> None:
    images = [an_image(owner_id=ada.user.id) for _ in range(JOBS_ASKED_MAX)]
    jobs = [a_job(image=image) for image in images]
    with spike.database.transactions.begin() as tx:
        for image in images:
            tx.images.add(image)
        tx.jobs.add(jobs)
    client = testing.TestClient(create_app(spike))
    assert isinstance(spike.database, SqlAlchemyDatabase)
    counts = []
    for asked in (jobs[:1], jobs):
        with traced(spike.database.engine) as statements:
            answer = client.simulate_post(
                "/api/jobs/batch-status",
                headers={"Authorization": f"Bearer {ada.session_token.text}"},
                json={"jobIds": [str(job.id) for job in asked]},
            )
        assert [job["id"] for job in answer.json["jobs"]] == [str(job.id) for job in asked]
        counts.append(len([sql for sql in statements if sql.startswith("SELECT")]))
        assert {job["queuePosition"] for job in answer.json["jobs"]} == set(range(1, len(asked) + 1))
    assert counts == [4, 4], "the session, the jobs, their images, the order of the queue"


def engine_of(spike: Spike) -> Engine:
    assert isinstance(spike.database, SqlAlchemyDatabase)
    return spike.database.engine


def library(spike: Spike, ada: Registered, *, images: int, jobs_each: int = 0) -> Sequence[Image]:
    """Store images of Ada's, each with several pending jobs."""
    stored = [an_image(owner_id=ada.user.id) for _ in range(images)]
    with spike.database.transactions.begin() as tx:
        tx.images.add(*stored)
        for image in stored:
            tx.jobs.add([a_job(image=image) for _ in range(jobs_each)])
    return stored


def statements_of(spike: Spike, ada: Registered, method: str, path: str, body: object = None) -> Sequence[str]:
    """Return the statements of a request, without BEGIN, COMMIT and ROLLBACK."""
    client = testing.TestClient(create_app(spike))
    headers = {"Authorization": f"Bearer {ada.session_token.text}"}
    with traced(engine_of(spike)) as statements:
        answer = client.simulate_request(method, path, headers=headers, json=body)
    assert answer.status_code == 200
    return without_bounds(statements)


def test_a_download_of_a_hundred_images_is_planned_with_as_many_statements_as_of_two(
    spike: Spike, ada: Registered
) -> None:
    album = spike.albums.create(ada.user.id, NewAlbum(name=AlbumName("A"))).id
    ids = [image.id for image in library(spike, ada, images=99, jobs_each=2)]
    counts = []
    for asked in (ids[:2], ids):
        spike.album_contents.move(ada.user.id, asked, target=album)
        with traced(engine_of(spike)) as statements:
            images = spike.downloads.of_images(ada.user.id, asked)
            in_album = spike.downloads.of_album(album, viewer=ada.user.id)
        counts.append(len(without_bounds(statements)))
        assert len(images.objects) == len(in_album.objects) == len(asked)
    assert counts[0] == counts[1]


def test_a_hundred_images_are_moved_with_as_many_statements_as_two(spike: Spike, ada: Registered) -> None:
    source, target = (spike.albums.create(ada.user.id, NewAlbum(name=AlbumName(name))).id for name in ("A", "B"))
    counts = []
    for number in (2, 100):
        ids = [str(image.id) for image in library(spike, ada, images=number)]
        statements_of(spike, ada, "POST", f"/api/albums/{source}/images", {"imageIds": ids})
        move = {"imageIds": ids, "targetAlbumId": str(target), "removeFromSourceAlbum": str(source)}
        counts.append(len(statements_of(spike, ada, "POST", "/api/images/move-to-album", move)))
    assert counts[0] == counts[1] <= 10


def test_twenty_images_are_enhanced_with_one_more_statement_than_two(spike: Spike, ada: Registered) -> None:
    """The one that counts their owner's jobs in flight, of which two can't be too many."""
    counts = []
    for number in (2, 20):
        ids = [str(image.id) for image in library(spike, ada, images=number)]
        batch = {"imageIds": ids, "tier": "TIER_1K"}
        counts.append(len(statements_of(spike, ada, "POST", "/api/images/batch-enhance", batch)))
    assert counts[0] + 1 == counts[1] <= 10


def test_a_hundred_images_are_listed_with_as_many_statements_as_one(spike: Spike, ada: Registered) -> None:
    counts = []
    for number in (1, 99):
        library(spike, ada, images=number)
        counts.append(len(statements_of(spike, ada, "GET", "/api/images?limit=100")))
    assert counts[0] == counts[1] <= 10


def test_an_image_with_fifty_jobs_is_shown_with_as_many_statements_as_one_with_one(
    spike: Spike, ada: Registered
) -> None:
    counts = []
    for number in (1, 50):
        [image] = library(spike, ada, images=1, jobs_each=number)
        counts.append(len(statements_of(spike, ada, "GET", f"/api/images/{image.id}")))
    assert counts[0] == counts[1] <= 10


def test_an_image_with_a_thousand_jobs_is_shown_with_a_hundred_and_one_more_statement(
    spike: Spike, ada: Registered, rows: list[int]
) -> None:
    """The one that counts them."""
    counts = []
    for number in (100, 1_000):
        [image] = library(spike, ada, images=1, jobs_each=number)
        path = f"/api/images/{image.id}"
        rows.clear()
        counts.append(len(statements_of(spike, ada, "GET", path)))
        assert max(rows[:-1]) <= 101, "the order of the queue is read last"
        counts.append(len(statements_of(spike, ada, "GET", f"{path}/jobs?limit=100")))
    assert counts == [4, 4, 5, 4], "the session, the image, its jobs, the order of the queue"


def album_of(spike: Spike, ada: Registered, images: Sequence[Image]) -> AlbumId:
    """Store an album of Ada's that contains the images."""
    album_id = spike.albums.create(ada.user.id, NewAlbum(name=AlbumName("Holidays"))).id
    with spike.database.transactions.begin() as tx:
        tx.albums.lock(album_id)
        tx.albums.append_images(album_id, [(an_album_image_id(), image.id) for image in images], now=NOON)
    return album_id


def test_a_page_of_an_album_of_a_thousand_images_takes_as_many_statements_and_rows_as_of_one_of_a_hundred(
    spike: Spike, ada: Registered, rows: list[int]
) -> None:
    images = library(spike, ada, images=1_000)
    costs = []
    for number in (100, 1_000):
        album_id = album_of(spike, ada, images[:number])
        rows.clear()
        statements = statements_of(spike, ada, "GET", f"/api/albums/{album_id}")
        costs.append((len(statements), sum(rows)))
    assert costs[0][0] == costs[1][0] == 5, "the session, the album, the page, its images, the count"
    assert costs[1][1] == costs[0][1] + 1, "whether there is a next page"


def test_fifty_albums_are_listed_with_as_many_statements_as_one(spike: Spike, ada: Registered, rows: list[int]) -> None:
    """However many images they contain: one row for each album and each cover."""
    images = library(spike, ada, images=60)
    counts = []
    for number in (1, 49):
        for index in range(number):
            album_of(spike, ada, images[index:])
        rows.clear()
        counts.append(len(statements_of(spike, ada, "GET", "/api/albums")))
    assert counts == [3, 3], "the session, the albums, their covers"
    assert sum(rows) <= 1 + 50 + 50


def test_accepting_a_job_takes_so_many_statements(spike: Spike, ada: Registered) -> None:
    """Authentication, charge and handover to the queue, each in its own transaction; the same on both databases."""
    image = an_image(owner_id=ada.user.id)
    with spike.database.transactions.begin() as tx:
        tx.images.add(image)
    client = testing.TestClient(create_app(spike))
    with traced(engine_of(spike)) as statements:
        answer = client.simulate_post(
            "/api/images/enhance",
            headers={"Authorization": f"Bearer {ada.session_token.text}"},
            json={"imageId": str(image.id), "tier": "TIER_1K"},
        )
    assert answer.status_code == 200, answer.json
    counts = Counter(sql.split()[0] for sql in statements)
    counts.pop("ROLLBACK", None)  # the end of a view: SQLite's driver tells, PostgreSQL's doesn't
    assert counts == {"BEGIN": 3, "SELECT": 3, "INSERT": 3, "UPDATE": 2, "DELETE": 1, "COMMIT": 2}


@pytest.mark.parametrize("spike", ["postgresql"], indirect=True)
def test_postgresql_is_waited_for_so_often_while_a_job_is_accepted(spike: Spike, ada: Registered) -> None:
    """Counted in the protocol, after the connection has prepared its statements; including the ends of transactions."""
    image = an_image(owner_id=ada.user.id)
    with spike.database.transactions.begin() as tx:
        tx.images.add(image)
    client = testing.TestClient(create_app(spike))
    for trips in ([], [3, 8, 4], [3, 8, 4]):  # credential, charge, hand-over
        with round_trips(engine_of(spike)) as seen:
            answer = client.simulate_post(
                "/api/images/enhance",
                headers={"Authorization": f"Bearer {ada.session_token.text}"},
                json={"imageId": str(image.id), "tier": "TIER_1K"},
            )
        assert answer.status_code == 200, answer.json
        assert seen == trips or not trips


@pytest.mark.parametrize("spike", ["postgresql"], indirect=True)
def test_postgresql_is_waited_for_as_often_for_twenty_images_as_for_two(spike: Spike, ada: Registered) -> None:
    counts = []
    for number in (9, 9, 20):  # the first prepares the statements; more than may be in flight are counted
        ids = [str(image.id) for image in library(spike, ada, images=number)]
        with round_trips(engine_of(spike)) as seen:
            statements_of(spike, ada, "POST", "/api/images/batch-enhance", {"imageIds": ids, "tier": "TIER_1K"})
        counts.append(sum(seen))
    assert counts[1] == counts[2] <= 20
