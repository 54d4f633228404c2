"""The families, which callers catch, and the errors of values of any kind."""

from typing import ClassVar

from attrs import field, frozen


@frozen
class SpikeError(Exception):
    """The base class of every error that Spike raises on purpose."""

    code: ClassVar[str] = "spike_error"

    def __str__(self) -> str:
        """Return a message for people."""
        return type(self).__doc__ or type(self).__name__


@frozen
class InvalidInput(SpikeError):
    """The input is invalid; the same request will fail again."""

    code: ClassVar[str] = "invalid_input"


@frozen
class InvalidValue(InvalidInput):
    """A value violates the rule of its type."""

    code: ClassVar[str] = "invalid_value"
    what: str
    rule: str

    def __str__(self) -> str:
        """Name the value and the rule that it violates."""
        return f"{self.what} {self.rule}"


@frozen
class InvalidIdentifier(InvalidInput):
    """The text isn't an identifier of the expected kind."""

    code: ClassVar[str] = "invalid_identifier"
    kind: str
    text: str = field(repr=False)

    def __str__(self) -> str:
        """Name the kind. The text comes from the caller and isn't repeated."""
        return f"not a valid {self.kind}"


@frozen
class NotFound(SpikeError):
    """The resource doesn't exist."""

    code: ClassVar[str] = "not_found"


@frozen
class Conflict(SpikeError):
    """The request conflicts with the resource's state."""

    code: ClassVar[str] = "conflict"


@frozen
class Unavailable(SpikeError):
    """A dependency is unavailable; the same request may succeed later."""

    code: ClassVar[str] = "unavailable"


@frozen
class InvariantViolated(SpikeError):
    """A rule about money or stored data would be violated; nothing is stored. It is a bug of the caller."""

    code: ClassVar[str] = "invariant_violated"
    rule: str

    def __str__(self) -> str:
        """Return the rule."""
        return f"violated: {self.rule}"


@frozen
class StaleWrite(SpikeError):
    """The row to change is missing or has changed since it was read; nothing is stored."""

    code: ClassVar[str] = "stale_write"
    what: str

    def __str__(self) -> str:
        """Name the row's kind."""
        return f"the {self.what} has changed since it was read, or is gone"
