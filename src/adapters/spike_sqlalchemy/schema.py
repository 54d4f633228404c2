"""The schema's revision: which one is stored, and how it is brought up to date."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from spike_core.domain.errors import SchemaTooNew
from spike_sqlalchemy.engine import BEGIN

HEAD: Final = "0010"  # the newest migration; known here so that a start without changes needn't load alembic

_VERSION_TABLE: Final = "alembic_version"
_STORED: Final = text(f"SELECT version_num FROM {_VERSION_TABLE}")  # noqa: S608  # a constant


def is_current(connection: Connection) -> bool:
    """Return whether the schema is the one that this code was written for.

    Raises:
        SchemaTooNew: it is the one of a newer release. Revisions are numbered.
    """
    if not inspect(connection).has_table(_VERSION_TABLE):
        return False
    stored = connection.execute(_STORED).scalars().all()
    for revision in stored:
        if revision > HEAD:
            raise SchemaTooNew(stored=revision, known=HEAD)
    return stored == [HEAD]


def at_once(_connection: Connection) -> None:
    """Take no lock."""


def upgrade(engine: Engine, *, alone: Callable[[Connection], None] = at_once) -> None:
    """Apply the missing migrations, all in one transaction, after waiting until `alone` at it.

    After another process has migrated, nothing is left to do.

    Raises:
        SchemaTooNew: the other was a newer release.
    """
    from alembic import command  # noqa: PLC0415  # slow to import, and most starts don't need it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "spike_sqlalchemy:migrations")
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(BEGIN[engine.dialect.name])
        alone(connection)
        if is_current(connection):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
