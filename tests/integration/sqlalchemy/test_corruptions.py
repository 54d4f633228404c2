"""Each corruption of stored data is found, and nothing else, and the audit comes to its end."""

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from attrs import evolve

from corruptions import ALL, CORRUPTIONS, ON_POSTGRESQL, Corruption, Scene
from services import VGA, Services
from spike_core.domain.accounts import Email
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.identifiers import ANONYMOUS, ImageId
from spike_core.domain.images import ImageName
from spike_core.domain.invariants import Check, Finding
from spike_core.domain.jobs import CompletedJob
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.services.audit_run import AuditCoverage
from spike_core.services.ingest import InlineImage
from spike_filesystem import FilesystemBlobStore
from spike_memory import ManualClock
from spike_memory.engine import a_picture
from spike_sqlalchemy import SqlAlchemyDatabase, open_postgres, open_sqlite

ON_BOTH: Final = [name for name, corruption in CORRUPTIONS.items() if corruption.dialects == ALL]


def opened(url: str) -> SqlAlchemyDatabase:
    return open_sqlite(url) if url.startswith("sqlite") else open_postgres(url)


@contextmanager
def services_over(url: str, folder: Path) -> Iterator[Services]:
    database, clock = opened(url), ManualClock()
    blobs = FilesystemBlobStore(folder, clock=clock, secret=b"secret")
    yield Services.build(clock=clock, transactions=database.transactions, blobs=blobs)
    database.close()


def a_scene(url: str, folder: Path) -> Scene:
    """Fill a migrated database and a folder."""
    with services_over(url, folder) as services:
        return _filled(services, url, folder)


def _filled(services: Services, url: str, folder: Path) -> Scene:
    ada, eve = services.owner(), services.owner("eve@example.org")
    done, foreign_done = services.accept(ada), services.accept(eve)
    album = services.album(ada)
    in_album = services.upload(ada, album_id=album.id).image
    located = services.upload(ada, content=a_picture(VGA, flaw="located")).image
    free = services.jobs.enhancements.enhance(ada, image_id=located.id, tier=Tier.FREE).job
    blend = services.jobs.enhancements.enhance(
        ada, image_id=located.id, tier=Tier.TIER_2K, source=InlineImage(content=io.BytesIO(a_picture(VGA)))
    ).job
    generated = services.jobs.generations.generate(
        ada, prompt=Prompt("a hill"), tier=Tier.TIER_1K, aspect_ratio=AspectRatio.SQUARE
    ).job
    services.work()
    refunded = services.jobs.transitions.fail(services.claim(eve), "no")
    services.inbox.refuses = True
    pending = services.accept(eve)
    anonymous = services.images.uploads.upload_anonymously(name=ImageName("a.jpg"), content=io.BytesIO(a_picture(VGA)))
    services.wallets.grant(Email("ada@example.org"), Tokens(7))
    stored = services.inventory()
    completed, blended = stored.jobs[done.id], stored.jobs[blend.id]
    assert isinstance(completed, CompletedJob)
    assert blended.spec.input is not None
    image, foreign = (_image_of(services, job_id) for job_id in (done.id, foreign_done.id))
    return Scene(
        url=url,
        folder=folder,
        ada=ada,
        eve=eve,
        image=image,
        located=located.id,
        in_album=in_album.id,
        foreign=foreign,
        anonymous=anonymous.id,
        anonymous_owner=ANONYMOUS,
        album=album.id,
        done=done.id,
        free=free.id,
        blend=blend.id,
        generated=generated.id,
        foreign_done=foreign_done.id,
        refunded=refunded.id,
        pending=pending.id,
        granted=len(stored.ledgers[ada]),
        entries={entry.job_id: entry.sequence for entry in stored.ledgers[ada] if entry.job_id is not None},
        keys={
            "original": stored.images[image].original,
            "hidden original": located.original,
            "copy without metadata": located.shown,
            "input": blended.spec.input.key,
            "result": completed.result.key,
        },
    )


def _image_of(services: Services, job_id: object) -> ImageId:
    image_id = services.inventory().jobs[job_id].spec.image_id  # type: ignore[index]
    assert image_id is not None
    return image_id


@pytest.fixture(scope="module")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("template")
    url = f"sqlite:///{folder / 'spike.db'}"
    database = opened(url)
    database.migrate()
    database.close()
    return a_scene(url, folder / "objects")


@pytest.fixture
def sqlite_scene(sqlite_template: Scene, tmp_path: Path) -> Scene:
    shutil.copytree(sqlite_template.folder.parent, tmp_path / "var")
    return evolve(
        sqlite_template, url=f"sqlite:///{tmp_path / 'var' / 'spike.db'}", folder=tmp_path / "var" / "objects"
    )


@pytest.fixture
def postgres_scene(postgres_url: str, tmp_path: Path) -> Scene:
    return a_scene(postgres_url, tmp_path / "objects")


def audit(scene: Scene, *, deep: bool = False, coverage: AuditCoverage | None = None) -> list[Finding]:
    with services_over(scene.url, scene.folder) as services:
        return list(services.maintenance.audit.findings(deep=deep, coverage=coverage))


def check_found(corruption: Corruption, scene: Scene) -> None:
    """Assert that the corruption is found, and nothing else, in a scene without another."""
    corruption.apply(scene)
    if corruption.needs_deep:
        assert audit(scene) == []
    findings = audit(scene, deep=corruption.needs_deep)
    found = sorted((finding.check.value, finding.subject) for finding in findings if finding.check is not Check.USAGE)
    assert found == sorted((check.value, str(subject)) for check, subject in corruption.finds(scene)), findings
    miscounted = {finding.subject for finding in findings if finding.check is Check.USAGE}
    assert miscounted == {str(getattr(scene, owner)) for owner in corruption.miscounts}, findings


def test_nothing_is_wrong_without_a_corruption(sqlite_scene: Scene, postgres_scene: Scene) -> None:
    for scene in (sqlite_scene, postgres_scene):
        coverage = AuditCoverage()
        assert audit(scene, deep=True, coverage=coverage) == []
        objects = [path for path in scene.folder.glob("[a-z]*/*") if path.is_file()]
        assert (coverage.compared, coverage.uncompared, coverage.unchained) == (len(objects), 0, 0)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_of_a_data_folder_is_found(name: str, sqlite_scene: Scene) -> None:
    check_found(CORRUPTIONS[name], sqlite_scene)


@pytest.mark.parametrize("name", ON_BOTH)
def test_a_corruption_of_a_server_is_found(name: str, postgres_scene: Scene) -> None:
    check_found(CORRUPTIONS[name], postgres_scene)


@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_a_corruption_of_a_servers_schema_is_found(name: str, own_postgres_url: str, tmp_path: Path) -> None:
    check_found(ON_POSTGRESQL[name], a_scene(own_postgres_url, tmp_path / "objects"))


def test_objects_of_an_older_release_are_counted_and_their_sizes_compared(sqlite_scene: Scene) -> None:
    sqlite_scene.execute(
        "UPDATE images SET sha256 = NULL, shown_size_bytes = NULL, shown_sha256 = NULL, checksum = NULL",
        "UPDATE jobs SET input_sha256 = NULL, result_sha256 = NULL, checksum = NULL",
    )
    coverage = AuditCoverage()
    objects = [path for path in sqlite_scene.folder.glob("[a-z]*/*") if path.is_file()]
    assert audit(sqlite_scene, deep=True, coverage=coverage) == []
    assert (coverage.compared, coverage.uncompared) == (0, len(objects))
    check_found(CORRUPTIONS["original is truncated"], sqlite_scene)


def test_a_deep_audit_changes_nothing(sqlite_scene: Scene) -> None:
    path = Path(sqlite_scene.url.removeprefix("sqlite:///"))
    before = {file: file.stat().st_mtime_ns for file in sqlite_scene.folder.rglob("*")}
    content = path.read_bytes()
    audit(sqlite_scene, deep=True)
    assert path.read_bytes() == content
    assert {file: file.stat().st_mtime_ns for file in sqlite_scene.folder.rglob("*")} == before
