"""What alembic runs around the migrations, on the connection that it is given.

Where a transaction is in progress on it, as on SQLite, all migrations are part of that one; else each is one.
"""

from alembic import context

from spike_sqlalchemy.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters a table by copying it
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
