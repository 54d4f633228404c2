"""Receipts: which request had which effect, so that the same request again has none."""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Final, Self

from attrs import frozen

from spike_core.domain.errors import IdempotencyKeyReused, InvalidValue

KEY_CHARS_MAX: Final = 255
IDEMPOTENCY_RECORDS_KEPT: Final = timedelta(hours=24)
_KEY: Final = re.compile(rf"[\x21-\x7e]{{1,{KEY_CHARS_MAX}}}")


@frozen
class IdempotencyKey:
    """What a client calls one request, however often it is sent."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that a client gave.

        Raises:
            InvalidValue: it isn't 1 to 255 visible ASCII characters.
        """
        if _KEY.fullmatch(text) is None:
            raise InvalidValue(what="Idempotency-Key", rule=f"must be 1 to {KEY_CHARS_MAX} visible ASCII characters")
        return cls(text)


@frozen
class RequestDigest:
    """The SHA-256 of all that a request says, 64 hexadecimal digits."""

    text: str

    @classmethod
    def of(cls, *parts: bytes) -> Self:
        """Return the digest of parts, each told from the next."""
        whole = hashlib.sha256()
        for part in parts:
            whole.update(hashlib.sha256(part).digest())
        return cls(whole.hexdigest())


@frozen(kw_only=True)
class RecordedResponse:
    """What a client was told, or would have been."""

    status: int
    body: str


@frozen(kw_only=True)
class IdempotencyRecord:
    """That a request had its effect, and what it was answered."""

    caller: str  # whose keys these are: a user, or an address of somebody without an account
    key: IdempotencyKey
    digest: RequestDigest
    answer: RecordedResponse
    created_at: datetime

    def answer_to(self, digest: RequestDigest) -> RecordedResponse:
        """Return the answer to the same request.

        Raises:
            IdempotencyKeyReused: it was another one.
        """
        if digest != self.digest:
            raise IdempotencyKeyReused
        return self.answer

    def is_valid(self, *, now: datetime) -> bool:
        """Return whether the receipt still counts."""
        return now - self.created_at < IDEMPOTENCY_RECORDS_KEPT
