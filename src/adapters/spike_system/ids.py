"""Random identifiers in the cuid2 format."""

from cuid2 import Cuid

from spike_core.domain.identifiers import BODY_LENGTH
from spike_core.ports.ids import AnyId


class Cuid2Ids:
    """Generates cuid2 bodies. Thread-safe: the salt, from the system's random source, suffices for uniqueness.

    cuid2's counter isn't locked, so two threads may use the same count, and forked processes share a fingerprint. Both
    are harmless because of the 24 random characters.
    """

    def __init__(self) -> None:
        """Compute this process's fingerprint."""
        self._cuid = Cuid(length=BODY_LENGTH)

    def new(self, kind: type[AnyId]) -> AnyId:
        """Return a new identifier; see the port."""
        return kind.of(self._cuid.generate())
