"""The state of the machine: one `Spike`, two users, anonymous visitors, and the data that the rules record."""

import io
from collections.abc import Sequence
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from spike_contracts.state_machine.crash_injection import Crash, CrashingBlobStore, CrashingTransactions, FaultPlan
from spike_contracts.state_machine.faults import (
    PICTURES,
    CrashingBroker,
    FlakyBlobStore,
    FlakyGenerator,
    FlakyUpscaler,
    Mood,
    Trouble,
)
from spike_contracts.state_machine.snapshot import Orders, Sender, Snapshot
from spike_core.application import Policies
from spike_core.domain.accounts import Email
from spike_core.domain.albums import AlbumName
from spike_core.domain.errors import SpikeError
from spike_core.domain.idempotency import IdempotencyKey
from spike_core.domain.identifiers import BODY_LENGTH, AlbumId, ImageId, JobId, OwnerId, RequestId
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import ClaimedJob, Job
from spike_core.domain.ledger import LedgerEntry, Reference
from spike_core.domain.limits import JobLimits
from spike_core.domain.regeneration_policy import RegenerationPolicy
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.domain.usage import Budget, Budgets
from spike_core.ports.events import Subscriber
from spike_core.ports.factories import Database
from spike_core.services.albums import NewAlbum
from spike_core.services.regeneration import SamePolicy
from spike_memory import InMemorySpike, ManualClock, MemoryDownloader

CAP = 20
OPEN_JOBS_MAX = 10  # of one owner, half of them free and half of them paid
IMAGES_MAX = 12  # of one owner: few, so that budgets are reached
ON_THEIR_WAY_MAX = 3  # jobs of one owner; further ones are held back
RETENTION_S = 80_000  # of anonymous images: less than an idempotency record's
OWNERS_ODDS = 6  # the weight of the owner when a sender is drawn
NAMES = ("ada", "bob")
OWN_ID = OwnerId("bob/../%'🦊")  # of a user that the app keeps itself
KEYS = (IdempotencyKey("key1"), IdempotencyKey("key2"))


class World(RuleBasedStateMachine):
    """The services, and how operations are run."""

    policies: ClassVar[Policies] = Policies(
        opening_grant=Tokens(30),
        regeneration=SamePolicy(RegenerationPolicy(cap=Tokens(CAP))),
        limits=JobLimits(active_jobs_max=ON_THEIR_WAY_MAX),
        budgets=Budgets(
            owner=Budget(free_jobs=OPEN_JOBS_MAX // 2, paid_jobs=OPEN_JOBS_MAX // 2, image_jobs=4, images=IMAGES_MAX),
            anonymous=Budget(free_jobs=OPEN_JOBS_MAX, image_jobs=4, images=IMAGES_MAX),
        ),
    )

    subscribers: ClassVar[Sequence[Subscriber]] = ()  # to domain events

    def open_database(self) -> Database:
        raise AssertionError("a subclass overrides this")

    def __init__(self) -> None:
        super().__init__()
        self.fault_plan, self.clock, self.mood = FaultPlan(), ManualClock(), Mood()
        self.database = self.open_database()
        self.database.migrate()
        self.blobs, self.broker = FlakyBlobStore(self.clock), CrashingBroker(self.fault_plan)
        self.spike = InMemorySpike.build(
            transactions=CrashingTransactions(self.database.transactions, self.fault_plan),
            blobs=CrashingBlobStore(self.blobs, self.fault_plan),
            inbox=self.broker.held,
            queue=self.broker.queue,
            upscaler=FlakyUpscaler(self.mood),
            generator=FlakyGenerator(self.mood),
            downloader=MemoryDownloader({f"https://example.org/{name}": PICTURES[name] for name in PICTURES}),
            clock=self.clock,
            policies=self.policies,
            subscribers=self.subscribers,
        )
        self.job_transitions = self.spike.jobs.runner.job_transitions
        self.stalled: list[ClaimedJob] = []
        self.crashed_since_collection = False  # if so, there may be orphans
        self.seen: dict[JobId, Job] = {}  # the last seen state of each job
        self.gone: set[JobId] = set()  # those that were deleted

    @initialize()
    def two_people_with_albums_and_an_image(self) -> None:
        self.owners: list[OwnerId] = []
        self.request_ids: dict[Sender, RequestId] = {}  # of a sender's jobs
        self.moved: dict[tuple[OwnerId, Reference], LedgerEntry] = {}  # by credits and debits that were answered
        for name in NAMES:
            if name == "ada":
                owner_id: OwnerId = self.spike.accounts.registration.register(Email(f"{name}@example.org")).user.id
            else:
                owner_id = self.spike.wallets.open(OWN_ID).owner_id
            self.owners.append(owner_id)
            for key in KEYS:
                self.request_ids[owner_id, key] = RequestId.of((name + key.text).ljust(BODY_LENGTH, "0"))
            for auto_enhance in (True, False):
                wanted = NewAlbum(name=AlbumName("Holiday"), default_tier=Tier.TIER_2K, auto_enhance=auto_enhance)
                album = self.spike.albums.create(owner_id, wanted)
            content = io.BytesIO(PICTURES["good"])
            self.spike.images.uploads.upload(owner_id, name=ImageName("a.jpg"), content=content, album_id=album.id)
        self.now = self.look()
        self.orders: Orders = self.now.orders  # the expected images of the albums

    # --- arguments of the rules, mostly valid ones, since valid operations lead to more states --------------------

    def about_an_image(self, data: st.DataObject) -> tuple[OwnerId, ImageId]:
        """Return a sender and an image."""
        image_id = data.draw(st.sampled_from(self.now.image_ids), label="image")
        return self.sender(data, self.now.images[image_id].owner_id), image_id

    def about_an_album(self, data: st.DataObject) -> tuple[OwnerId, AlbumId]:
        """Return a sender and an album."""
        album_id = data.draw(st.sampled_from(list(self.now.albums)), label="album")
        return self.sender(data, self.now.albums[album_id].owner_id), album_id

    def sender(self, data: st.DataObject, owner_id: OwnerId) -> OwnerId:
        """Return the owner, or sometimes another user; never the anonymous owner."""
        owners = [owner_id] * OWNERS_ODDS if owner_id in self.owners else []
        return data.draw(st.sampled_from([*owners, *self.owners]), label="who")

    def images_for(self, data: st.DataObject, owner_id: OwnerId, *, least: int = 1) -> list[ImageId]:
        """Return some images of the owner, or sometimes of any owner."""
        own = [image.id for image in self.now.images.values() if image.owner_id == owner_id]
        choices = [own] * OWNERS_ODDS if own else []
        chosen = data.draw(st.sampled_from([*choices, self.now.image_ids]), label="whose")
        return data.draw(st.lists(st.sampled_from(chosen), min_size=least, max_size=4), label="images")

    # --- the state, and its changes ------------------------------------------------------------------------------

    def look(self) -> Snapshot:
        """Return a snapshot of this moment; `now` is the one at the end of the last step."""
        return Snapshot.take(self.database.transactions, self.blobs, owners=self.owners, senders=list(self.request_ids))

    def job(self, job_id: JobId) -> Job | None:
        """Return the stored job, or `None` if it was deleted with its image."""
        with self.database.transactions.view() as tx:
            return tx.jobs.find([job_id]).get(job_id)

    def attempt(self, trouble: Trouble, action: Any) -> Any:
        """Run an operation as a request does: it succeeds, is refused without effect, or crashes. Return its result."""
        try:
            with trouble.befalling(self.fault_plan):
                return action()
        except Crash:
            self.crashed_since_collection = True
        except SpikeError:
            assert self.look() == self.now, "I7: a refused request changes nothing"
        return None

    def behind_the_scenes(self, crash: int | None, action: Any) -> None:
        """Run an operation as the relay or the sweeper does."""
        try:
            with self.fault_plan.dying_after(crash):
                action()
        except Crash:
            self.crashed_since_collection = True
