"""Methods: how the engine made a result is kept with the job."""

from collections.abc import Sequence

from spike_sqlalchemy.migrations import op

revision: str = "0006"
down_revision: str | Sequence[str] | None = "0005"

# as `texts.TEXT` is on each; the check goes with the column, so that no table is built anew
_TYPES = {"sqlite": "VARCHAR", "postgresql": 'VARCHAR COLLATE "C"'}
_CHECK = "CONSTRAINT [ck_jobs_method] CHECK (result_method IS NULL OR status = 'COMPLETED')"


def upgrade() -> None:
    """Apply the migration."""
    type_ = _TYPES[op.get_bind().dialect.name]
    op.execute(f"ALTER TABLE [jobs] ADD COLUMN result_method {type_} {_CHECK}")


def downgrade() -> None:
    """Take the migration back."""
    op.drop_column("jobs", "result_method")
