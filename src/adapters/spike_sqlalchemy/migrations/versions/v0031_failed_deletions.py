"""Failed deletions: an index of the hidden images whose deletion hasn't failed yet, and one of those where it has.

The one index of all had to be read past all images of the one kind to find those of the other, at each tick. It stays
for lists of all hidden images, and for a server of an earlier release.
"""

from collections.abc import Sequence

from spike_sqlalchemy.migrations.online import create_index, drop_index

revision: str = "0031"
down_revision: str | Sequence[str] | None = "0030"

_CONDITIONS = {
    "ix_images_untried_deletion": "removed_at IS NOT NULL AND removal_failures = 0",
    "ix_images_failed_deletion": "removed_at IS NOT NULL AND removal_failures > 0",
}


def upgrade() -> None:
    """Apply the migration."""
    for name, condition in _CONDITIONS.items():
        create_index(name, "images", ["removed_at", "id"], where=condition)


def downgrade() -> None:
    """Take the migration back."""
    for name in _CONDITIONS:
        drop_index(name, "images")
