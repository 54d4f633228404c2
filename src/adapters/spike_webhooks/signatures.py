"""Signatures of Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks, version 1."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from spike_core.domain.webhooks import WebhookSecret


def signature_headers(
    message_id: str, body: bytes, *, secrets: Sequence[WebhookSecret], sent_at: datetime
) -> Sequence[tuple[bytes, bytes]]:
    """Return the headers of a message: its id, its time in seconds since 1970, and one signature per secret."""
    timestamp = str(int(sent_at.timestamp()))
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.new(secret.key, signed, hashlib.sha256).digest()).decode() for secret in secrets
    ]
    return [
        (b"webhook-id", message_id.encode()),
        (b"webhook-timestamp", timestamp.encode()),
        (b"webhook-signature", " ".join(signatures).encode()),
    ]
