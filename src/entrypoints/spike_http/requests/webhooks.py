"""The bodies of `POST /api/settings/webhooks` and `PATCH /api/settings/webhooks/{webhook_id}`."""

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.events import EVENT_TYPES
from spike_core.domain.patches import UNCHANGED, Unchanged
from spike_core.domain.webhooks import WEBHOOK_URL_CHARS_MAX, parse_event_types
from spike_core.services.webhook_endpoints import WebhookPatch
from spike_http.openapi.notes import sent_as
from spike_http.requests.errors import MissingFields
from spike_http.requests.json_bodies import string_field

_URL: Final = {"type": "string", "format": "uri", "minLength": 1, "maxLength": WEBHOOK_URL_CHARS_MAX}
_EVENTS: Final[Mapping[str, Any]] = {"type": "array", "items": {"enum": list(EVENT_TYPES)}, "minItems": 1}


@frozen(kw_only=True)
class WebhookBody:
    """`POST /api/settings/webhooks`."""

    url: str = field(metadata=sent_as({"url": _URL}, required=frozenset({"url"})))
    event_types: frozenset[str] = field(metadata=sent_as({"events": _EVENTS}, required=frozenset({"events"})))

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "WebhookBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue: the body isn't valid.
        """
        if body.get("url") is None or body.get("events") is None:
            raise MissingFields("Please provide both url and events")
        return cls(url=string_field("url", body["url"]), event_types=_event_types(body["events"]))


@frozen(kw_only=True)
class WebhookPatchBody:
    """`PATCH /api/settings/webhooks/{webhook_id}`."""

    patch: WebhookPatch = field(
        metadata=sent_as(
            {"url": _URL, "events": _EVENTS, "enabled": {"type": "boolean"}, "rotateSecret": {"type": "boolean"}}
        )
    )

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "WebhookPatchBody":
        """Return the parsed body. What is missing or null stays as it is.

        Raises:
            InvalidValue: the body isn't valid.
        """
        url, events = body.get("url"), body.get("events")
        rotates = _boolean("rotateSecret", body)
        return cls(
            patch=WebhookPatch(
                url=UNCHANGED if url is None else string_field("url", url),
                event_types=UNCHANGED if events is None else _event_types(events),
                enabled=_boolean("enabled", body),
                rotates_secret=rotates is True,
            )
        )


def _event_types(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        raise InvalidValue(what="events", rule="must be a list")
    return parse_event_types([string_field("each of events", each) for each in value])


def _boolean(name: str, body: Mapping[str, object]) -> bool | Unchanged:
    value = body.get(name)
    if value is None:
        return UNCHANGED
    if not isinstance(value, bool):
        raise InvalidValue(what=name, rule="must be true or false")
    return value
