"""What was sold is stored with each job: the longest side of its result, and its queue.

Both are null in rows that are older, or that a server of an earlier release still writes. Such a release sells the
specification's four tiers alone, so these rows say what was sold by the name of their tier, and nothing has to be
filled. The indexes of started jobs follow the queue.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from spike_sqlalchemy.migrations import op
from spike_sqlalchemy.migrations.online import add_column, create_index, drop_index
from spike_sqlalchemy.text_type import TEXT

revision: str = "0020"
down_revision: str | Sequence[str] | None = "0018"

_IS_PLAIN = "kind IN ('ENHANCEMENT', 'BLEND')"
_QUEUE = (
    f"coalesce(queue, CASE WHEN NOT ({_IS_PLAIN}) THEN 'long' WHEN tier = 'TIER_1K' THEN 'quick'"
    " WHEN tier = 'FREE' THEN 'free' ELSE 'long' END)"
)
_EARLIER = {  # by the suffix of the index
    "quick": f"{_IS_PLAIN} AND tier = 'TIER_1K'",
    "long": f"NOT ({_IS_PLAIN} AND tier IN ('FREE', 'TIER_1K'))",
    "free": f"{_IS_PLAIN} AND tier = 'FREE'",
}


def upgrade() -> None:
    """Apply the migration."""
    add_column("jobs", "longest_side_px", sa.Integer())
    add_column("jobs", "queue", TEXT)
    for name in _EARLIER:
        condition = f"started_at IS NOT NULL AND {_QUEUE} = '{name}'"
        create_index(f"ix_jobs_queued_{name}", "jobs", ["started_at", "id"], where=condition)
    for name in _EARLIER:
        drop_index(f"ix_jobs_started_{name}", "jobs")


def downgrade() -> None:
    """Take the migration back."""
    for name, condition in _EARLIER.items():
        create_index(
            f"ix_jobs_started_{name}", "jobs", ["started_at", "id"], where=f"started_at IS NOT NULL AND {condition}"
        )
    for name in _EARLIER:
        drop_index(f"ix_jobs_queued_{name}", "jobs")
    op.drop_column("jobs", "queue")
    op.drop_column("jobs", "longest_side_px")
