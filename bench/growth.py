"""Each request and each background tick on a large installation, over the same on a nearly empty one; Markdown.

Both databases are of one kind and one machine, and the calls alternate, so that a change of the machine's speed meets
both. The large one is filled by SQL (`filled.py`): two million jobs, a backlog of 20,000, and a user who has 50,000
images, 100,000 jobs, and a hundred albums of 5,000 images, and whose requests these are. The small one has a user with
what one request examines of each: 2,600 images, 5,200 jobs, and a hundred albums of 100 images.
Requests are made of the application in this process, so that the ratio isn't thinned by a network. Where the ratio
exceeds 1.3, the plans of the statements follow the table.

    python bench/growth.py [--database postgresql] [--jobs 2000000] [--waiting 20000] [--rounds 100] [--only list]
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from attrs import evolve, frozen
from enhance_throughput import database_at
from falcon import testing
from filled import Sizes, fill, heavy_album, heavy_image, heavy_job, waiting_job
from plans import plans

from spike_core.domain.accounts import Email
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.jobs import Result
from spike_core.domain.limits import IMAGES_EXAMINED_MAX, JOBS_ASKED_MAX, PAGE_SIZE_MAX
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.priorities import Priority
from spike_core.services.job_recovery import Recovery
from spike_core.services.rendition_making import CATCH_UP_BATCH
from spike_http import create_app
from spike_runtime import Settings, Spike, build
from spike_runtime.logs import configure_logging
from spike_sqlalchemy import SqlAlchemyDatabase

BOUND: Final = 1.3
JOBS_EACH: Final = 20
ALBUMS: Final = 100  # of the heavy user, in both: how many albums a list returns isn't growth
IMAGE_JOBS: Final = 100  # of an image, in the small one: as many as are shown with it
SMALL: Final = Sizes(
    users=2,
    images_each=1,
    jobs_each=2,
    waiting=20,
    heavy_images=IMAGES_EXAMINED_MAX + 100,
    heavy_jobs=2 * (IMAGES_EXAMINED_MAX + 100),
    image_jobs=IMAGE_JOBS,
    albums=ALBUMS,
    album_images=100,
)


@frozen(kw_only=True)
class Installation:
    """A filled Spike, with a client that is its heavy user."""

    spike: Spike
    sizes: Sizes
    client: testing.TestClient
    headers: dict[str, str]
    fill_s: float

    def get(self, path: str) -> testing.Result:
        """Send a GET and return the response."""
        return self._checked(self.client.simulate_get(path, headers=self.headers))

    def get_as_stranger(self, path: str) -> testing.Result:
        """Send a GET without credentials and return the response."""
        return self._checked(self.client.simulate_get(path))

    def post(self, path: str, body: object) -> testing.Result:
        """Send a POST with a JSON body and return the response."""
        return self._checked(self.client.simulate_post(path, headers=self.headers, json=body))

    def patch(self, path: str, body: object) -> testing.Result:
        """Send a PATCH with a JSON body and return the response."""
        return self._checked(self.client.simulate_patch(path, headers=self.headers, json=body))

    def _checked(self, response: testing.Result) -> testing.Result:
        assert response.status_code == 200, (response.status, response.text)
        return response


class HoldingQueue:
    """A queue that has lost nothing."""

    def send(self, job_id: JobId, *, priority: Priority) -> None:
        """Send nothing."""

    def held(self, job_ids: Collection[JobId]) -> Collection[JobId]:
        """Return all of them; see the port."""
        return frozenset(job_ids)

    def instance_id(self) -> str:
        """Return which instance it is; see the port."""
        return "the only one"


def _cancelled(installation: Installation) -> Callable[[], object]:
    def enhance_and_cancel() -> None:
        accepted = installation.post("/api/images/enhance", {"imageId": heavy_image(1), "tier": "TIER_1K"}).json
        installation.post(f"/api/jobs/{accepted['jobId']}/cancel", {})

    return enhance_and_cancel


def _moved(at: Installation) -> Callable[[], object]:
    def move_and_return() -> None:
        for target in (heavy_album(1), heavy_album(0)):
            at.post("/api/images/move-to-album", {"imageIds": [heavy_image(0)], "targetAlbumId": target})

    return move_and_return


def _refunds(spike: Spike) -> object:
    with spike.database.transactions.view() as tx:
        return tx.statistics.refunds()


def _completed(installation: Installation) -> Callable[[], object]:
    transitions = installation.spike.jobs.transitions

    def enhance_and_complete() -> None:
        accepted = installation.post("/api/images/enhance", {"imageId": heavy_image(1), "tier": "TIER_1K"}).json
        job = transitions.claim(JobId(accepted["jobId"]))
        key = ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=job.attempt)
        size = Dimensions(width_px=1024, height_px=768)
        transitions.complete(job, Result(key=key, format=PictureFormat.JPEG, dimensions=size, size_bytes=1))

    return enhance_and_complete


def _without_renditions(spike: Spike) -> object:
    with spike.database.transactions.view() as tx:
        return tx.renditions.missing(before=spike.clock.now(), limit=CATCH_UP_BATCH)


def _lists(at: Installation) -> dict[str, Callable[[], object]]:
    """Return the lists of the heavy user's images, in each order and narrowed down in each way."""
    asked = {
        "list images, 100": "",
        "list images, oldest": "order=oldest",
        "list images by name": "order=name",
        "list images, enhanced": "state=ENHANCED",
        "list images, none of 2,500 processing": "state=PROCESSING",
        "list images, none of 2,500 failed, by name": "state=FAILED&order=name",
        "list images, of a tier": "tier=TIER_1K",
        "list images, none of 2,500 of a tier": "tier=TIER_4K&order=oldest",
        "search images": "search=PHOTO",
        "search images, none of 2,500": "search=nothing&order=name",
    }
    ids = ",".join(heavy_image(number) for number in range(PAGE_SIZE_MAX))
    lists = {name: partial(at.get, f"/api/images?limit=100&{query}") for name, query in asked.items()}
    return {**lists, "list images by id, 100": lambda: at.get(f"/api/images?ids={ids}")}


def _shared_pages(at: Installation) -> dict[str, Callable[[], object]]:
    """Return the requests for what is shared, by someone without an account."""
    album, image = heavy_album(2), heavy_image(3)
    token = at.patch(f"/api/albums/{album}", {"privacy": "UNLISTED"}).json["album"]["shareToken"]
    with at.spike.database.transactions.begin() as tx:
        tx.images.change(evolve(tx.images.get(ImageId(image)), is_public=True))
    return {
        "shared album's page": lambda: at.get_as_stranger(f"/share/albums/{album}?shareToken={token}"),
        "shared album, 100": lambda: at.get_as_stranger(f"/api/albums/{album}?shareToken={token}"),
        "shared picture's page": lambda: at.get_as_stranger(f"/share/pictures/{image}"),
    }


def _looked_up_before(recovery: Recovery) -> Callable[[], object]:
    """Return the lookup of started jobs by a process that has looked up all of them, as it does at its start."""
    recovery.lost_messages.limits = evolve(recovery.limits, redeliver_after=timedelta(0))
    recovery.requeue_lost()
    return recovery.requeue_lost


def calls(at: Installation) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name."""
    spike, sizes = at.spike, at.sizes
    asked = [heavy_job(number % sizes.heavy_jobs) for number in range(JOBS_ASKED_MAX)]
    waiting = JobId(waiting_job(sizes.waiting // 2))
    owner = next(iter(_owner_of(spike, waiting)))
    user_id = next(iter(_owner_of(spike, JobId(heavy_job(0)))))
    some_images = [heavy_image(number) for number in range(1, 101)]  # the first one has many jobs
    return {
        "GET job, completed": lambda: at.get(f"/api/jobs/{heavy_job(0)}"),
        "GET job, waiting (service)": lambda: spike.queries.job(waiting, viewer=owner),
        "GET image": lambda: at.get(f"/api/images/{heavy_image(1)}"),
        "GET image with many jobs": lambda: at.get(f"/api/images/{heavy_image(0)}"),
        "GET jobs of an image": lambda: at.get(f"/api/images/{heavy_image(0)}/jobs?limit=100"),
        **_lists(at),
        "lay out images, 2,500": lambda: at.get("/api/images/layout"),
        "lay out enhanced images, 2,500": lambda: at.get("/api/images/layout?state=ENHANCED&order=name"),
        "renew the links of 100": lambda: at.post("/api/images/links", {"imageIds": some_images}),
        "plan a download of 100": lambda: spike.downloads.of_images(user_id, [ImageId(id_) for id_ in some_images]),
        "list albums": lambda: at.get("/api/albums"),
        "GET album, a page": lambda: at.get(f"/api/albums/{heavy_album(0)}"),
        "lay out an album, 100": lambda: at.get(f"/api/albums/{heavy_album(0)}/layout?limit=100"),
        **_shared_pages(at),
        "move an image to another album and back": _moved(at),
        "rename an image": lambda: at.patch(f"/api/images/{heavy_image(1)}", {"name": "photo.jpg"}),
        "batch-status": lambda: at.post("/api/jobs/batch-status", {"jobIds": list(dict.fromkeys(asked))[:2]}),
        "enhance and cancel": _cancelled(at),
        "enhance, claim and complete": _completed(at),
        "balance": lambda: at.get("/api/tokens/balance"),
        "history, one": lambda: at.get("/api/tokens/history?limit=1"),
        "usage": lambda: at.get("/api/usage"),
        "creations": lambda: at.get("/api/mcp/history"),
        "sessions": lambda: at.get("/api/sessions"),
        "metrics": lambda: at.get("/metrics"),
        "refunds, for the metrics": lambda: _refunds(spike),
        "relay": spike.jobs.dispatch.send_due,
        "expired leases": spike.maintenance.recovery.expire_leases,
        "look up started jobs": _looked_up_before(evolve(spike.maintenance.recovery, queue=HoldingQueue())),
        "purge sessions": spike.accounts.sessions.purge,
        "purge idempotency records": spike.idempotency.purge,
        "pictures without renditions": lambda: _without_renditions(spike),
        "finish deletions": spike.images.deletion.finish_pending,
    }


def sizes_of(jobs: int, *, waiting: int) -> Sizes:
    """Return the sizes of an installation with so many jobs and, apart from them, so many waiting ones."""
    heavy_images = max(SMALL.heavy_images, jobs // 40)
    return Sizes(
        users=max(2, jobs // JOBS_EACH // 2 * 2),
        images_each=10,
        jobs_each=JOBS_EACH,
        waiting=waiting,
        heavy_images=heavy_images,
        heavy_jobs=max(SMALL.heavy_jobs, jobs // 20),
        image_jobs=max(IMAGE_JOBS, jobs // 400),
        albums=ALBUMS,
        album_images=min(5_000, heavy_images),
    )


def _owner_of(spike: Spike, job_id: JobId) -> Iterator[Any]:
    with spike.database.transactions.view() as tx:
        yield tx.jobs.get(job_id).spec.owner_id


@contextmanager
def installation(sizes: Sizes, *, database_url: str) -> Iterator[Installation]:
    """Build and fill an installation."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            database_url=database_url,
            worker_threads=0,
            rate_get_image=0,
            rate_enhance=0,
            rate_move=0,
            rate_download=0,
            rate_general=0,
            open_free_jobs_max=1_000_000,
            open_paid_jobs_max=1_000_000,
            open_image_jobs_max=1_000_000,
            images_max=1_000_000,
            storage_mb_max=1_000_000,
            log_level="ERROR",
            database_statement_s=3600.0,
        )
        spike = build(settings)
        if spike.background is not None:
            spike.background.close()  # it would look for renditions of pictures that don't exist, and read rows
        spike.database.migrate()
        registered = spike.accounts.registration.register(Email("heavy@example.org"))
        assert isinstance(spike.database, SqlAlchemyDatabase)
        began_s = time.perf_counter()
        fill(spike.database.engine, sizes, heavy=registered.user.id, now_us=int(spike.clock.now().timestamp() * 1e6))
        try:
            yield Installation(
                spike=spike,
                sizes=sizes,
                client=testing.TestClient(create_app(spike)),
                headers={"Authorization": f"Bearer {registered.session_token.text}"},
                fill_s=time.perf_counter() - began_s,
            )
        finally:
            spike.close()


def measured(
    big: Installation, small: Installation, *, rounds: int, only: str = ""
) -> Sequence[tuple[str, float, float]]:
    """Return the lower quartile of each call's times in milliseconds, big and small."""
    of_big, of_small = calls(big), calls(small)
    rows: list[tuple[str, float, float]] = []
    for name in [each for each in of_big if only in each]:
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            for call, taken in zip((of_big[name], of_small[name]), times, strict=True):
                began_s = time.perf_counter()
                call()
                taken.append(time.perf_counter() - began_s)
        # other work on the machine only adds time, so the faster calls tell more
        on_big_s, on_small_s = (statistics.quantiles(taken[rounds // 10 :], n=4)[0] for taken in times)
        rows.append((name, on_big_s * 1000, on_small_s * 1000))
    return rows


def main() -> None:
    """Fill, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--jobs", type=int, default=2_000_000)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--only", default="", help="a part of the names of what is measured")
    options = parser.parse_args()
    configure_logging(level="ERROR", form="json")
    sizes = sizes_of(options.jobs, waiting=options.waiting)
    with ExitStack() as stack:
        urls = [stack.enter_context(database_at(options.database)) for _ in range(2)]
        small = stack.enter_context(installation(SMALL, database_url=urls[0]))
        big = stack.enter_context(installation(sizes, database_url=urls[1]))
        print(f"{options.database}: {options.jobs} jobs, filled in {big.fill_s:.0f} s\n", file=sys.stderr)
        print("| Request or tick | big, ms | small, ms | big ÷ small |")
        print("|---|---|---|---|")
        slower: list[str] = []
        for name, on_big, on_small in measured(big, small, rounds=options.rounds, only=options.only):
            ratio = on_big / on_small
            shown = f"**{ratio:.2f}**" if ratio > BOUND else f"{ratio:.2f}"
            print(f"| {name} | {on_big:.2f} | {on_small:.2f} | {shown} |")
            if ratio > BOUND:
                slower.append(name)
        assert isinstance(big.spike.database, SqlAlchemyDatabase)
        for name in slower:
            print(f"\n## {name}, big")
            for sql, plan in plans(big.spike.database.engine, calls(big)[name]):
                print(f"\n```text\n{sql.strip()}\n\n{plan}\n```")


if __name__ == "__main__":
    main()
