"""The words and the example of one operation."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen


@frozen(kw_only=True)
class OperationText:
    """The texts of an operation. `description` is CommonMark, without headings."""

    summary: str  # imperative, without a full stop: a heading
    description: str
    errors: Mapping[int, str] = field(factory=dict)  # when a status is answered, where the usual text is too general
    fields: Mapping[str, str] = field(factory=dict)  # what the fields of the body mean
    path: Mapping[str, str] = field(factory=dict)  # example values of path parameters
    query: Mapping[str, str | int] = field(factory=dict)  # of query parameters; those not named are left out
    request: Any = None  # of a JSON body, or of a form's fields; a file's value is its name
    response: Any = None  # of the successful answer, if it is JSON
