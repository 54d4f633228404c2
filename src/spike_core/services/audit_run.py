"""What the parts of one audit share."""

from collections.abc import Collection, Iterator
from typing import Any, Final

from attrs import Factory, define

from spike_core.domain.identifiers import ANONYMOUS, OwnerId
from spike_core.domain.invariants import Check, Finding
from spike_core.ports.audit import AuditPage

AUDIT_PAGE: Final = 500
REMEMBERED_MAX: Final = 10_000  # owners; beyond that, one may be reported more than once


@define
class AuditCoverage:
    """What an audit compared, and what it couldn't compare since an older release stored it."""

    compared: int = 0  # objects whose SHA-256 was compared
    uncompared: int = 0  # objects that have no stored SHA-256
    unchained: int = 0  # ledger entries that have no hash yet


@define
class AuditRun:
    """One run: its counts, and the owners that were reported."""

    coverage: AuditCoverage
    reported: set[OwnerId] = Factory(set)

    def without_wallet(self, owner_id: OwnerId, with_wallet: Collection[OwnerId], *, what: str) -> Iterator[Finding]:
        """Yield the owner of a row if they have no wallet; anonymous rows need none."""
        if owner_id != ANONYMOUS and owner_id not in with_wallet:
            yield from self.without_account(owner_id, f"the owner of {what} has no wallet")

    def without_account(self, owner_id: OwnerId, message: str) -> Iterator[Finding]:
        """Yield an owner whose wallet or user is missing, once."""
        if owner_id not in self.reported:
            if len(self.reported) < REMEMBERED_MAX:
                self.reported.add(owner_id)
            yield Finding(check=Check.ACCOUNT, subject=str(owner_id), message=message)


def unreadable(page: AuditPage[Any, Any]) -> Iterator[Finding]:
    """Yield the rows of a page that can't be read."""
    for row in page.unreadable:
        message = f"this row of {row.table} can't be read: {row.reason}"
        yield Finding(check=Check.UNREADABLE, subject=row.key, message=message)
