"""The JSON body of a webhook: what has happened, with ids and links to what it has happened to."""

import json
from typing import Any, Final

from spike_core.codec import event_document
from spike_core.domain.webhooks import WebhookEvent

PAYLOAD_BYTES_MAX: Final = 20_000  # of Standard Webhooks
TEXT_CHARS_MAX: Final = 500  # of one field
_LEFT_OUT: Final = frozenset({"result", "original", "description", "ownerId"})  # keys of the store, and long texts
_LINKS: Final = {"jobId": ("job", "/api/jobs/"), "imageId": ("image", "/api/images/")}


def payload(event: WebhookEvent, *, base_url: str) -> bytes:
    """Return the body: `type`, `timestamp`, `data`, and in it `links` below the base URL; the same for each attempt.

    The id of the event isn't in it, but in the header `webhook-id`.
    """
    document = event_document(event)
    data: dict[str, Any] = {name: _clipped(value) for name, value in document["data"].items() if name not in _LEFT_OUT}
    data["links"] = {
        link: base_url.rstrip("/") + path + data[field] for field, (link, path) in _LINKS.items() if data.get(field)
    }
    body = json.dumps(
        {"type": document["type"], "timestamp": document["timestamp"], "data": data},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode("utf-8", "replace")
    assert len(body) <= PAYLOAD_BYTES_MAX, "no event has so many texts"
    return body


def _clipped(value: object) -> object:
    return value[:TEXT_CHARS_MAX] if isinstance(value, str) else value
