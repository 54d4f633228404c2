"""A whole Spike in one object: every service, wired over ports that a test may replace one by one."""

import io
import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import pytest
from attrs import frozen

from spike_contracts.builders import an_album, an_image
from spike_core.application import Policies
from spike_core.domain.albums import Album
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.identifiers import BODY_LENGTH, AlbumId, ImageId, JobId, OwnerId
from spike_core.domain.images import Image
from spike_core.domain.invariants import Finding
from spike_core.domain.jobs import ClaimedJob, Job, SettledJob
from spike_core.domain.ledger import LedgerEntry
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.outbox import OutboxMessage
from spike_core.domain.tiers import Tier
from spike_core.domain.wallet import Wallet
from spike_core.ports.ids import AnyId
from spike_core.services import audit, audit_ledgers, audit_objects
from spike_core.services.uploads import Uploaded
from spike_memory import InMemorySpike
from spike_memory.engine import a_picture

VGA: Final = Dimensions(width_px=640, height_px=480)
EVERYTHING: Final = 10_000  # more rows of a kind than any test makes
_THE_END: Final = datetime.max.replace(tzinfo=UTC)


class ScriptedIds:
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
    messages: frozenset[OutboxMessage]
    objects: frozenset[ObjectKey]


@frozen(kw_only=True)
class Services(InMemorySpike):
    """The use cases over one set of ports, with what tests do with them."""

    @classmethod
    def build(cls, *, limits: JobLimits | None = None, policies: Policies | None = None, **ports: Any) -> Self:
        """Compose the use cases; each port that isn't given is in memory."""
        policies = policies or Policies(limits=limits or JobLimits())
        return super().build(policies=policies, **{"ids": ScriptedIds(), **ports})

    # what people do

    def upload(
        self,
        owner_id: OwnerId,
        content: bytes | None = None,
        *,
        size: Dimensions = VGA,
        name: str = "photo.jpg",
        album_id: AlbumId | None = None,
    ) -> Uploaded:
        """Upload these bytes, or a made-up picture of this size."""
        return super().upload(owner_id, a_picture(size) if content is None else content, name=name, album_id=album_id)

    def accept(self, owner_id: OwnerId) -> Job:
        """Upload a picture and return its job, as it now stands."""
        job = self.upload(owner_id).job
        assert job is not None, "without an album there is always a job"
        return self.job(job.id)

    def claim(self, owner_id: OwnerId) -> ClaimedJob:
        """Upload a picture and claim its job, as a worker does."""
        return self.jobs.transitions.claim(self.accept(owner_id).id)

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

    def pass_time(self, time: timedelta) -> None:
        """Let time pass, and nothing else."""
        self.clock.advance(time)

    def lose_messages(self) -> None:
        """Lose all that the queue holds, as when the broker dies."""
        self.inbox.messages.clear()

    def come_to_rest(self) -> None:
        """Sweep, relay and work, time passing, until each job has ended."""
        for _round in range(20 * max(self.limits.attempts_max, self.limits.crashes_max)):
            self.maintenance.recovery.repair()
            self.jobs.dispatch.relay()
            self.work()
            if all(isinstance(job, SettledJob) for job in self.inventory().jobs.values()):
                return
            self.pass_time(max(self.limits.lease, self.limits.redeliver_after) + timedelta(seconds=1))
        raise AssertionError("the jobs don't come to rest")

    # what is there

    def story(self, owner_id: OwnerId) -> list[tuple[str, int]]:
        """Return the owner's ledger, oldest entry first: kinds and amounts."""
        return [(entry.kind.value, entry.amount) for entry in self.inventory().ledgers[owner_id]]

    def findings(self) -> list[Finding]:
        """Return what an audit finds."""
        return list(self.maintenance.audit.findings())

    def inventory(self) -> Inventory:
        """Return all that is stored."""
        with self.transactions.view() as tx:
            wallets = {wallet.owner_id: wallet for wallet in tx.audit.wallets(limit=EVERYTHING)}
            return Inventory(
                wallets=wallets,
                ledgers={id_: tuple(reversed(tx.wallets.entries(id_, limit=EVERYTHING))) for id_ in wallets},
                images={image.id: image for image in tx.audit.images(limit=EVERYTHING)},
                jobs={job.id: job for job in tx.audit.jobs(limit=EVERYTHING)},
                messages=frozenset(tx.outbox.due(now=_THE_END, limit=EVERYTHING)),
                objects=frozenset(stored.key for stored in self.blobs.scan(limit=EVERYTHING)),
            )

    def check_nothing_but_time_passed(self, before: Inventory) -> None:
        """Assert that all is stored as it was, and that no further message was sent."""
        assert self.inventory() == before
        assert {*self.inbox.messages} <= {*before.jobs}


def audit_in_pages(rows: int, patch: pytest.MonkeyPatch) -> None:
    """Have audits read so many rows at a time, so that tests of several pages need few."""
    for module in (audit, audit_ledgers, audit_objects):
        patch.setattr(module, "AUDIT_PAGE", rows)
