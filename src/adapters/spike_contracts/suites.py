"""The suites of each role: what an adapter must pass that is registered under `<role>.<name>`."""

from collections.abc import Mapping, Sequence
from typing import Final

from spike_contracts.album_images import AlbumImagesContract
from spike_contracts.albums import AlbumsContract
from spike_contracts.api_key_charges import ApiKeyChargesContract
from spike_contracts.api_keys import ApiKeysContract
from spike_contracts.audit import AuditReaderContract
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
from spike_contracts.events import EventDeliveriesContract
from spike_contracts.fair_scheduling import FairSchedulingContract
from spike_contracts.generator import GeneratorContract
from spike_contracts.heartbeat import HeartbeatContract
from spike_contracts.idempotency import IdempotencyRecordsContract
from spike_contracts.ids import IdsContract
from spike_contracts.image_deletion import ImageDeletionContract
from spike_contracts.image_lists import ImageListsContract
from spike_contracts.images import ImagesContract
from spike_contracts.job_queries import JobQueriesContract
from spike_contracts.job_recovery import JobRecoveryContract
from spike_contracts.jobs import JobsContract
from spike_contracts.ledger import LedgerContract
from spike_contracts.limiter import ConcurrentLimiterContract
from spike_contracts.maintenance import MaintenanceRunsContract
from spike_contracts.metadata import MetadataContract
from spike_contracts.outbox import OutboxContract
from spike_contracts.price_list import PriceListContract
from spike_contracts.probe import ProbeContract
from spike_contracts.queue import JobQueueContract
from spike_contracts.races import RacesContract
from spike_contracts.regeneration import RegenerationPoliciesContract
from spike_contracts.rendition_maker import RenditionMakerContract
from spike_contracts.renditions import RenditionsContract
from spike_contracts.secrets import SecretsContract
from spike_contracts.sessions import SessionsContract
from spike_contracts.shared_transactions import SharedTransactionsContract
from spike_contracts.signed_urls import SignedUrlsContract
from spike_contracts.statistics import StatisticsContract
from spike_contracts.storage import StorageContract
from spike_contracts.subscriptions import SubscriptionsContract
from spike_contracts.transactions import TransactionsContract
from spike_contracts.upscaler import UpscalerContract
from spike_contracts.users import UsersContract
from spike_contracts.wallets import WalletsContract
from spike_contracts.webhooks import WebhookDeliveriesContract, WebhooksContract, WebhookSenderContract

# by the roles of entry points; all suites of `database` but the first need the fixture `transactions` alone
SUITES: Final[Mapping[str, Sequence[type]]] = {
    "database": (
        DatabaseContract,
        AlbumImagesContract,
        AlbumsContract,
        ApiKeyChargesContract,
        ApiKeysContract,
        AuditReaderContract,
        EventDeliveriesContract,
        FairSchedulingContract,
        IdempotencyRecordsContract,
        ImageDeletionContract,
        ImageListsContract,
        ImagesContract,
        JobQueriesContract,
        JobRecoveryContract,
        JobsContract,
        LedgerContract,
        MaintenanceRunsContract,
        OutboxContract,
        RacesContract,
        RenditionsContract,
        SessionsContract,
        StatisticsContract,
        SubscriptionsContract,
        TransactionsContract,
        UsersContract,
        WalletsContract,
        WebhookDeliveriesContract,
        WebhooksContract,
    ),
    "storage": (BlobStoreContract, StorageContract, SignedUrlsContract),
    "broker": (BrokerContract, JobQueueContract),
    "upscaler": (
        UpscalerContract,
        BlenderContract,
        CanvasFitterContract,
        ProbeContract,
        MetadataContract,
        RenditionMakerContract,
    ),
    "generator": (GeneratorContract,),
    "limiter": (ConcurrentLimiterContract,),
}
# of what no entry point selects; sharing an app's transaction is a database's choice
OTHER_SUITES: Final[Sequence[type]] = (
    AuthenticatorContract,
    BackgroundContract,
    ClockContract,
    ConcurrencyContract,
    DownloaderContract,
    HeartbeatContract,
    IdsContract,
    PriceListContract,
    RegenerationPoliciesContract,
    SecretsContract,
    SharedTransactionsContract,
    WebhookSenderContract,
)
