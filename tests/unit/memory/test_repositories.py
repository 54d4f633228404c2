"""The contracts of the repositories, tested on the in-memory adapters."""

import pytest

from spike_contracts.album_images import AlbumImagesContract
from spike_contracts.albums import AlbumsContract
from spike_contracts.api_key_charges import ApiKeyChargesContract
from spike_contracts.api_keys import ApiKeysContract
from spike_contracts.audit import AuditReaderContract
from spike_contracts.events import EventDeliveriesContract, SubscriptionsContract
from spike_contracts.fair_scheduling import FairSchedulingContract
from spike_contracts.idempotency import IdempotencyRecordsContract
from spike_contracts.image_deletion import ImageDeletionContract
from spike_contracts.images import ImagesContract
from spike_contracts.job_queries import JobQueriesContract
from spike_contracts.job_recovery import JobRecoveryContract
from spike_contracts.jobs import JobsContract
from spike_contracts.ledger import LedgerContract
from spike_contracts.maintenance import MaintenanceRunsContract
from spike_contracts.outbox import OutboxContract
from spike_contracts.races import RacesContract
from spike_contracts.sessions import SessionsContract
from spike_contracts.shared_transactions import AppTransaction, SharedTransactionsContract
from spike_contracts.statistics import StatisticsContract
from spike_contracts.transactions import TransactionsContract
from spike_contracts.users import UsersContract
from spike_contracts.wallets import WalletsContract
from spike_memory import MemoryTransactions


@pytest.fixture
def transactions() -> MemoryTransactions:
    return MemoryTransactions()


class TestMemoryAccounts(UsersContract):
    """The fixture is defined in this module."""


class TestMemoryAlbumOrder(AlbumImagesContract):
    """The fixture is defined in this module."""


class TestMemoryAlbums(AlbumsContract):
    """The fixture is defined in this module."""


class TestMemoryApiKeys(ApiKeysContract):
    """The fixture is defined in this module."""


class TestMemoryApiKeyCharges(ApiKeyChargesContract):
    """The fixture is defined in this module."""


class TestMemoryCensus(AuditReaderContract):
    """The fixture is defined in this module."""


class TestMemoryChores(MaintenanceRunsContract):
    """The fixture is defined in this module."""


class TestMemoryImages(ImagesContract):
    """The fixture is defined in this module."""


class TestMemoryJobLists(JobQueriesContract):
    """The fixture is defined in this module."""


class TestMemoryJobs(JobsContract):
    """The fixture is defined in this module."""


class TestMemoryLedger(LedgerContract):
    """The fixture is defined in this module."""


class TestMemoryOutbox(OutboxContract):
    """The fixture is defined in this module."""


class TestMemoryOverdueJobs(JobRecoveryContract):
    """The fixture is defined in this module."""


class TestMemoryReceipts(IdempotencyRecordsContract):
    """The fixture is defined in this module."""


class TestMemoryRemovals(ImageDeletionContract):
    """The fixture is defined in this module."""


class TestMemoryRaces(RacesContract):
    """The fixture is defined in this module."""


class TestMemorySessions(SessionsContract):
    """The fixture is defined in this module."""


class TestMemorySharedTransactions(SharedTransactionsContract):
    """The fixture `transactions` is defined in this module."""

    @pytest.fixture
    def app_transaction(self, transactions: MemoryTransactions) -> AppTransaction:
        return transactions.sharing


class TestMemoryTransactions(TransactionsContract):
    """The fixture is defined in this module."""


class TestMemoryWallets(WalletsContract):
    """The fixture is defined in this module."""


class TestMemoryFairScheduling(FairSchedulingContract):
    """The fixture is defined in this module."""


class TestMemoryStatistics(StatisticsContract):
    """The fixture is defined in this module."""


class TestMemoryEventDeliveries(EventDeliveriesContract):
    """The fixture is defined in this module."""


class TestMemorySubscriptions(SubscriptionsContract):
    """The fixture is defined in this module."""
