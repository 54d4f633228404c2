"""The transactional ports on SQLAlchemy Core: SQLite and PostgreSQL, by the same statements."""

from spike_sqlalchemy.database import PostgresDatabase, SqlAlchemyDatabase, SqliteDatabase
from spike_sqlalchemy.engine import postgres_engine, sqlite_engine
from spike_sqlalchemy.plugin import open_postgres, open_sqlite
from spike_sqlalchemy.transactions import SqlAlchemyTransactions

__all__ = [
    "PostgresDatabase",
    "SqlAlchemyDatabase",
    "SqlAlchemyTransactions",
    "SqliteDatabase",
    "open_postgres",
    "open_sqlite",
    "postgres_engine",
    "sqlite_engine",
]
