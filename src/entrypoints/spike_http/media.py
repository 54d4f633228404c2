"""From views to JSON."""

from typing import Any, Final

from spike_core.codec import make_converter

_CONVERTER: Final = make_converter()


def as_json(view: object) -> Any:
    """Return a view as plain data: camelCase names, texts, numbers, lists, nulls."""
    return _CONVERTER.unstructure(view)
