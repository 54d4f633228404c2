"""What alembic runs around the migrations, on the connection that it is given.

Where a transaction is in progress on it, as on SQLite, all migrations are part of that one; else each is one.
"""

from typing import Any

from alembic import context
from sqlalchemy import event

from spike_sqlalchemy.migrations.op import NAMES
from spike_sqlalchemy.table_names import DEFAULT_NAMES, VERSION_TABLE
from spike_sqlalchemy.tables import METADATA

connection = context.config.attributes["connection"]
names = context.config.attributes.get(NAMES, DEFAULT_NAMES)


def resolve(_connection: object, _cursor: object, sql: str, parameters: Any, *_rest: object) -> tuple[str, Any]:
    """Put names in the place of those that are marked."""
    return names.resolved(sql), parameters


context.configure(
    connection=connection,
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters a table by copying it
    transaction_per_migration=True,
    version_table=names.unqualified(VERSION_TABLE),
)
event.listen(connection, "before_cursor_execute", resolve, retval=True)
try:
    with context.begin_transaction():
        context.run_migrations()
finally:
    event.remove(connection, "before_cursor_execute", resolve)
