"""Idempotency: records of requests and their responses, so that a repeated request has no second effect."""

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
    """A client's unique name for one request, the same whenever it is sent again."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key if it is valid.

        Raises:
            InvalidValue: it isn't 1 to 255 visible ASCII characters.
        """
        if _KEY.fullmatch(text) is None:
            raise InvalidValue(what="Idempotency-Key", rule=f"must be 1 to {KEY_CHARS_MAX} visible ASCII characters")
        return cls(text)


@frozen
class RequestDigest:
    """The SHA-256 of a request's content, 64 hexadecimal digits."""

    text: str

    @classmethod
    def of(cls, *parts: bytes) -> Self:
        """Return the digest of parts; where one ends and the next begins matters."""
        whole = hashlib.sha256()
        for part in parts:
            whole.update(hashlib.sha256(part).digest())
        return cls(whole.hexdigest())


@frozen(kw_only=True)
class RecordedResponse:
    """The response to the first request, replayed to its repetitions."""

    status: int
    body: str


@frozen(kw_only=True)
class IdempotencyRecord:
    """A request that had its effect, and its response."""

    caller: str  # whose keys these are: a user's id, or an anonymous client's address
    key: IdempotencyKey
    digest: RequestDigest
    answer: RecordedResponse
    created_at: datetime

    def response_to(self, digest: RequestDigest) -> RecordedResponse:
        """Return the response, if `digest` is of the same request.

        Raises:
            IdempotencyKeyReused: it is of a different one.
        """
        if digest != self.digest:
            raise IdempotencyKeyReused
        return self.answer

    def is_valid(self, *, now: datetime) -> bool:
        """Return whether the record hasn't expired."""
        return now - self.created_at < IDEMPOTENCY_RECORDS_KEPT
