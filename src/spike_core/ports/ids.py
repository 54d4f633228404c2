"""The ids port."""

from typing import Protocol, TypeVar

from spike_core.domain.identifiers import Identifier

AnyId = TypeVar("AnyId", bound=Identifier)


class Ids(Protocol):
    """Generates unique identifiers."""

    def new(self, kind: type[AnyId]) -> AnyId:
        """Return a new identifier of this kind."""
