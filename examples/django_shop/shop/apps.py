"""The app, and Spike, which it builds once per process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.apps import AppConfig
from django.conf import settings
from django.db import connection, transaction
from django.db.models.signals import post_migrate

from spike_runtime import Settings, Spike, build
from spike_sqlalchemy import SqliteDatabase, open_sqlite


class ShopConfig(AppConfig):
    name = "shop"

    def ready(self) -> None:
        post_migrate.connect(migrate_spike, sender=self)


def migrate_spike(**_signal: object) -> None:
    """Migrate Spike's tables with the project's."""
    database().migrate()


@cache
def database() -> SqliteDatabase:
    return open_sqlite(f"sqlite:///{settings.FOLDER / 'shop.db'}?prefix=spike_")


@cache
def spike() -> Spike:
    from shop.mails import MailOnCompletion  # its models can be imported now

    configured = Settings(data_dir=settings.FOLDER, worker_threads=1)
    return build(configured, database=database(), subscribers=[MailOnCompletion()])


@contextmanager
def together() -> Iterator[None]:
    """Store the project's rows and Spike's together or not at all; workers begin after the commit."""
    with transaction.atomic():
        with database().sharing(connection.connection) as shared:
            yield
        transaction.on_commit(shared.committed)
