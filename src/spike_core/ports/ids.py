"""The ids port."""

from typing import Protocol, TypeVar

from spike_core.domain.identifiers import Identifier

AnyId = TypeVar("AnyId", bound=Identifier)


class Ids(Protocol):
    """Draws identifiers that nobody has seen before."""

    def new(self, kind: type[AnyId]) -> AnyId:
        """Return a fresh identifier of this kind."""
