"""Enum members by the value that a caller names."""

from enum import Enum
from typing import TypeVar

from spike_core.domain.errors import InvalidValue

Choice = TypeVar("Choice", bound=Enum)


def parse_choice(choices: type[Choice], text: str, *, what: str) -> Choice:
    """Return the member whose value is `text`; `what` names the field in the error.

    Raises:
        InvalidValue: there is no such member; the rule lists all values, in the order of their definition.
    """
    try:
        return choices(text)
    except ValueError as error:
        values = ", ".join(str(choice.value) for choice in choices)
        raise InvalidValue(what=what, rule=f"must be one of {values}") from error
