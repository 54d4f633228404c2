"""Instants as whole microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_A_DAY: Final = 86_400
_MICROSECONDS_A_SECOND: Final = 1_000_000


def microseconds_of(time: datetime) -> int:
    """Return the number that is stored for an instant."""
    since = time - _EPOCH  # fails for a naive datetime, which would be a bug
    return (since.days * _SECONDS_A_DAY + since.seconds) * _MICROSECONDS_A_SECOND + since.microseconds


def time_of(microseconds: int) -> datetime:
    """Return the instant that is stored as this number."""
    return _EPOCH + timedelta(microseconds=microseconds)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC `datetime` in a BIGINT of microseconds since the epoch.

    Exact over the whole range of `datetime`, ordered as time is, the same in every database and several times
    cheaper to read than a text. In a shell: `datetime(created_at / 1000000, 'unixepoch')` on SQLite.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Return the number that is stored."""
        return None if value is None else microseconds_of(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Return the instant that was stored."""
        return None if value is None else time_of(value)
