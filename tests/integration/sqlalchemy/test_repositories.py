"""The repositories' contracts on SQLite and PostgreSQL; the fixture `transactions` is defined in this folder."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from effort import each_value_once
from spike_contracts.album_images import AlbumImagesContract
from spike_contracts.albums import AlbumsContract
from spike_contracts.api_key_charges import ApiKeyChargesContract
from spike_contracts.audit import AuditReaderContract
from spike_contracts.database import DatabaseContract
from spike_contracts.events import EventDeliveriesContract
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
from spike_contracts.renditions import RenditionsContract
from spike_contracts.sessions import SessionsContract
from spike_contracts.statistics import StatisticsContract
from spike_contracts.subscriptions import SubscriptionsContract
from spike_contracts.transactions import TransactionsContract
from spike_contracts.users import UsersContract
from spike_contracts.wallets import WalletsContract
from spike_contracts.webhooks import WebhookDeliveriesContract, WebhooksContract
from spike_core.ports.factories import Database
from spike_sqlalchemy import open_postgres, open_sqlite

pytestmark = each_value_once


class TestSqlAlchemyAccounts(UsersContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyAlbumOrder(AlbumImagesContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyAlbums(AlbumsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyApiKeyCharges(ApiKeyChargesContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyCensus(AuditReaderContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyChores(MaintenanceRunsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyRenditions(RenditionsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyImages(ImagesContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyJobLists(JobQueriesContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyJobs(JobsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyLedger(LedgerContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyOutbox(OutboxContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyOverdueJobs(JobRecoveryContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyReceipts(IdempotencyRecordsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyImageLists(ImageListsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyRemovals(ImageDeletionContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemySessions(SessionsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyTallies(StatisticsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyTransactions(TransactionsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyWallets(WalletsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyEventDeliveries(EventDeliveriesContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyWebhooks(WebhooksContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyWebhookDeliveries(WebhookDeliveriesContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemySubscriptions(SubscriptionsContract):
    """The fixture is defined in this folder."""


class TestSqlAlchemyDatabase(DatabaseContract):
    """The fixture `database` is defined in this folder."""

    @pytest.fixture
    def lost_database(self, url: str, tmp_path: Path) -> Iterator[Database]:
        """Return a database whose file can't be opened, or whose server has no listener."""
        if url.startswith("sqlite"):
            (tmp_path / "file").touch()
            database: Database = open_sqlite(f"sqlite:///{tmp_path / 'file' / 'spike.db'}")
        else:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                port = listener.getsockname()[1]
            database = open_postgres(f"postgresql://spike@127.0.0.1:{port}/nowhere")
        yield database
        database.close()
