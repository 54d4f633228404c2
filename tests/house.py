"""A whole Spike in one object: every service, wired over ports that a test may replace one by one."""

import io
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Self

from attrs import frozen

from spike_contracts.builders import an_album, an_image
from spike_core.domain.accounts import Email
from spike_core.domain.albums import Album
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import NothingToClaim
from spike_core.domain.facts import JobDue
from spike_core.domain.identifiers import BODY_LENGTH, AlbumId, ImageId, JobId, OwnerId
from spike_core.domain.images import Image, ImageName
from spike_core.domain.invariants import Finding
from spike_core.domain.jobs import ClaimedJob, Job, SettledJob
from spike_core.domain.ledger import LedgerEntry
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.regeneration import RegenerationPolicy
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.domain.wallet import Wallet
from spike_core.ports.blobs import BlobStore
from spike_core.ports.ids import AnyId, Ids
from spike_core.ports.probe import ImageProbe
from spike_core.ports.pulse import Pulse
from spike_core.ports.queue import JobQueue
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transactions
from spike_core.ports.upscaler import Upscaler
from spike_core.services.accounts import Authentication, Registered, Registration
from spike_core.services.albums import Albums
from spike_core.services.api_keys import Keyring
from spike_core.services.arrangement import Arrangement
from spike_core.services.audit import Audit
from spike_core.services.batch_uploads import BatchUploads
from spike_core.services.cancellation import Cancellation
from spike_core.services.charging import Charging
from spike_core.services.dispatch import Dispatch
from spike_core.services.enhancements import Enhancements
from spike_core.services.gallery import Gallery
from spike_core.services.intake import Intake
from spike_core.services.labelling import Labelling
from spike_core.services.making import Making
from spike_core.services.removal import Removal
from spike_core.services.sessions import Sessions
from spike_core.services.settlement import Settlement
from spike_core.services.sweep import Sweep
from spike_core.services.treasury import Treasury
from spike_core.services.turns import TurnTaking
from spike_core.services.uploads import Uploaded, Uploads
from spike_core.services.workshop import Workshop
from spike_memory import (
    CountingSecrets,
    ManualClock,
    MemoryBlender,
    MemoryBlobStore,
    MemoryGenerator,
    MemoryMetadata,
    MemoryProbe,
    MemoryQueue,
    MemoryTransactions,
    MemoryUpscaler,
    StillPulse,
)
from spike_memory.engine import a_picture

VGA: Final = Dimensions(width_px=640, height_px=480)
EVERYTHING: Final = 10_000  # more rows of a kind than any test makes
_THE_END: Final = datetime.max.replace(tzinfo=UTC)


class HouseIds:
    """Draws h1, h2, h3 and so on: never an id of `builders`, which count too."""

    def __init__(self) -> None:
        """Begin at 1."""
        self._count = itertools.count(1)

    def new(self, kind: type[AnyId]) -> AnyId:
        """Return the next identifier; see the port."""
        return kind.of("h" + str(next(self._count)).zfill(BODY_LENGTH - 1))


@frozen(kw_only=True)
class Inventory:
    """All that is stored, rows and objects, for comparing before and after."""

    wallets: Mapping[OwnerId, Wallet]
    ledgers: Mapping[OwnerId, tuple[LedgerEntry, ...]]
    images: Mapping[ImageId, Image]
    jobs: Mapping[JobId, Job]
    messages: frozenset[JobDue]
    objects: frozenset[ObjectKey]


@frozen(kw_only=True)
class House:
    """The services over one set of ports. Time stands still, workers wait for `work`, nothing sweeps by itself."""

    clock: ManualClock
    transactions: Transactions
    blobs: BlobStore
    inbox: MemoryQueue  # where messages to workers lie; `dispatch` sends through `queue`, which may wrap it
    limits: JobLimits

    registration: Registration
    authentication: Authentication
    sessions: Sessions
    keyring: Keyring
    treasury: Treasury
    uploads: Uploads
    batch_uploads: BatchUploads
    enhancements: Enhancements
    gallery: Gallery
    removal: Removal
    labelling: Labelling
    albums: Albums
    arrangement: Arrangement
    cancellation: Cancellation
    dispatch: Dispatch
    settlement: Settlement
    workshop: Workshop
    sweep: Sweep
    audit: Audit

    @classmethod
    def build(
        cls,
        *,
        clock: ManualClock | None = None,
        transactions: Transactions | None = None,
        blobs: BlobStore | None = None,
        probe: ImageProbe | None = None,
        upscaler: Upscaler | None = None,
        inbox: MemoryQueue | None = None,
        queue: JobQueue | None = None,
        pulse: Pulse | None = None,
        ids: Ids | None = None,
        secrets: Secrets | None = None,
        policy: RegenerationPolicy | None = None,
        limits: JobLimits | None = None,
    ) -> Self:
        """Wire a house; each port that isn't given is in memory. A `queue` of your own should fill your `inbox`."""
        clock = clock or ManualClock()
        transactions = transactions or MemoryTransactions()
        blobs = blobs or MemoryBlobStore(clock)
        probe = probe or MemoryProbe()
        inbox = inbox or MemoryQueue()
        ids = ids or HouseIds()
        secrets = secrets or CountingSecrets()
        limits = limits or JobLimits()
        charging = Charging(policy=policy or RegenerationPolicy(), limits=limits)
        settlement = Settlement(transactions=transactions, clock=clock, charging=charging, limits=limits)
        dispatch = Dispatch(
            transactions=transactions,
            queue=queue or inbox,
            clock=clock,
            settlement=settlement,
            turns=TurnTaking(transactions=transactions, clock=clock, limits=limits),
            limits=limits,
        )
        intake = Intake(
            transactions=transactions,
            blobs=blobs,
            probe=probe,
            metadata=MemoryMetadata(),
            clock=clock,
            limits=limits,
        )
        uploads = Uploads(
            transactions=transactions, clock=clock, ids=ids, charging=charging, dispatch=dispatch, intake=intake
        )
        return cls(
            clock=clock,
            transactions=transactions,
            blobs=blobs,
            inbox=inbox,
            limits=limits,
            registration=Registration(transactions=transactions, clock=clock, ids=ids, secrets=secrets),
            authentication=Authentication(transactions=transactions, clock=clock),
            sessions=Sessions(transactions=transactions, clock=clock, secrets=secrets),
            keyring=Keyring(transactions=transactions, clock=clock, ids=ids, secrets=secrets),
            treasury=Treasury(transactions=transactions, clock=clock, charging=charging),
            uploads=uploads,
            batch_uploads=BatchUploads(uploads=uploads, blobs=blobs),
            enhancements=Enhancements(
                transactions=transactions, clock=clock, ids=ids, charging=charging, dispatch=dispatch, intake=intake
            ),
            gallery=Gallery(transactions=transactions),
            removal=Removal(transactions=transactions, blobs=blobs, clock=clock, charging=charging),
            labelling=Labelling(transactions=transactions, blobs=blobs, probe=probe, clock=clock),
            albums=Albums(transactions=transactions, clock=clock, ids=ids, secrets=secrets),
            arrangement=Arrangement(transactions=transactions, clock=clock, ids=ids),
            cancellation=Cancellation(transactions=transactions, clock=clock, charging=charging),
            dispatch=dispatch,
            settlement=settlement,
            workshop=Workshop(
                blobs=blobs,
                making=Making(
                    transactions=transactions,
                    blobs=blobs,
                    probe=probe,
                    upscaler=upscaler or MemoryUpscaler(),
                    blender=MemoryBlender(),
                    generator=MemoryGenerator(),
                    metadata=MemoryMetadata(),
                ),
                settlement=settlement,
                dispatch=dispatch,
                pulse=pulse or StillPulse(),
            ),
            sweep=Sweep(transactions=transactions, blobs=blobs, clock=clock, settlement=settlement, limits=limits),
            audit=Audit(transactions=transactions, blobs=blobs, clock=clock, limits=limits),
        )

    # what people do

    def register(self, email: str = "ada@example.org", *, tokens: int = 100) -> Registered:
        """Register a user whose wallet holds so many tokens."""
        return self.registration.register(Email.parse(email), tokens=Tokens(tokens))

    def owner(self, email: str = "ada@example.org", *, tokens: int = 100) -> OwnerId:
        """Register a user and return the id."""
        return self.register(email, tokens=tokens).user.id

    def upload(
        self,
        owner_id: OwnerId,
        *,
        content: bytes | None = None,
        size: Dimensions = VGA,
        name: str = "photo.jpg",
        album_id: AlbumId | None = None,
    ) -> Uploaded:
        """Upload these bytes, or a made-up picture of this size."""
        stream = io.BytesIO(a_picture(size) if content is None else content)
        return self.uploads.upload(owner_id, name=ImageName.parse(name), content=stream, album_id=album_id)

    def accept(self, owner_id: OwnerId) -> Job:
        """Upload a picture and return its job, as it now stands."""
        job = self.upload(owner_id).job
        assert job is not None, "without an album there is always a job"
        return self.job(job.id)

    def claim(self, owner_id: OwnerId) -> ClaimedJob:
        """Upload a picture and claim its job, as a worker does."""
        return self.settlement.claim(self.accept(owner_id).id)

    def album(self, owner_id: OwnerId, *, default_tier: Tier = Tier.TIER_1K, auto_enhance: bool = True) -> Album:
        """Make an empty album."""
        album = an_album(owner_id=owner_id, default_tier=default_tier, auto_enhance=auto_enhance)
        with self.transactions.begin() as tx:
            tx.albums.add(album)
        return album

    def publish(self, owner_id: OwnerId) -> Image:
        """Store a picture that everybody may see, without a job."""
        image = an_image(owner_id=owner_id, is_public=True, now=self.clock.now())
        self.blobs.put(image.original, io.BytesIO(a_picture(image.dimensions)))
        with self.transactions.begin() as tx:
            tx.images.add(image)
        return image

    # what goes on behind them

    def work(self) -> int:
        """Perform all queued messages, those sent meanwhile too, and return how many did something."""
        done = 0
        while self.inbox.messages:
            try:
                self.workshop.perform(self.inbox.messages.popleft())
            except NothingToClaim:
                continue
            done += 1
        return done

    def pass_time(self, time: timedelta) -> None:
        """Let time pass, and nothing else."""
        self.clock.advance(time)

    def lose_messages(self) -> None:
        """Lose all that the queue holds, as when the broker dies."""
        self.inbox.messages.clear()

    def come_to_rest(self) -> None:
        """Sweep, relay and work, time passing, until each job has ended."""
        for _round in range(20 * max(self.limits.attempts_max, self.limits.deaths_max)):
            self.sweep.repair()
            self.dispatch.relay()
            self.work()
            if all(isinstance(job, SettledJob) for job in self.inventory().jobs.values()):
                return
            self.pass_time(max(self.limits.lease, self.limits.redeliver_after) + timedelta(seconds=1))
        raise AssertionError("the jobs don't come to rest")

    # what is there

    def job(self, job_id: JobId) -> Job:
        """Return the job as it is stored."""
        with self.transactions.view() as tx:
            return tx.jobs.get(job_id)

    def balance(self, owner_id: OwnerId) -> int:
        """Return how many tokens the owner has now, regeneration counted."""
        return self.treasury.account(owner_id).wallet.balance.amount

    def story(self, owner_id: OwnerId) -> list[tuple[str, int]]:
        """Return the owner's ledger, oldest entry first: kinds and amounts."""
        return [(entry.kind.value, entry.amount) for entry in self.inventory().ledgers[owner_id]]

    def read(self, key: ObjectKey) -> bytes:
        """Return an object's bytes."""
        with self.blobs.open(key) as content:
            return content.read()

    def findings(self) -> list[Finding]:
        """Return what an audit finds."""
        return list(self.audit.findings())

    def inventory(self) -> Inventory:
        """Return all that is stored."""
        with self.transactions.view() as tx:
            wallets = {wallet.owner_id: wallet for wallet in tx.census.wallets(limit=EVERYTHING)}
            return Inventory(
                wallets=wallets,
                ledgers={id_: tuple(reversed(tx.ledger.page(id_, limit=EVERYTHING))) for id_ in wallets},
                images={image.id: image for image in tx.census.images(limit=EVERYTHING)},
                jobs={job.id: job for job in tx.census.jobs(limit=EVERYTHING)},
                messages=frozenset(tx.outbox.due(now=_THE_END, limit=EVERYTHING)),
                objects=frozenset(stored.key for stored in self.blobs.scan(limit=EVERYTHING)),
            )

    def check_nothing_but_time_passed(self, before: Inventory) -> None:
        """Assert that all is stored as it was, and that no worker has been told of anything new."""
        assert self.inventory() == before
        assert {*self.inbox.messages} <= {*before.jobs}
