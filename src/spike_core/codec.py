"""The codec: domain values on their way out, as plain data that any JSON writer takes.

Attribute names become camelCase, identifiers, keys and names become text, tokens become numbers, and times become
RFC 3339 in UTC with whole seconds and a `Z`, as the API has them. Domain events, which come back, have microseconds.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

import attrs
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from spike_core.domain.accounts import Email
from spike_core.domain.albums import AlbumDescription, AlbumName
from spike_core.domain.api_keys import ApiKeyName
from spike_core.domain.errors import InvalidValue
from spike_core.domain.events import EVENT_SCHEMA, EVENT_TYPES, Event
from spike_core.domain.generation import Prompt
from spike_core.domain.identifiers import Identifier
from spike_core.domain.images import ImageName
from spike_core.domain.ledger import Reference
from spike_core.domain.objects import ObjectKey
from spike_core.domain.tiers import Tier
from spike_core.domain.tokens import Tokens
from spike_core.domain.webhooks import WebhookEvent, WebhookTest

_TEXTS: Final = (
    Identifier,
    ObjectKey,
    ImageName,
    AlbumName,
    AlbumDescription,
    ApiKeyName,
    Email,
    Prompt,
    Reference,
    Tier,
)
_WEBHOOK_EVENT_TYPES: Final[Mapping[str, type[Any]]] = {**EVENT_TYPES, WebhookTest.event_type: WebhookTest}


def camel_case(name: str) -> str:
    """Return `snake_case` as `snakeCase`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def rfc3339(moment: datetime) -> str:
    """Return an aware time in UTC, cut to whole seconds, such as `2025-12-12T10:30:00Z` (RFC 3339, section 5.6)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def rfc3339_exact(moment: datetime) -> str:
    """Return an aware time in UTC with its microseconds, such as `2025-12-12T10:30:00.000001Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def make_converter() -> Converter:
    """Return a converter that unstructures views made of domain values."""
    converter = Converter()

    def unstructure_attrs(kind: type[Any]) -> Any:
        return make_dict_unstructure_fn(kind, converter, **_renames(kind))

    converter.register_unstructure_hook_factory(attrs.has, unstructure_attrs)
    converter.register_unstructure_hook(datetime, rfc3339)
    converter.register_unstructure_hook(Tokens, lambda tokens: tokens.amount)
    converter.register_unstructure_hook(Enum, lambda member: member.value)
    for kind in _TEXTS:
        converter.register_unstructure_hook(kind, str)
    return converter


def event_document(event: WebhookEvent) -> Mapping[str, Any]:
    """Return an event as plain data: `id`, `type`, `schema`, `timestamp`, and the other fields in `data`.

    These are the names of Standard Webhooks. The timestamp is RFC 3339 with microseconds.
    """
    data = _events.unstructure(event)
    return {
        "id": data.pop("id"),
        "type": event.event_type,
        "schema": EVENT_SCHEMA,
        "timestamp": data.pop("occurredAt"),
        "data": data,
    }


def event_json(event: WebhookEvent) -> str:
    """Return an event as JSON: `event_document` without superfluous white space."""
    return json.dumps(event_document(event), ensure_ascii=False, separators=(",", ":"))


def event_from_json(document: str) -> Event:
    """Return the event that `event_json` has written; fields that this release doesn't know are ignored.

    Raises:
        InvalidValue: it is no event, of another schema or of an unknown type.
    """
    event: Event = _read_event(document, EVENT_TYPES)
    return event


def webhook_event_from_json(document: str) -> WebhookEvent:
    """Return the event or the test of a webhook that `event_json` has written.

    Raises:
        InvalidValue: it is neither, of another schema or of an unknown type.
    """
    event: WebhookEvent = _read_event(document, _WEBHOOK_EVENT_TYPES)
    return event


def _read_event(document: str, types: Mapping[str, type[Any]]) -> Any:
    try:
        read = json.loads(document)
        if read["schema"] != EVENT_SCHEMA:
            raise InvalidValue(what="the event", rule=f"has schema {read['schema']}; this release reads {EVENT_SCHEMA}")
        kind = types.get(read["type"])
        if kind is None:
            raise InvalidValue(what="the event", rule=f"has the unknown type {read['type']!r}")
        return _events.structure({**read["data"], "id": read["id"], "occurredAt": read["timestamp"]}, kind)
    except (ValueError, LookupError, TypeError, AttributeError, BaseValidationError) as error:
        raise InvalidValue(what="the event", rule=f"can't be read: {error}") from error


def _event_converter() -> Converter:
    converter = make_converter()
    converter.register_unstructure_hook(datetime, rfc3339_exact)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    converter.register_structure_hook(Tokens, lambda amount, _: Tokens(amount))
    for kind in _TEXTS:
        converter.register_structure_hook(kind, lambda text, wanted: wanted(text))

    def structure_attrs(kind: type[Any]) -> Any:
        return make_dict_structure_fn(kind, converter, **_renames(kind))

    converter.register_structure_hook_factory(
        lambda kind: attrs.has(kind) and not issubclass(kind, (*_TEXTS, Tokens)), structure_attrs
    )
    return converter


def _renames(kind: type[Any]) -> dict[str, Any]:
    return {field.name: override(rename=camel_case(field.name)) for field in attrs.fields(kind)}


_events: Final = _event_converter()
