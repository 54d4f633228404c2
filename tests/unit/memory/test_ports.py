"""The contracts of all other ports, tested on the in-memory adapters; their fixtures are defined in this folder."""

from datetime import timedelta

import pytest

from spike_contracts.authenticator import AuthenticatorContract
from spike_contracts.background import BackgroundContract
from spike_contracts.blender import BlenderContract
from spike_contracts.blobs import BlobStoreContract
from spike_contracts.broker import BrokerContract
from spike_contracts.canvas_fitter import CanvasFitterContract
from spike_contracts.clock import ClockContract
from spike_contracts.concurrency import ConcurrencyContract
from spike_contracts.database import DatabaseContract
from spike_contracts.downloader import DownloaderContract
from spike_contracts.generator import GeneratorContract
from spike_contracts.heartbeat import HeartbeatContract
from spike_contracts.ids import IdsContract
from spike_contracts.limiter import LimiterContract, Wait
from spike_contracts.metadata import MetadataContract
from spike_contracts.price_list import PriceListContract
from spike_contracts.probe import ProbeContract
from spike_contracts.queue import JobQueueContract
from spike_contracts.regeneration import RegenerationPoliciesContract
from spike_contracts.rendition_maker import RenditionMakerContract
from spike_contracts.secrets import SecretsContract
from spike_contracts.signed_urls import SignedUrlsContract
from spike_contracts.storage import StorageContract
from spike_contracts.upscaler import UpscalerContract
from spike_contracts.webhooks import WebhookSenderContract
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import PromptRefused
from spike_core.domain.generation import Prompt
from spike_memory import ManualClock, MemoryGenerator


class TestMemoryBlobStore(BlobStoreContract):
    @pytest.fixture
    def wait(self, clock: ManualClock) -> Wait:
        return clock.advance


class TestManualClock(ClockContract):
    def test_time_passes_when_the_test_says_so(self, clock: ManualClock) -> None:
        start = clock.now()
        assert clock.now() == start
        clock.advance(timedelta(minutes=5))
        assert clock.now() - start == timedelta(minutes=5)

    def test_it_can_be_set_back(self, clock: ManualClock) -> None:
        start = clock.now()
        clock.advance(timedelta(minutes=-5))
        assert start - clock.now() == timedelta(minutes=5)


class TestMemoryGenerator(GeneratorContract):
    def test_a_prompt_can_be_refused(self) -> None:
        with pytest.raises(PromptRefused):
            MemoryGenerator().generate(Prompt("refuse"), negative=None, size=Dimensions(width_px=8, height_px=8))


class TestMemoryBackground(BackgroundContract):
    """Its fixtures are defined in this folder."""


class TestMemoryRenditionMaker(RenditionMakerContract):
    """Its fixtures are defined in this folder."""


class TestMemoryBlender(BlenderContract):
    """Its fixtures are defined in this folder."""


class TestMemoryBroker(BrokerContract):
    """Its fixtures are defined in this folder."""


class TestMemoryCanvasFitter(CanvasFitterContract):
    """Its fixtures are defined in this folder."""


class TestMemoryConcurrency(ConcurrencyContract):
    """Its fixtures are defined in this folder."""


class TestMemoryDatabase(DatabaseContract):
    """Its fixtures are defined in this folder."""


class TestMemoryDownloader(DownloaderContract):
    """Its fixtures are defined in this folder."""


class TestMemoryWebhookSender(WebhookSenderContract):
    """Its fixtures are defined in this folder."""


class TestMemoryHeartbeat(HeartbeatContract):
    """Its fixtures are defined in this folder."""


class TestMemoryIds(IdsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryLimiter(LimiterContract):
    """Its fixtures are defined in this folder."""


class TestMemoryMetadata(MetadataContract):
    """Its fixtures are defined in this folder."""


class TestMemoryProbe(ProbeContract):
    """Its fixtures are defined in this folder."""


class TestMemoryQueue(JobQueueContract):
    """Its fixtures are defined in this folder."""


class TestMemorySecrets(SecretsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryLinks(SignedUrlsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryStorage(StorageContract):
    """Its fixtures are defined in this folder."""


class TestMemoryUpscaler(UpscalerContract):
    """Its fixtures are defined in this folder."""


class TestOneToken(AuthenticatorContract):
    """Its fixtures are defined in this folder."""


class TestCatalogPrices(PriceListContract):
    """Its fixtures are defined in this folder."""


class TestSamePolicy(RegenerationPoliciesContract):
    """Its fixtures are defined in this folder."""
