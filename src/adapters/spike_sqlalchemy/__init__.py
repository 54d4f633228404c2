"""The transactional ports on SQLAlchemy Core: SQLite and PostgreSQL, by the same statements."""

from spike_sqlalchemy.app_database import AppDatabase, from_engine
from spike_sqlalchemy.database import PostgresDatabase, SqlAlchemyDatabase, SqliteDatabase
from spike_sqlalchemy.engine import postgres_engine, sqlite_engine
from spike_sqlalchemy.plugin import open_postgres, open_sqlite
from spike_sqlalchemy.shared_transactions import SharedTransaction
from spike_sqlalchemy.transactions import SqlAlchemyTransaction, SqlAlchemyTransactions

__all__ = [
    "AppDatabase",
    "PostgresDatabase",
    "SharedTransaction",
    "SqlAlchemyDatabase",
    "SqlAlchemyTransaction",
    "SqlAlchemyTransactions",
    "SqliteDatabase",
    "from_engine",
    "open_postgres",
    "open_sqlite",
    "postgres_engine",
    "sqlite_engine",
]
