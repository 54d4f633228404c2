"""The transactional ports on SQLAlchemy Core: SQLite now, PostgreSQL by the same statements."""

from spike_sqlalchemy.database import SqlAlchemyDatabase
from spike_sqlalchemy.engine import sqlite_engine
from spike_sqlalchemy.plugin import open_sqlite
from spike_sqlalchemy.transactions import SqlAlchemyTransactions

__all__ = ["SqlAlchemyDatabase", "SqlAlchemyTransactions", "open_sqlite", "sqlite_engine"]
