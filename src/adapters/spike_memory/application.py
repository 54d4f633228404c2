"""All use cases over ports in memory: nothing touches disk, network or the machine's clock."""

from typing import Self

from attrs import frozen

from spike_core.application import Application, Policies, Ports, compose
from spike_core.domain.errors import NothingToClaim
from spike_core.domain.limits import JobLimits
from spike_core.ports.blobs import BlobStore
from spike_core.ports.downloader import Downloader
from spike_core.ports.generator import Generator
from spike_core.ports.heartbeat import Heartbeat
from spike_core.ports.ids import Ids
from spike_core.ports.price_list import PriceList
from spike_core.ports.probe import ImageProbe
from spike_core.ports.queue import JobQueue
from spike_core.ports.secrets import Secrets
from spike_core.ports.transactions import Transactions
from spike_core.ports.upscaler import Upscaler
from spike_core.services.pricing import CatalogPrices
from spike_memory.blobs import MemoryBlobStore
from spike_memory.clock import ManualClock
from spike_memory.concurrency import NoConcurrency
from spike_memory.downloader import MemoryDownloader
from spike_memory.engine import MemoryBlender, MemoryGenerator, MemoryMetadata, MemoryProbe, MemoryUpscaler
from spike_memory.heartbeat import NoopHeartbeat
from spike_memory.ids import CountingIds, CountingSecrets
from spike_memory.queue import MemoryQueue
from spike_memory.transactions import MemoryTransactions


@frozen(kw_only=True)
class InMemorySpike(Application):
    """The use cases, and what a test controls. Time stands still, and jobs wait for `work`."""

    clock: ManualClock
    transactions: Transactions
    blobs: BlobStore
    inbox: MemoryQueue  # the messages to workers
    limits: JobLimits

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
        policies = policies or Policies()
        application = compose(
            Ports(
                transactions=transactions,
                blobs=blobs,
                queue=queue or inbox,
                probe=probe or MemoryProbe(),
                metadata=MemoryMetadata(),
                upscaler=upscaler or MemoryUpscaler(),
                blender=MemoryBlender(),
                generator=generator or MemoryGenerator(),
                downloader=downloader or MemoryDownloader(),
                clock=clock,
                ids=ids or CountingIds(),
                secrets=secrets or CountingSecrets(),
                heartbeat=heartbeat or NoopHeartbeat(),
                price_list=price_list or CatalogPrices(),
                concurrency=NoConcurrency(),
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
            idempotency=application.idempotency,
            maintenance=application.maintenance,
            pricing=application.pricing,
            clock=clock,
            transactions=transactions,
            blobs=blobs,
            inbox=inbox,
            limits=policies.limits,
        )

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


build_in_memory = InMemorySpike.build
