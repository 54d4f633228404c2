"""The codec: domain values on their way out, as plain data that any JSON writer takes.

Attribute names become camelCase, identifiers, keys and names become text, tokens become numbers, and times become
RFC 3339 in UTC with whole seconds and a `Z`, as the API has them.
"""

from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from spike_core.domain.accounts import Email
from spike_core.domain.albums import AlbumDescription, AlbumName
from spike_core.domain.api_keys import ApiKeyName
from spike_core.domain.generation import Prompt
from spike_core.domain.identifiers import Identifier
from spike_core.domain.images import ImageName
from spike_core.domain.objects import ObjectKey
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens

_TEXTS: Final = (Identifier, ObjectKey, ImageName, AlbumName, AlbumDescription, ApiKeyName, Email, Prompt, Tier)


def camel_case(name: str) -> str:
    """Return `snake_case` as `snakeCase`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def rfc3339(moment: datetime) -> str:
    """Return an aware time in UTC, cut to whole seconds, such as `2025-12-12T10:30:00Z` (RFC 3339, section 5.6)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def make_converter() -> Converter:
    """Return a converter that unstructures views made of domain values."""
    converter = Converter()

    def unstructure_attrs(kind: type[Any]) -> Any:
        renames = {field.name: override(rename=camel_case(field.name)) for field in attrs.fields(kind)}
        return make_dict_unstructure_fn(kind, converter, **renames)  # type: ignore[arg-type]  # its stub forbids `**`

    converter.register_unstructure_hook_factory(attrs.has, unstructure_attrs)
    converter.register_unstructure_hook(datetime, rfc3339)
    converter.register_unstructure_hook(Tokens, lambda tokens: tokens.amount)
    converter.register_unstructure_hook(Enum, lambda member: member.value)
    for kind in _TEXTS:
        converter.register_unstructure_hook(kind, str)
    return converter
