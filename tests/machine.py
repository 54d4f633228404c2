"""The stateful machine: anything that can happen to a Spike, in any order, and the invariants after each step.

Uploads, enhancements, cancellations, workers that succeed, fail, die, stall and come back too late, messages doubled
and lost, a queue that refuses, sweeps, restarts, and time. Every operation may be cut off by a crash between any two
port calls. The numbers I1 to I8 are those of the design.
"""

import io
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from builders import an_album
from crashing import Crash, Fate, MortalBlobStore, MortalDatabase, MortalQueue, MortalTransactions
from spike_core.domain.accounts import Email
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import (
    JobChanged,
    NothingToClaim,
    SpikeError,
    StorageUnavailable,
    UndecodablePicture,
    UpscalerUnavailable,
)
from spike_core.domain.identifiers import AlbumId, ImageId, JobId, OwnerId
from spike_core.domain.images import ImageName
from spike_core.domain.invariants import judge_job, judge_wallet
from spike_core.domain.jobs import ClaimedJob, CompletedJob, Job, PendingJob, Result, SettledJob
from spike_core.domain.ledger import EntryKind
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.ports.plugins import Database, Engine, Storage
from spike_core.ports.upscaler import EnhancedPicture
from spike_memory import (
    CountingIds,
    CountingSecrets,
    ManualClock,
    MemoryBlender,
    MemoryBlobStore,
    MemoryBroker,
    MemoryDownloader,
    MemoryGenerator,
    MemoryLimiter,
    MemoryProbe,
    MemoryUpscaler,
    StillPulse,
)
from spike_memory.engine import a_picture
from spike_runtime import Settings, assemble

CAP = 20
ROUNDS_MAX = 20  # in which everything comes to rest, once nothing goes wrong any more
THE_END = datetime.max.replace(tzinfo=UTC)
SIZE = Dimensions(width_px=640, height_px=480)
PICTURES = {
    "good": a_picture(SIZE),
    "blank": a_picture(SIZE, flaw="blank"),
    "corrupt": a_picture(SIZE, flaw="corrupt"),
    "junk": b"junk",
    "empty": b"",
}
crashes = st.none() | st.none() | st.integers(0, 25)


class FickleUpscaler:
    """Does what the machine wants it to do."""

    mood = "success"
    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def enhance(self, original: BinaryIO, *, size: Dimensions) -> EnhancedPicture:
        self.meanwhile()
        match self.mood:
            case "transient":
                raise UpscalerUnavailable
            case "permanent":
                raise UndecodablePicture
            case "bug":
                raise RuntimeError("a bug in the engine")
            case "wrong size":
                return MemoryUpscaler().enhance(original, size=Dimensions(width_px=1, height_px=1))
        return MemoryUpscaler().enhance(original, size=size)


class FickleBlobStore(MemoryBlobStore):
    """Can be told to be full."""

    full = False

    def put(self, key: ObjectKey, content: BinaryIO) -> None:
        if self.full:
            raise StorageUnavailable
        super().put(key, content)


class MortalBroker(MemoryBroker):
    """A broker whose sending end dies."""

    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._mortal = MortalQueue(super().queue, fate)

    @property
    def queue(self) -> Any:
        return self._mortal

    @property
    def held(self) -> Any:
        """What the queue holds."""
        return super().queue


class SpikeMachine(RuleBasedStateMachine):
    """Give it a database by overriding `open_database`."""

    settings: ClassVar[Settings] = Settings(token_cap=CAP, opening_grant=12)

    def open_database(self) -> Database:
        raise AssertionError("a subclass says which")

    def __init__(self) -> None:
        super().__init__()
        self.fate, self.clock = Fate(), ManualClock()
        self.database = self.open_database()
        self.database.migrate()
        self.blobs, self.upscaler = FickleBlobStore(self.clock), FickleUpscaler()
        self.broker = MortalBroker(self.fate)
        self.spike = assemble(
            self.settings,
            database=MortalDatabase(self.database, MortalTransactions(self.database.transactions, self.fate)),
            storage=Storage(blobs=MortalBlobStore(self.blobs, self.fate), links=self.blobs),
            broker=self.broker,
            engine=Engine(upscaler=self.upscaler, blender=MemoryBlender(), probe=MemoryProbe()),
            generator=MemoryGenerator(),
            downloader=MemoryDownloader(),
            limiter=MemoryLimiter(self.clock),
            clock=self.clock,
            ids=CountingIds(),
            secrets=CountingSecrets(),
            pulse=StillPulse(),
        )
        self.settlement = self.spike.workshop.settlement
        self.stalled: list[ClaimedJob] = []
        self.at_rest: dict[JobId, SettledJob] = {}
        self.crashed_since_collection = False

    # --- what there is -------------------------------------------------------------------------------------------

    def jobs(self) -> list[Job]:
        with self.database.transactions.view() as tx:
            return list(tx.census.jobs(limit=10_000))

    def image_ids(self) -> list[ImageId]:
        with self.database.transactions.view() as tx:
            return [image.id for image in tx.census.images(limit=10_000)]

    def holdings(self) -> Any:
        """Return what a request that answers an error must leave as it was (I7)."""
        with self.database.transactions.view() as tx:
            return (
                [(wallet.owner_id, wallet.balance, wallet.entries) for wallet in tx.census.wallets(limit=100)],
                tx.census.images(limit=10_000),
                tx.census.jobs(limit=10_000),
                [tx.album_order.places(album_id) for album_id in self.albums.values()],
                self.blobs.scan(limit=10_000),
            )

    def attempt(self, crash: int | None, kills: bool, action: Any) -> Any:
        """Do something as a request does: it succeeds, is refused without a trace, or dies."""
        before = self.holdings()
        try:
            with self.fate.dying_after(crash) if kills else self.fate.failing_after(crash):
                return action()
        except Crash:
            self.crashed_since_collection = True
        except SpikeError:
            assert self.holdings() == before, "I7: a refused request leaves nothing"
        return None

    def behind_the_scenes(self, crash: int | None, action: Any) -> None:
        """Do something as the relay or the sweeper does."""
        try:
            with self.fate.dying_after(crash):
                action()
        except Crash:
            self.crashed_since_collection = True

    # --- the beginning -------------------------------------------------------------------------------------------

    @initialize()
    def two_people_with_albums(self) -> None:
        self.owners: list[OwnerId] = []
        self.albums: dict[tuple[OwnerId, bool], AlbumId] = {}
        for name in ("ada", "bob"):
            owner_id = self.spike.registration.register(Email(f"{name}@example.org")).user.id
            self.owners.append(owner_id)
            for auto_enhance in (True, False):
                album = an_album(owner_id=owner_id, default_tier=Tier.TIER_2K, auto_enhance=auto_enhance)
                with self.database.transactions.begin() as tx:
                    tx.albums.add(album)
                self.albums[owner_id, auto_enhance] = album.id

    # --- what people do ------------------------------------------------------------------------------------------

    @rule(
        who=st.integers(0, 1),
        picture=st.sampled_from(sorted(PICTURES)),
        album=st.none() | st.tuples(st.integers(0, 1), st.booleans()),
        crash=crashes,
        kills=st.booleans(),
    )
    def upload(
        self,
        who: int,
        picture: str,
        album: tuple[int, bool] | None,
        crash: int | None,
        kills: bool,
    ) -> None:
        album_id = None if album is None else self.albums[self.owners[album[0]], album[1]]
        content = io.BytesIO(PICTURES[picture])
        uploaded = self.attempt(
            crash,
            kills,
            lambda: self.spike.uploads.upload(
                self.owners[who], name=ImageName("photo.jpg"), content=content, album_id=album_id
            ),
        )
        assert uploaded is None or picture in {"good", "blank"}

    @precondition(lambda self: self.image_ids())
    @rule(who=st.integers(0, 1), data=st.data(), tier=st.sampled_from(list(Tier)), crash=crashes, kills=st.booleans())
    def enhance(self, who: int, data: st.DataObject, tier: Tier, crash: int | None, kills: bool) -> None:
        image_id = data.draw(st.sampled_from(self.image_ids()))
        self.attempt(
            crash,
            kills,
            lambda: self.spike.enhancements.enhance(self.owners[who], image_id=image_id, tier=tier),
        )

    @precondition(lambda self: self.image_ids())
    @rule(
        who=st.integers(0, 1),
        data=st.data(),
        tiers=st.lists(st.sampled_from(list(Tier)), max_size=4),
        crash=crashes,
        kills=st.booleans(),
    )
    def enhance_in_parallel(
        self, who: int, data: st.DataObject, tiers: list[Tier], crash: int | None, kills: bool
    ) -> None:
        image_id = data.draw(st.sampled_from(self.image_ids()))
        accepted = self.attempt(
            crash,
            kills,
            lambda: self.spike.enhancements.enhance_in_parallel(self.owners[who], image_id=image_id, tiers=tiers),
        )
        assert accepted is None or [job.order.tier for job in accepted.jobs] == tiers

    @precondition(lambda self: self.jobs())
    @rule(who=st.integers(0, 1), data=st.data(), crash=crashes, kills=st.booleans())
    def cancel(self, who: int, data: st.DataObject, crash: int | None, kills: bool) -> None:
        job = data.draw(st.sampled_from(self.jobs()))
        cancelled = self.attempt(crash, kills, lambda: self.spike.cancellation.cancel(self.owners[who], job.id))
        if cancelled is not None:
            assert not isinstance(job, SettledJob), "I4: what has ended can't be cancelled"
            assert cancelled.refunded == job.order.charged

    @rule(who=st.integers(0, 1))
    def look_at_the_balance(self, who: int) -> None:
        account = self.spike.treasury.account(self.owners[who])
        assert account.totals.balance == account.wallet.balance

    # --- what workers do -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.broker.held.messages)
    @rule(
        mood=st.sampled_from(["success", "success", "transient", "permanent", "bug", "wrong size"]),
        crash=crashes,
    )
    def work(self, mood: str, crash: int | None) -> None:
        self.upscaler.mood = mood
        job_id = self.broker.held.messages.popleft()
        try:
            self.behind_the_scenes(crash, lambda: self.spike.workshop.perform(job_id))
        except NothingToClaim:
            with self.database.transactions.view() as tx:
                job = tx.jobs.get(job_id)
            assert isinstance(job, SettledJob | ClaimedJob), "only a held or ended job can't be claimed"

    @precondition(lambda self: self.broker.held.messages)
    @rule(overtaken=st.booleans())
    def work_on_what_is_taken_away(self, overtaken: bool) -> None:
        """The owner cancels, or the lease runs out, while the worker is at it; the worker notices at the end."""
        self.upscaler.mood = "success"
        job_id = self.broker.held.messages.popleft()

        def meanwhile() -> None:
            if overtaken:
                self.clock.advance(timedelta(minutes=2))
                self.spike.sweep.repair()
            else:
                with self.database.transactions.view() as tx:
                    owner_id = tx.jobs.get(job_id).order.owner_id
                self.spike.cancellation.cancel(owner_id, job_id)

        self.upscaler.meanwhile = meanwhile
        try:
            self.spike.workshop.perform(job_id)
        except NothingToClaim:
            return
        finally:
            self.upscaler.meanwhile = lambda: None
        with self.database.transactions.view() as tx:
            assert not isinstance(tx.jobs.get(job_id), CompletedJob), "a fenced-off worker changes nothing"

    @precondition(lambda self: self.broker.held.messages)
    @rule()
    def a_worker_stalls(self) -> None:
        try:
            self.stalled.append(self.settlement.claim(self.broker.held.messages.popleft()))
        except NothingToClaim:
            return

    @precondition(lambda self: self.stalled)
    @rule(data=st.data())
    def a_stalled_worker_shows_life(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.stalled))
        with self.database.transactions.view() as tx:
            stored = tx.jobs.get(job.id)
        try:
            self.settlement.renew(job, progress=50)
        except JobChanged:
            assert stored.fence != job.fence
        else:
            assert stored.fence == job.fence

    @precondition(lambda self: self.stalled and not self.blobs.full)
    @rule(data=st.data())
    def a_stalled_worker_delivers(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.stalled))
        self.stalled.remove(job)
        with self.database.transactions.view() as tx:
            stored = tx.jobs.get(job.id)
        picture = a_picture(job.order.tier.output_size(SIZE))
        key = ObjectKey.of_result(job.id, PictureFormat.JPEG, attempt=job.attempt)
        self.blobs.put(key, io.BytesIO(picture))
        size = job.order.tier.output_size(SIZE)
        result = Result(key=key, format=PictureFormat.JPEG, dimensions=size, size_bytes=len(picture))
        try:
            self.settlement.complete(job, result)
        except JobChanged:
            assert stored.fence != job.fence, "only a fenced-off worker is turned away"
            self.blobs.delete([key])
        else:
            assert stored.fence == job.fence, "a fenced-off worker changes nothing"

    # --- what happens behind the scenes --------------------------------------------------------------------------

    @rule(task=st.sampled_from(["relay", "relay", "repair", "repair", "collect"]), crash=crashes)
    def look_after_things(self, task: str, crash: int | None) -> None:
        tasks = {
            "relay": self.spike.dispatch.relay,
            "repair": self.spike.sweep.repair,
            "collect": self.spike.sweep.collect_orphans,
        }
        self.behind_the_scenes(crash, tasks[task])

    @rule(seconds=st.sampled_from([1, 10, 61, 61, 601, 901, 3601, 40_000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(
        event=st.sampled_from(
            ["the queue takes", "the queue takes", "the queue refuses", "the store has room", "the store is full"]
        )
    )
    def the_world_changes(self, event: str) -> None:
        match event:
            case "the queue takes":
                self.broker.held.refuses = False
            case "the queue refuses":
                self.broker.held.refuses = True
            case "the store has room":
                self.blobs.full = False
            case "the store is full":
                self.blobs.full = True

    @precondition(lambda self: self.jobs())
    @rule(data=st.data())
    def a_message_is_doubled(self, data: st.DataObject) -> None:
        self.broker.held.messages.append(data.draw(st.sampled_from(self.jobs())).id)

    @rule(restarted=st.booleans())
    def the_queue_loses_everything(self, restarted: bool) -> None:
        self.broker.held.messages.clear()
        if restarted:
            self.stalled.clear()
            self.spike.sweep.repair_after_restart()

    # --- the laws ------------------------------------------------------------------------------------------------

    @invariant()
    def money_adds_up(self) -> None:
        """I1, I2, I3, and I5's cap."""
        jobs = self.jobs()
        with self.database.transactions.view() as tx:
            findings = [
                finding
                for wallet in tx.census.wallets(limit=100)
                for finding in judge_wallet(wallet, tx.ledger.totals(wallet.owner_id))
            ]
            entries = defaultdict(list)
            for entry in tx.census.entries_of([job.id for job in jobs]):
                entries[entry.job_id].append(entry)
            findings += [finding for job in jobs for finding in judge_job(job, entries[job.id])]
            for wallet in tx.census.wallets(limit=100):
                for entry in tx.ledger.page(wallet.owner_id, limit=100):
                    if entry.kind is EntryKind.EARN_REGENERATION:
                        assert entry.balance_after <= Tokens(CAP), "I5: nothing regenerates above the cap"
        assert findings == []

    @invariant()
    def what_has_ended_stays_as_it_is(self) -> None:
        """I4."""
        jobs = {job.id: job for job in self.jobs()}
        for id_, job in self.at_rest.items():
            assert jobs[id_] == job
        self.at_rest |= {id_: job for id_, job in jobs.items() if isinstance(job, SettledJob)}

    @invariant()
    def every_row_has_its_object(self) -> None:
        """I8, the half that holds at every moment."""
        assert self.named() <= {stored.key for stored in self.blobs.scan(limit=10_000)}

    @invariant()
    def only_pending_jobs_are_announced_and_the_others_wait_for_their_turn(self) -> None:
        with self.database.transactions.view() as tx:
            announced = {message.job_id for message in tx.outbox.due(now=THE_END, limit=10_000)}
            owners = {job.order.owner_id for job in self.jobs()}
            assert all(tx.turns.on_their_way(owner_id) <= JobLimits().on_their_way_max for owner_id in owners)
        assert announced <= {job.id for job in self.jobs() if isinstance(job, PendingJob)}

    @invariant()
    def nothing_is_left_where_nothing_crashed(self) -> None:
        """I8, the other half, without a sweep: only a crash leaves an object that no row names."""
        if not self.crashed_since_collection:
            assert {stored.key for stored in self.blobs.scan(limit=10_000)} == self.named()

    def named(self) -> set[ObjectKey]:
        with self.database.transactions.view() as tx:
            named = {image.original for image in tx.census.images(limit=10_000)}
            jobs = tx.census.jobs(limit=10_000)
        return named | {job.result.key for job in jobs if isinstance(job, CompletedJob)}

    def teardown(self) -> None:
        """Let everything come to rest: then each job is delivered or refunded, and nothing lies about."""
        if not hasattr(self, "owners"):
            return
        self.broker.held.refuses, self.blobs.full, self.upscaler.mood = False, False, "success"
        for _ in range(ROUNDS_MAX):
            if all(isinstance(job, SettledJob) for job in self.jobs()):
                break
            self.clock.advance(timedelta(minutes=11))
            self.spike.sweep.repair()
            self.spike.dispatch.relay()
            while self.broker.held.messages:
                try:
                    self.spike.workshop.perform(self.broker.held.messages.popleft())
                except NothingToClaim:
                    continue
        self.clock.advance(timedelta(hours=3))
        self.spike.sweep.collect_orphans()
        self.crashed_since_collection = False
        self.money_adds_up()
        self.what_has_ended_stays_as_it_is()
        self.nothing_is_left_where_nothing_crashed()
        assert list(self.spike.audit.findings()) == []
        assert all(isinstance(job, SettledJob) for job in self.jobs()), "I3: at rest, each is delivered or refunded"
        self.database.close()
