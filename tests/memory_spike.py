"""A complete `Spike` with in-memory adapters, for tests of the entrypoints."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

from attrs import evolve, frozen

from spike_core.domain.accounts import Email
from spike_core.domain.errors import NothingToClaim
from spike_core.domain.jobs import Job, JobStatus
from spike_core.domain.rate_limits import RateLimitGroup
from spike_core.domain.tokens import Tokens
from spike_core.ports.events import Subscriber
from spike_core.ports.factories import Database, Engine, Storage
from spike_core.services.accounts import Registered
from spike_memory import (
    CountingIds,
    CountingSecrets,
    ManualClock,
    MemoryBackground,
    MemoryBlender,
    MemoryBlobStore,
    MemoryBroker,
    MemoryCanvasFitter,
    MemoryDatabase,
    MemoryDownloader,
    MemoryGenerator,
    MemoryLimiter,
    MemoryMetadata,
    MemoryProbe,
    MemoryRenditionMaker,
    MemoryUpscaler,
    NoopHeartbeat,
)
from spike_runtime import Settings, Spike, assemble


@frozen(kw_only=True)
class MemorySpike:
    """A `Spike`, and the adapters that a test needs."""

    spike: Spike
    clock: ManualClock
    blobs: MemoryBlobStore
    pages: dict[str, bytes]  # by URL, for the downloader
    broker: MemoryBroker
    background: MemoryBackground  # makes renditions when it is run

    @classmethod
    def build(
        cls,
        settings: Settings | None = None,
        *,
        blobs: type[MemoryBlobStore] = MemoryBlobStore,
        database: Database | None = None,
        subscribers: Sequence[Subscriber] = (),
    ) -> "MemorySpike":
        clock, broker, background = ManualClock(), MemoryBroker(), MemoryBackground()
        store = blobs(clock)
        pages: dict[str, bytes] = {}
        limits = (settings or Settings()).upload_limits
        spike = assemble(
            settings or Settings(),
            database=database or MemoryDatabase(),
            storage=Storage(blobs=store, links=store),
            broker=broker,
            engine=Engine(
                upscaler=MemoryUpscaler(),
                blender=MemoryBlender(),
                canvas_fitter=MemoryCanvasFitter(),
                probe=MemoryProbe(pixels_max=limits.pixels),
                metadata=MemoryMetadata(),
                rendition_maker=MemoryRenditionMaker(),
            ),
            background=background,
            generator=MemoryGenerator(),
            downloader=MemoryDownloader(pages, size_bytes_max=limits.source_bytes),
            limiter=MemoryLimiter(clock),
            clock=clock,
            ids=CountingIds(),
            secrets=CountingSecrets(),
            heartbeat=NoopHeartbeat(),
            subscribers=subscribers,
        )
        return cls(spike=spike, clock=clock, blobs=store, pages=pages, broker=broker, background=background)

    def register(self, email: str = "ada@example.org", *, tokens: int = 100) -> Registered:
        return self.spike.accounts.registration.register(Email.parse(email), tokens=Tokens(tokens))

    def work(self) -> None:
        """Perform all queued jobs."""
        while self.broker.queue.messages:
            with contextlib.suppress(NothingToClaim):  # cancelled meanwhile
                self.spike.jobs.runner.perform(self.broker.queue.messages.popleft())

    def publish(self, image_id: str) -> None:
        """Make an image public."""
        state = cast("MemoryDatabase", self.spike.database).transactions._state
        for id_, image in state.images.items():
            if id_.text == image_id:
                state.images[id_] = evolve(image, is_public=True)

    @property
    def holdings(self) -> tuple[object, ...]:
        """Return all state that a refused request must not change."""
        with self.spike.database.transactions.view() as tx:
            wallets = tx.audit.wallets(limit=1000)
            return (
                [(wallet.owner_id, wallet.balance, wallet.entries) for wallet in wallets],
                tx.audit.images(limit=1000),
                tx.audit.jobs(limit=1000),
                self.blobs.scan(limit=1000),
            )

    def jobs(self) -> list[Job]:
        with self.spike.database.transactions.view() as tx:
            return list(tx.audit.jobs(limit=1000))

    def statuses(self) -> list[JobStatus]:
        return [job.status for job in self.jobs()]


def with_limits(limits: Mapping[RateLimitGroup, int]) -> Settings:
    """Return settings with these rate limits; 0 means no limit."""
    rates: dict[str, Any] = {f"rate_{bucket.value.replace('-', '_')}": limit for bucket, limit in limits.items()}
    return evolve(Settings(), **rates)
