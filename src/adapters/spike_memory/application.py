"""All use cases over ports in memory: nothing touches disk, network or the machine's clock."""

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Self

from attrs import frozen

from spike_core.application import Application, Policies, Ports, compose
from spike_core.domain.accounts import Email
from spike_core.domain.errors import NothingToClaim, SpikeError
from spike_core.domain.identifiers import AlbumId, JobId, OwnerId, UserId
from spike_core.domain.images import ImageName
from spike_core.domain.jobs import Job
from spike_core.domain.limits import JobLimits
from spike_core.domain.objects import ObjectKey
from spike_core.domain.tokens import Tokens
from spike_core.ports.blobs import BlobStore
from spike_core.ports.downloader import Downloader
from spike_core.ports.events import Subscriber
from spike_core.ports.generator import Generator
from spike_core.ports.heartbeat import Heartbeat
from spike_core.ports.ids import Ids
from spike_core.ports.price_list import PriceList
from spike_core.ports.probe import ImageProbe
from spike_core.ports.queue import JobQueue
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transactions
from spike_core.ports.upscaler import Upscaler
from spike_core.ports.webhooks import WebhookSender
from spike_core.services.accounts import Registered
from spike_core.services.pricing import CatalogPrices
from spike_core.services.uploads import Uploaded
from spike_memory.blobs import MemoryBlobStore
from spike_memory.clock import ManualClock
from spike_memory.concurrency import NoConcurrency
from spike_memory.downloader import MemoryDownloader
from spike_memory.engine import (
    MemoryBlender,
    MemoryGenerator,
    MemoryMetadata,
    MemoryProbe,
    MemoryUpscaler,
    draw_picture,
)
from spike_memory.failures import FailingPort, Failures, failing
from spike_memory.heartbeat import NoopHeartbeat
from spike_memory.ids import CountingIds, CountingSecrets
from spike_memory.queue import MemoryQueue
from spike_memory.renditions import MemoryBackground, MemoryRenditionMaker
from spike_memory.transactions import MemoryTransactions
from spike_memory.webhook_sender import MemoryWebhookSender


@frozen(kw_only=True)
class InMemorySpike(Application):
    """The use cases, and what a test controls.

    Time stands still until `clock.advance`, jobs wait for `work`, and ports fail after `fail_next`.
    """

    clock: ManualClock
    transactions: Transactions
    blobs: BlobStore
    inbox: MemoryQueue  # the messages to workers
    limits: JobLimits
    failures: Failures
    background: MemoryBackground  # what is made beside requests and jobs, such as renditions, waits for its `run`

    @classmethod
    def build(
        cls,
        *,
        clock: ManualClock | None = None,
        transactions: Transactions | None = None,
        blobs: BlobStore | None = None,
        inbox: MemoryQueue | None = None,
        queue: JobQueue | None = None,
        probe: ImageProbe | None = None,
        upscaler: Upscaler | None = None,
        generator: Generator | None = None,
        downloader: Downloader | None = None,
        heartbeat: Heartbeat | None = None,
        ids: Ids | None = None,
        secrets: Secrets | None = None,
        subscribers: Sequence[Subscriber] = (),
        webhook_sender: WebhookSender | None = None,
        policies: Policies | None = None,
        price_list: PriceList | None = None,
    ) -> Self:
        """Compose the use cases; each port that isn't given is in memory.

        `queue` is `inbox` unless given; a queue of your own that wraps it lets `work` find its messages.
        """
        clock = clock or ManualClock()
        transactions = transactions or MemoryTransactions()
        blobs = blobs or MemoryBlobStore(clock)
        inbox = inbox or MemoryQueue()
        policies, failures, background = policies or Policies(), Failures(), MemoryBackground()
        application = compose(
            Ports(
                transactions=failing(transactions, "transactions", failures),
                blobs=failing(blobs, "blobs", failures),
                queue=failing(queue or inbox, "queue", failures),
                probe=failing(probe or MemoryProbe(pixels_max=policies.uploads.pixels), "probe", failures),
                metadata=failing(MemoryMetadata(), "metadata", failures),
                upscaler=failing(upscaler or MemoryUpscaler(), "upscaler", failures),
                blender=failing(MemoryBlender(), "blender", failures),
                generator=failing(generator or MemoryGenerator(), "generator", failures),
                downloader=failing(
                    downloader or MemoryDownloader(size_bytes_max=policies.uploads.source_bytes), "downloader", failures
                ),
                clock=clock,
                ids=ids or CountingIds(),
                secrets=secrets or CountingSecrets(),
                heartbeat=heartbeat or NoopHeartbeat(),
                subscribers=subscribers,
                webhook_sender=webhook_sender or MemoryWebhookSender(),
                price_list=price_list or CatalogPrices(),
                concurrency=NoConcurrency(),
                rendition_maker=failing(MemoryRenditionMaker(), "rendition_maker", failures),
                background=background,
            ),
            policies,
        )
        return cls(
            accounts=application.accounts,
            wallets=application.wallets,
            budgets=application.budgets,
            images=application.images,
            albums=application.albums,
            album_contents=application.album_contents,
            jobs=application.jobs,
            queries=application.queries,
            objects=application.objects,
            downloads=application.downloads,
            idempotency=application.idempotency,
            events=application.events,
            webhooks=application.webhooks,
            maintenance=application.maintenance,
            pricing=application.pricing,
            quotes=application.quotes,
            upload_limits=application.upload_limits,
            clock=clock,
            transactions=transactions,
            blobs=blobs,
            inbox=inbox,
            limits=policies.limits,
            failures=failures,
            background=background,
        )

    def fail_next(
        self, port: FailingPort, error: SpikeError | None = None, *, method: str | None = None, calls: int = 1
    ) -> None:
        """Make the next calls of a port fail; see `Failures.fail_next`."""
        self.failures.fail_next(port, error, method=method, calls=calls)

    def failing(
        self, port: FailingPort, error: SpikeError | None = None, *, method: str | None = None
    ) -> AbstractContextManager[None]:
        """Make all calls of a port fail until the context ends; see `Failures.failing`."""
        return self.failures.failing(port, error, method=method)

    def register(self, email: str = "ada@example.org", *, tokens: int = 100) -> Registered:
        """Register a user whose wallet holds so many tokens."""
        return self.accounts.registration.register(Email.parse(email), tokens=Tokens(tokens))

    def owner(self, email: str = "ada@example.org", *, tokens: int = 100) -> UserId:
        """Register a user and return the id."""
        return self.register(email, tokens=tokens).user.id

    def upload(
        self,
        owner_id: OwnerId,
        content: bytes | None = None,
        *,
        name: str = "photo.jpg",
        album_id: AlbumId | None = None,
    ) -> Uploaded:
        """Upload these bytes, or a picture of 640x480 pixels."""
        stream = io.BytesIO(draw_picture() if content is None else content)
        return self.images.uploads.upload(owner_id, name=ImageName.parse(name), content=stream, album_id=album_id)

    def work(self) -> int:
        """Run the jobs of all messages, those sent meanwhile included; return how many weren't duplicates."""
        count = 0
        while self.inbox.messages:
            try:
                self.jobs.runner.perform(self.inbox.messages.popleft())
            except NothingToClaim:
                continue
            count += 1
        return count

    def job(self, job_id: JobId) -> Job:
        """Return the job as it is stored."""
        with self.transactions.view() as tx:
            return tx.jobs.get(job_id)

    def balance(self, owner_id: OwnerId) -> int:
        """Return how many tokens the owner has now, regeneration counted."""
        return self.wallets.account(owner_id).wallet.balance.amount

    def read(self, key: ObjectKey) -> bytes:
        """Return an object's bytes."""
        with self.blobs.open(key) as content:
            return content.read()


build_in_memory = InMemorySpike.build
