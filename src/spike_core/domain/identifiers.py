"""Identifiers: a prefix for the kind and a cuid2 body of 24 characters.

The format is the API's (`^[a-z0-9]{24}$` after the prefix). The `Ids` port generates bodies. Only the ids of owners
may be of any form: they may be those of the app that embeds Spike.
"""

import hashlib
import re
from typing import ClassVar, Final, Literal, Self

from attrs import frozen

from spike_core.domain.errors import InvalidIdentifier

BODY_LENGTH: Final = 24
_BODY: Final = f"[a-z0-9]{{{BODY_LENGTH}}}"


@frozen(order=True)
class Identifier:
    """A typed identifier; use a subclass. Text from outside must go through `parse`."""

    prefix: ClassVar[str]
    pattern: ClassVar[re.Pattern[str]]

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the identifier that `text` spells.

        Raises:
            InvalidIdentifier: the prefix or the body is wrong.
        """
        if cls.pattern.fullmatch(text) is None:
            raise InvalidIdentifier(kind=cls.__name__, text=text)
        return cls(text)

    @classmethod
    def of(cls, body: str) -> Self:
        """Return the identifier with this `body` of 24 characters."""
        return cls.parse(cls.prefix + body)

    @property
    def body(self) -> str:
        """The 24 characters after the prefix."""
        return self.text[-BODY_LENGTH:]

    def __str__(self) -> str:
        """Return the text, prefix included."""
        return self.text


OWNER_ID_CHARACTERS_MAX: Final = 128


@frozen(eq=False)
class OwnerId(Identifier):
    """Who owns images, jobs, albums and one wallet: a user of Spike's, or whatever an app chooses, such as `42`.

    1 to `OWNER_ID_CHARACTERS_MAX` characters (code points) that are printable as `str.isprintable` says, and no spaces:
    neither control and format characters nor white space. Ids are compared and sorted by code points, without
    normalization, whatever subclass they are of.

    >>> OwnerId.parse("42") == OwnerId("42")
    True
    >>> OwnerId.parse("4 2")
    Traceback (most recent call last):
    spike_core.domain.errors.InvalidIdentifier: ...
    """

    prefix: ClassVar[str] = ""
    pattern: ClassVar[re.Pattern[str]] = re.compile(rf"\S{{1,{OWNER_ID_CHARACTERS_MAX}}}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the owner's id that `text` spells.

        Raises:
            InvalidIdentifier: it is empty or too long, or has a character that isn't allowed; or it is the id of the
                anonymous owner, which no one may claim.
        """
        if not text.isprintable() or text == ANONYMOUS.text:
            raise InvalidIdentifier(kind=cls.__name__, text=text)
        return super().parse(text)

    def __eq__(self, other: object) -> bool:
        """Return whether it is the same owner's."""
        return self.text == other.text if isinstance(other, OwnerId) else NotImplemented

    def __lt__(self, other: object) -> bool:
        """Compare by code points."""
        return self.text < other.text if isinstance(other, OwnerId) else NotImplemented

    def __le__(self, other: object) -> bool:
        """Compare by code points."""
        return self.text <= other.text if isinstance(other, OwnerId) else NotImplemented

    def __gt__(self, other: object) -> bool:
        """Compare by code points."""
        return self.text > other.text if isinstance(other, OwnerId) else NotImplemented

    def __ge__(self, other: object) -> bool:
        """Compare by code points."""
        return self.text >= other.text if isinstance(other, OwnerId) else NotImplemented

    def __hash__(self) -> int:
        """Return the hash of the text."""
        return hash(self.text)


@frozen(eq=False)
class UserId(OwnerId):
    """A person with an account of Spike's."""

    prefix: ClassVar[str] = "user_"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"user_{_BODY}")


ANONYMOUS: Final = OwnerId("user_anonymous000000000000000")  # owns anonymous uploads; its wallet has no tokens


@frozen(order=True)
class ImageId(Identifier):
    """An uploaded image."""

    prefix: ClassVar[str] = "img_"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"img_(anon_)?{_BODY}")

    @property
    def is_anonymous(self) -> bool:
        """Whether the image was uploaded anonymously."""
        return self.text.startswith("img_anon_")

    def anonymous(self) -> Self:
        """Return this id in the form that anonymous images have."""
        return type(self).parse(f"img_anon_{self.body}")


@frozen(order=True)
class JobId(Identifier):
    """A job: one enhancement, blend, generation or modification."""

    prefix: ClassVar[str] = "job_"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"job_((gen|mod|anon)_)?{_BODY}")

    @property
    def is_anonymous(self) -> bool:
        """Whether the job was ordered anonymously."""
        return self.text.startswith("job_anon_")

    def marked(self, mark: Literal["gen", "mod", "anon"]) -> Self:
        """Return this id in the form for a generation, a modification or an anonymous job."""
        return type(self).parse(f"job_{mark}_{self.body}")


@frozen(order=True)
class BatchId(Identifier):
    """The jobs on several images that one request created."""

    prefix: ClassVar[str] = "batch-"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"batch-{_BODY}")


@frozen(order=True)
class AlbumId(Identifier):
    """An album."""

    prefix: ClassVar[str] = "album_"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"album_{_BODY}")


@frozen(order=True)
class AlbumImageId(Identifier):
    """An image's membership in an album."""

    prefix: ClassVar[str] = "alb_img_"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"alb_img_{_BODY}")


@frozen(order=True)
class ApiKeyId(Identifier):
    """An API key's id; not its secret."""

    prefix: ClassVar[str] = "key_"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"key_{_BODY}")


@frozen(order=True)
class RequestId(Identifier):
    """A request, as named in logs, jobs and error responses."""

    prefix: ClassVar[str] = "req_"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"req_{_BODY}")


@frozen(order=True)
class EventId(Identifier):
    """A domain event; the same for all of its subscribers."""

    prefix: ClassVar[str] = "evt_"
    pattern: ClassVar[re.Pattern[str]] = re.compile(f"evt_{_BODY}")

    @classmethod
    def about(cls, *facts: str) -> Self:
        """Return the id of the one event about these facts, its type among them: a part of their SHA-256."""
        return cls(cls.prefix + hashlib.sha256("\n".join(facts).encode()).hexdigest()[:BODY_LENGTH])
