"""What alembic runs around the migrations: they go into the transaction of the connection that it is given."""

from alembic import context

from spike_sqlalchemy.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters a table by copying it
)
context.run_migrations()
