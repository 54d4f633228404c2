"""Hash chains over ledgers, and checksums of rows.

A ledger entry's hash is the SHA-256 of the previous entry's hash and the entry's own content, and the wallet stores the
hash of the newest one. So an entry that was changed, forged or removed by anything but Spike is found, the newest
included. A chain isn't a signature: it doesn't stop one who can write to the database from computing it anew.

The canonical form is a JSON array in ASCII without spaces. It must never change, since stored hashes depend on it.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

NO_HASH: Final = b""  # of an entry that an older release wrote
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def entry_hash(
    previous: bytes,
    *,
    owner_id: str,
    sequence: int,
    kind: str,
    amount: int,
    balance_after: int,
    job_id: str | None,
    reason: str,
    created_at_us: int,
    reference: str | None = None,
) -> bytes:
    """Return the hash of a ledger entry; `previous` is the hash of the entry before it, `NO_HASH` for the first.

    The content of an entry without a reference is that of releases without references.
    """
    content = [owner_id, sequence, kind, amount, balance_after, job_id, reason, created_at_us]
    if reference is not None:
        content.append(reference)
    return hashlib.sha256(previous + _canonical(content)).digest()


def row_checksum(*content: str | int | datetime | None) -> bytes:
    """Return the checksum of columns that never change."""
    return hashlib.sha256(
        _canonical([microseconds(value) if isinstance(value, datetime) else value for value in content])
    ).digest()


def microseconds(moment: datetime) -> int:
    """Return an aware time as whole microseconds since 1970, UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def _canonical(content: Sequence[object]) -> bytes:
    # `default`: a damaged SQLite file may hold bytes in place of text
    return json.dumps(content, separators=(",", ":"), default=repr).encode("ascii")
