"""Identifiers by chance: cuid2, as the API's are."""

from cuid2 import Cuid

from spike_core.domain.identifiers import BODY_LENGTH
from spike_core.ports.ids import AnyId


class Cuid2Ids:
    """Draws cuid2 bodies. Threads may share one: the salt alone, from the system's chance, makes a body unique.

    cuid2's counter isn't locked, so two threads may draw the same count; with 24 random characters beside it, that
    and the fingerprint that forked processes share do no harm.
    """

    def __init__(self) -> None:
        """Take this process's fingerprint."""
        self._cuid = Cuid(length=BODY_LENGTH)

    def new(self, kind: type[AnyId]) -> AnyId:
        """Return a fresh identifier; see the port."""
        return kind.of(self._cuid.generate())
