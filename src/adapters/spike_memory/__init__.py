"""Every port in memory: the reference adapter, for tests of the core and of its embedders."""

from spike_memory.application import InMemorySpike, build_in_memory
from spike_memory.blobs import MemoryBlobStore
from spike_memory.broker import MemoryBroker
from spike_memory.clock import ManualClock
from spike_memory.concurrency import NoConcurrency
from spike_memory.database import MemoryDatabase
from spike_memory.downloader import MemoryDownloader
from spike_memory.engine import (
    MemoryBlender,
    MemoryCanvasFitter,
    MemoryGenerator,
    MemoryMetadata,
    MemoryProbe,
    MemoryUpscaler,
    a_picture,
    draw_picture,
)
from spike_memory.failures import FailingPort, Failures
from spike_memory.heartbeat import NoopHeartbeat
from spike_memory.ids import CountingIds, CountingSecrets
from spike_memory.limiter import MemoryLimiter
from spike_memory.queue import MemoryQueue
from spike_memory.renditions import MemoryBackground, MemoryRenditionMaker
from spike_memory.transactions import MemoryTransactions
from spike_memory.webhook_sender import MemoryWebhookSender

__all__ = [
    "CountingIds",
    "CountingSecrets",
    "FailingPort",
    "Failures",
    "InMemorySpike",
    "ManualClock",
    "MemoryBackground",
    "MemoryBlender",
    "MemoryBlobStore",
    "MemoryBroker",
    "MemoryCanvasFitter",
    "MemoryDatabase",
    "MemoryDownloader",
    "MemoryGenerator",
    "MemoryLimiter",
    "MemoryMetadata",
    "MemoryProbe",
    "MemoryQueue",
    "MemoryRenditionMaker",
    "MemoryTransactions",
    "MemoryUpscaler",
    "MemoryWebhookSender",
    "NoConcurrency",
    "NoopHeartbeat",
    "a_picture",
    "build_in_memory",
    "draw_picture",
]
