"""The contracts of all other ports, tested on the in-memory adapters."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from spike_contracts.blender import BlenderContract
from spike_contracts.blobs import BlobStoreContract
from spike_contracts.broker import BrokerContract
from spike_contracts.canvas_fitter import CanvasFitterContract
from spike_contracts.clock import ClockContract
from spike_contracts.concurrency import ConcurrencyContract
from spike_contracts.downloader import DownloaderContract, Publish
from spike_contracts.generator import GeneratorContract
from spike_contracts.heartbeat import HeartbeatContract
from spike_contracts.ids import IdsContract
from spike_contracts.limiter import LimiterContract, Wait
from spike_contracts.metadata import MetadataContract
from spike_contracts.probe import MakePicture, ProbeContract
from spike_contracts.queue import JobQueueContract
from spike_contracts.secrets import SecretsContract
from spike_contracts.signed_urls import SignedUrlsContract
from spike_contracts.storage import StorageContract
from spike_contracts.upscaler import UpscalerContract
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import PromptRefused, StorageUnavailable
from spike_core.domain.generation import Prompt
from spike_core.domain.identifiers import JobId
from spike_core.domain.objects import ObjectKey
from spike_core.ports.blender import Blender
from spike_core.ports.blobs import BlobStore, StoredObject
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.downloader import Downloader
from spike_core.ports.factories import Storage
from spike_core.ports.generator import Generator
from spike_core.ports.ids import Ids
from spike_core.ports.limiter import RateLimiter
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe
from spike_core.ports.queue import JobQueue
from spike_core.ports.secrets import Secrets
from spike_core.ports.upscaler import Upscaler
from spike_memory import (
    CountingIds,
    CountingSecrets,
    ManualClock,
    MemoryBlender,
    MemoryBlobStore,
    MemoryBroker,
    MemoryCanvasFitter,
    MemoryDownloader,
    MemoryGenerator,
    MemoryLimiter,
    MemoryMetadata,
    MemoryProbe,
    MemoryQueue,
    MemoryUpscaler,
    NoConcurrency,
    NoopHeartbeat,
)
from spike_memory.engine import a_picture


class TestMemoryBlender(BlenderContract):
    @pytest.fixture
    def blender(self) -> Blender:
        return MemoryBlender()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture


class TestMemoryBlobStore(BlobStoreContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def blobs(self, clock: ManualClock) -> BlobStore:
        return MemoryBlobStore(clock)


class TestMemoryBroker(BrokerContract):
    @pytest.fixture
    def broker(self) -> MemoryBroker:
        return MemoryBroker()


class TestMemoryFramer(CanvasFitterContract):
    @pytest.fixture
    def canvas_fitter(self) -> CanvasFitter:
        return MemoryCanvasFitter()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture


class TestManualClock(ClockContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    def test_time_passes_when_the_test_says_so(self, clock: ManualClock) -> None:
        start = clock.now()
        assert clock.now() == start
        clock.advance(timedelta(minutes=5))
        assert clock.now() - start == timedelta(minutes=5)

    def test_it_can_be_set_back(self, clock: ManualClock) -> None:
        start = clock.now()
        clock.advance(timedelta(minutes=-5))
        assert start - clock.now() == timedelta(minutes=5)


class TestMemoryDownloader(DownloaderContract):
    @pytest.fixture
    def pages(self) -> dict[str, bytes]:
        return {}

    @pytest.fixture
    def downloader(self, pages: dict[str, bytes]) -> Downloader:
        return MemoryDownloader(pages)

    @pytest.fixture
    def publish(self, pages: dict[str, bytes]) -> Publish:
        def publish(content: bytes) -> str:
            url = f"https://example.org/{len(pages)}"
            pages[url] = content
            return url

        return publish


class TestMemoryGenerator(GeneratorContract):
    @pytest.fixture
    def generator(self) -> Generator:
        return MemoryGenerator()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture


def test_a_prompt_can_be_refused() -> None:
    with pytest.raises(PromptRefused):
        MemoryGenerator().generate(Prompt("refuse"), negative=None, size=Dimensions(width_px=8, height_px=8))


class TestStillPulse(HeartbeatContract):
    @pytest.fixture
    def heartbeat(self) -> NoopHeartbeat:
        return NoopHeartbeat()

    @pytest.fixture
    def strike(self, heartbeat: NoopHeartbeat) -> Callable[[], None]:
        return heartbeat.strike


class TestNoConcurrency(ConcurrencyContract):
    @pytest.fixture
    def concurrency(self) -> NoConcurrency:
        return NoConcurrency()


class TestCountingIds(IdsContract):
    @pytest.fixture
    def ids(self) -> Ids:
        return CountingIds()


class TestMemoryLimiter(LimiterContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def limiter(self, clock: ManualClock) -> RateLimiter:
        return MemoryLimiter(clock)

    @pytest.fixture
    def wait(self, clock: ManualClock) -> Wait:
        return clock.advance


class TestMemoryMetadata(MetadataContract):
    @pytest.fixture
    def metadata(self) -> Metadata:
        return MemoryMetadata()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture


class TestMemoryProbe(ProbeContract):
    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture


class TestMemoryQueue(JobQueueContract):
    @pytest.fixture
    def queue(self) -> MemoryQueue:
        return MemoryQueue()

    @pytest.fixture
    def arrived(self, queue: MemoryQueue) -> Callable[[], Sequence[JobId]]:
        def take_out() -> Sequence[JobId]:
            messages = list(queue.messages)
            queue.messages.clear()
            return messages

        return take_out

    @pytest.fixture
    def broken_queue(self) -> JobQueue:
        queue = MemoryQueue()
        queue.refuses = True
        return queue


class TestCountingSecrets(SecretsContract):
    @pytest.fixture
    def secrets(self) -> Secrets:
        return CountingSecrets()


class TestMemoryLinks(SignedUrlsContract):
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    @pytest.fixture
    def blobs(self, clock: ManualClock) -> MemoryBlobStore:
        return MemoryBlobStore(clock)

    @pytest.fixture
    def links(self, blobs: MemoryBlobStore) -> MemoryBlobStore:
        return blobs


class LostBlobStore(MemoryBlobStore):
    def scan(self, *, after: ObjectKey | None = None, limit: int) -> Sequence[StoredObject]:
        raise StorageUnavailable


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self) -> Storage:
        return Storage(blobs=MemoryBlobStore(ManualClock()), links=None)

    @pytest.fixture
    def lost_storage(self) -> Storage:
        return Storage(blobs=LostBlobStore(ManualClock()), links=None)


class TestMemoryUpscaler(UpscalerContract):
    @pytest.fixture
    def upscaler(self) -> Upscaler:
        return MemoryUpscaler()

    @pytest.fixture
    def probe(self) -> ImageProbe:
        return MemoryProbe()

    @pytest.fixture
    def make_picture(self) -> MakePicture:
        return a_picture
