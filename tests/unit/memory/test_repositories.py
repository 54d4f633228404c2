"""The contracts of the repositories, tested on the in-memory adapters."""

from spike_contracts.album_images import AlbumImagesContract
from spike_contracts.albums import AlbumsContract
from spike_contracts.api_key_charges import ApiKeyChargesContract
from spike_contracts.api_keys import ApiKeysContract
from spike_contracts.audit import AuditReaderContract
from spike_contracts.events import EventDeliveriesContract
from spike_contracts.fair_scheduling import FairSchedulingContract
from spike_contracts.idempotency import IdempotencyRecordsContract
from spike_contracts.image_deletion import ImageDeletionContract
from spike_contracts.image_lists import ImageListsContract
from spike_contracts.images import ImagesContract
from spike_contracts.job_queries import JobQueriesContract
from spike_contracts.job_recovery import JobRecoveryContract
from spike_contracts.jobs import JobsContract
from spike_contracts.ledger import LedgerContract
from spike_contracts.maintenance import MaintenanceRunsContract
from spike_contracts.outbox import OutboxContract
from spike_contracts.races import RacesContract
from spike_contracts.renditions import RenditionsContract
from spike_contracts.sessions import SessionsContract
from spike_contracts.shared_transactions import SharedTransactionsContract
from spike_contracts.statistics import StatisticsContract
from spike_contracts.subscriptions import SubscriptionsContract
from spike_contracts.transactions import TransactionsContract
from spike_contracts.users import UsersContract
from spike_contracts.wallets import WalletsContract
from spike_contracts.webhooks import WebhookDeliveriesContract, WebhooksContract


class TestMemoryAccounts(UsersContract):
    """Its fixtures are defined in this folder."""


class TestMemoryAlbumOrder(AlbumImagesContract):
    """Its fixtures are defined in this folder."""


class TestMemoryAlbums(AlbumsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryApiKeys(ApiKeysContract):
    """Its fixtures are defined in this folder."""


class TestMemoryApiKeyCharges(ApiKeyChargesContract):
    """Its fixtures are defined in this folder."""


class TestMemoryCensus(AuditReaderContract):
    """Its fixtures are defined in this folder."""


class TestMemoryChores(MaintenanceRunsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryRenditions(RenditionsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryImages(ImagesContract):
    """Its fixtures are defined in this folder."""


class TestMemoryJobLists(JobQueriesContract):
    """Its fixtures are defined in this folder."""


class TestMemoryJobs(JobsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryLedger(LedgerContract):
    """Its fixtures are defined in this folder."""


class TestMemoryOutbox(OutboxContract):
    """Its fixtures are defined in this folder."""


class TestMemoryOverdueJobs(JobRecoveryContract):
    """Its fixtures are defined in this folder."""


class TestMemoryReceipts(IdempotencyRecordsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryImageLists(ImageListsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryRemovals(ImageDeletionContract):
    """Its fixtures are defined in this folder."""


class TestMemoryRaces(RacesContract):
    """Its fixtures are defined in this folder."""


class TestMemorySessions(SessionsContract):
    """Its fixtures are defined in this folder."""


class TestMemorySharedTransactions(SharedTransactionsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryTransactions(TransactionsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryWallets(WalletsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryFairScheduling(FairSchedulingContract):
    """Its fixtures are defined in this folder."""


class TestMemoryStatistics(StatisticsContract):
    """Its fixtures are defined in this folder."""


class TestMemoryEventDeliveries(EventDeliveriesContract):
    """Its fixtures are defined in this folder."""


class TestMemoryWebhooks(WebhooksContract):
    """Its fixtures are defined in this folder."""


class TestMemoryWebhookDeliveries(WebhookDeliveriesContract):
    """Its fixtures are defined in this folder."""


class TestMemorySubscriptions(SubscriptionsContract):
    """Its fixtures are defined in this folder."""
