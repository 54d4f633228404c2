"""Cursors: positions in lists that are ordered by age, or as their owner arranged them, for keyset pagination."""

import re
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final, Generic, Self, TypeVar

from attrs import frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.identifiers import Identifier, ImageId, JobId

AnyId = TypeVar("AnyId", bound=Identifier)


@frozen(order=True)
class Cursor(Generic[AnyId]):
    """The position after the row with this `(created_at, id)` pair. Use a subclass."""

    kind: ClassVar[type[Identifier]]

    created_at: datetime
    id: AnyId

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor that `str` made.

        Raises:
            InvalidValue: the text isn't a cursor of this kind.
        """
        match = _CURSOR.fullmatch(text)
        if match is None or cls.kind.pattern.fullmatch(match[2]) is None:
            raise InvalidValue(what="cursor", rule="must be one that this list returned")
        return cls(_EPOCH + timedelta(microseconds=int(match[1])), cls.kind(match[2]))  # type: ignore[arg-type]  # `kind` is the id's type

    def __str__(self) -> str:
        """Return `<microseconds since 1970>.<id>`."""
        return f"{(self.created_at - _EPOCH) // timedelta(microseconds=1)}.{self.id}"


@frozen(order=True)
class ImageCursor(Cursor[ImageId]):
    """A position in a list of images."""

    kind: ClassVar[type[Identifier]] = ImageId


@frozen(order=True)
class JobCursor(Cursor[JobId]):
    """A position in a list of jobs."""

    kind: ClassVar[type[Identifier]] = JobId


@frozen(order=True)
class StartCursor:
    """The position after the job that was started at this time and has this id, in the order of starts."""

    started_at: datetime
    id: JobId


@frozen(order=True)
class AlbumCursor:
    """The position in an album after the image with this position."""

    position: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor that `str` made.

        Raises:
            InvalidValue: the text isn't a cursor of this kind.
        """
        if _POSITION.fullmatch(text) is None:
            raise InvalidValue(what="cursor", rule="must be one that this list returned")
        return cls(int(text))

    def __str__(self) -> str:
        """Return the position."""
        return str(self.position)


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_POSITION: Final = re.compile(r"[0-9]{1,18}")  # the databases' integers have 63 bits
_CURSOR: Final = re.compile(r"([0-9]{1,17})\.([a-z0-9_]+)")
