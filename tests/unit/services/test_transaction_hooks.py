"""Hooks of callers run in the effect's transaction, in each use case that accepts hooks."""

import ast
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

import spike_core.services
from faults import FaultyTransactions
from memory_spike import MemorySpike
from spike_contracts.builders import NOON, an_image_id
from spike_core.domain.albums import AlbumName, AlbumPatch
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import DatabaseUnavailable, ImageNotFound, InvalidInput, SpikeError, TransactionUndone
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.idempotency import IdempotencyKey, IdempotencyRecord, RecordedResponse, RequestDigest
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId
from spike_core.domain.images import ImageName
from spike_core.domain.tiers import Tier
from spike_core.ports.transactions import Transaction
from spike_core.services.albums import NewAlbum
from spike_core.services.batch_uploads import NamedFile, RefusedFile
from spike_core.services.ingest import InlineImage
from spike_core.services.transaction_hooks import BeforeCommit
from spike_memory import MemoryDatabase, MemoryTransactions
from spike_memory.engine import a_picture

SERVICES: Final = Path(spike_core.services.__path__[0])
NAME: Final = ImageName("a.jpg")
KEY: Final = IdempotencyKey("key")
THREADS: Final = 8


def content() -> io.BytesIO:
    return io.BytesIO(a_picture(Dimensions(width_px=640, height_px=480)))


@frozen
class Scene:
    """A `Spike` whose transactions can fail, an owner with an image, and an anonymous image."""

    memory: MemorySpike
    transactions: FaultyTransactions
    owner: OwnerId
    image: ImageId
    anonymous: ImageId
    album: AlbumId

    @property
    def rows(self) -> tuple[object, ...]:
        """The committed rows."""
        return (*self.memory.holdings[:-1], self.memory.spike.albums.of_owner(self.owner))

    @property
    def objects(self) -> object:
        """The stored objects."""
        return self.memory.holdings[-1]


@pytest.fixture
def scene() -> Scene:
    transactions = FaultyTransactions(MemoryTransactions())
    memory = MemorySpike.build(database=MemoryDatabase(transactions))  # type: ignore[arg-type]
    owner, uploads = memory.register().user.id, memory.spike.images.uploads
    image = uploads.upload(owner, name=NAME, content=content()).image.id
    anonymous = uploads.upload_anonymously(name=NAME, content=content()).id
    album = memory.spike.albums.create(owner, NewAlbum(name=AlbumName("Summer"))).id
    return Scene(memory, transactions, owner, image, anonymous, album)


UseCase = Callable[[Scene, BeforeCommit[Any]], Any]
USE_CASES: Final[dict[str, UseCase]] = {
    "upload": lambda s, hook: s.memory.spike.images.uploads.before_commit(hook).upload(
        s.owner, name=NAME, content=content()
    ),
    "upload_anonymously": lambda s, hook: s.memory.spike.images.uploads.before_commit(hook).upload_anonymously(
        name=NAME, content=content()
    ),
    "batch upload": lambda s, hook: s.memory.spike.images.batch_uploads.before_commit(hook).upload(
        s.owner, files=[NamedFile(filename=name, name=NAME, content=content()) for name in "ab"]
    ),
    "enhance": lambda s, hook: s.memory.spike.jobs.enhancements.before_commit(hook).enhance(
        s.owner, image_id=s.image, tier=Tier.TIER_1K
    ),
    "enhance, inline source": lambda s, hook: s.memory.spike.jobs.enhancements.before_commit(hook).enhance(
        s.owner, image_id=s.image, tier=Tier.TIER_1K, source=InlineImage(content=content())
    ),
    "blend_anonymously": lambda s, hook: s.memory.spike.jobs.enhancements.before_commit(hook).blend_anonymously(
        s.anonymous, source=InlineImage(content=content())
    ),
    "enhance_in_parallel": lambda s, hook: s.memory.spike.jobs.enhancements.before_commit(hook).enhance_in_parallel(
        s.owner, image_id=s.image, tiers=[Tier.TIER_1K, Tier.TIER_2K]
    ),
    "enhance_batch": lambda s, hook: s.memory.spike.jobs.enhancements.before_commit(hook).enhance_batch(
        s.owner, image_ids=[s.image], tier=Tier.TIER_1K
    ),
    "generate": lambda s, hook: s.memory.spike.jobs.generations.before_commit(hook).generate(
        s.owner, prompt=Prompt("a lake"), negative=None, tier=Tier.TIER_1K, aspect_ratio=AspectRatio.SQUARE
    ),
    "modify": lambda s, hook: s.memory.spike.jobs.generations.before_commit(hook).modify(
        s.owner,
        prompt=Prompt("snow"),
        negative=None,
        tier=Tier.TIER_1K,
        picture=InlineImage(content=content()),
    ),
    "change album": lambda s, hook: s.memory.spike.albums.before_commit(hook).change(
        s.owner, s.album, AlbumPatch(name=AlbumName("Winter"))
    ),
    "remove album": lambda s, hook: s.memory.spike.albums.before_commit(hook).remove(s.owner, s.album),
    "create album": lambda s, hook: s.memory.spike.albums.before_commit(hook).create(
        s.owner, NewAlbum(name=AlbumName("Holiday"))
    ),
}


@pytest.fixture(params=USE_CASES)
def use_case(request: pytest.FixtureRequest) -> UseCase:
    return USE_CASES[request.param]


def write_record(tx: Transaction, result: object) -> None:
    """Write a row that can be written only once."""
    response, digest = RecordedResponse(status=200, body=type(result).__name__), RequestDigest.of(b"")
    with_key = IdempotencyRecord(caller="ada", key=KEY, digest=digest, answer=response, created_at=NOON)
    tx.idempotency_records.add(with_key)


def endings() -> dict[str, str]:
    """Return the last statement of each transaction of use cases with hooks, by class and line."""
    found: dict[str, str] = {}
    for path in SERVICES.glob("*.py"):
        classes = [node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.ClassDef)]
        for extensible in (each for each in classes if "Extensible" in map(ast.unparse, each.bases)):
            for node in ast.walk(extensible):
                if isinstance(node, ast.With) and any("transactions.begin()" in ast.unparse(i) for i in node.items):
                    found[f"{extensible.name}:{node.lineno}"] = ast.unparse(node.body[-1])
    return found


def test_every_transaction_of_extensible_use_cases_ends_by_running_the_hooks() -> None:
    found = endings()
    assert {name.partition(":")[0] for name in found} == {
        "Albums",
        "BatchUploads",
        "Enhancements",
        "Generations",
        "Uploads",
    }
    assert [name for name, ending in found.items() if not ending.startswith("self._run_hooks(tx, ")] == []


def test_a_hook_runs_once_before_the_commit_with_the_result(scene: Scene, use_case: UseCase) -> None:
    before, seen = scene.rows, []

    def look(_tx: Transaction, result: object) -> None:
        assert scene.rows == before, "nothing is committed"
        seen.append(result)

    returned = use_case(scene, look)
    assert [type(result) for result in seen] == [type(returned)]
    if not hasattr(returned, "jobs"):  # a job may have started after the commit
        assert seen == [returned]
    assert scene.rows != before


def test_what_a_hook_writes_is_stored_with_the_effect(scene: Scene, use_case: UseCase) -> None:
    returned = use_case(scene, write_record)
    with scene.transactions.view() as tx:
        assert tx.idempotency_records.get("ada", KEY).answer.body == type(returned).__name__


def test_an_error_of_a_hook_rolls_back_the_effect(scene: Scene, use_case: UseCase) -> None:
    """Rows and objects, as for any refusal (I7)."""

    class Refusal(SpikeError):
        pass

    def refuse(tx: Transaction, result: object) -> None:
        write_record(tx, result)
        raise Refusal

    before = (scene.rows, scene.objects)
    with pytest.raises(Refusal):
        use_case(scene, refuse)
    assert (scene.rows, scene.objects) == before
    use_case(scene, write_record)  # the record is gone too


def test_a_retried_transaction_stores_what_a_hook_writes_once(scene: Scene, use_case: UseCase) -> None:
    """The hook runs in each transaction, and the database has rolled back all but the last."""
    runs = []

    def count(tx: Transaction, result: object) -> None:
        runs.append(result)
        write_record(tx, result)

    def undo() -> None:
        raise TransactionUndone

    scene.transactions.before_commit.append(undo)
    returned = use_case(scene, count)
    assert len(runs) == 2
    with scene.transactions.view() as tx:
        assert tx.idempotency_records.get("ada", KEY).answer.body == type(returned).__name__


def test_hooks_run_in_the_order_in_which_they_were_added(scene: Scene) -> None:
    runs: list[str] = []
    uploads = scene.memory.spike.images.uploads
    uploads = uploads.before_commit(lambda _tx, _result: runs.append("first"))
    uploads = uploads.before_commit(lambda _tx, _result: runs.append("second"))
    uploads.upload(scene.owner, name=NAME, content=content())
    assert runs == ["first", "second"]


def test_the_original_use_cases_have_no_hook(scene: Scene) -> None:
    runs: list[object] = []
    USE_CASES["upload"](scene, lambda _tx, result: runs.append(result))
    uploads = scene.memory.spike.images.uploads
    uploads.upload(scene.owner, name=NAME, content=content())
    assert len(runs) == 1


def test_a_refused_use_case_runs_no_hook(scene: Scene) -> None:
    runs: list[object] = []
    enhancements = scene.memory.spike.jobs.enhancements.before_commit(lambda _tx, result: runs.append(result))
    with pytest.raises(ImageNotFound):
        enhancements.enhance(scene.owner, image_id=an_image_id(), tier=Tier.TIER_1K)
    assert runs == []


def test_a_batch_without_an_effect_runs_no_hook(scene: Scene) -> None:
    """Nor does one in which the database fails, since all its files are refused."""
    runs: list[object] = []
    uploads = scene.memory.spike.images.batch_uploads.before_commit(lambda _tx, result: runs.append(result))
    uploads.upload(scene.owner, files=[RefusedFile(filename="a.jpg", error=InvalidInput())])

    def fail() -> None:
        raise DatabaseUnavailable

    scene.transactions.before_begin.append(fail)
    batch = uploads.upload(scene.owner, files=[NamedFile(filename="a.jpg", name=NAME, content=content())])
    assert isinstance(batch.files[0], RefusedFile)
    assert runs == []


def test_threads_that_extend_the_same_use_cases_see_their_own_results_alone(scene: Scene) -> None:
    def run(_number: int) -> tuple[object, list[object]]:
        seen: list[object] = []
        returned = USE_CASES["upload"](scene, lambda _tx, result: seen.append(result))
        return returned, seen

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        for returned, seen in pool.map(run, range(THREADS * 3)):
            assert seen == [returned]
