"""Parameter types that parse arguments into domain values; an invalid argument is a usage error."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import click
from attrs import frozen

from spike_core.domain.accounts import Email
from spike_core.domain.api_keys import ApiKeyName
from spike_core.domain.errors import InvalidIdentifier, InvalidValue
from spike_core.domain.identifiers import ApiKeyId
from spike_core.domain.tokens import Tokens

LIMIT_MAX: Final = 1_000_000_000  # jobs, images or megabytes


class EmailType(click.ParamType[Email]):
    """An e-mail address."""

    name = "email"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Email:
        """Parse the address."""
        try:
            return value if isinstance(value, Email) else Email.parse(value)
        except InvalidValue as error:
            self.fail(str(error), param, ctx)


class TokensType(click.ParamType[Tokens]):
    """A whole number of tokens, zero or more."""

    name = "tokens"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Tokens:
        """Parse the number."""
        try:
            return value if isinstance(value, Tokens) else Tokens(int(value))
        except (InvalidValue, ValueError):
            self.fail(f"{value!r} is not a whole number of tokens, zero or more", param, ctx)


@frozen
class Limit:
    """A limit of a user's own; `None` stands for the one of the settings."""

    number: int | None


class LimitType(click.ParamType[Limit]):
    """A whole number, zero or more, or `default`."""

    name = "n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Limit:
        """Parse the number."""
        if isinstance(value, Limit):
            return value
        if value == "default":
            return Limit(None)
        if not (value.isascii() and value.isdecimal()) or int(value) > LIMIT_MAX:
            self.fail(f"{value!r} is neither a whole number up to {LIMIT_MAX} nor default", param, ctx)
        return Limit(int(value))


class ApiKeyNameType(click.ParamType[ApiKeyName]):
    """The name of an API key."""

    name = "key name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ApiKeyName:
        """Parse the name."""
        try:
            return value if isinstance(value, ApiKeyName) else ApiKeyName.parse(value)
        except InvalidValue as error:
            self.fail(str(error), param, ctx)


class ApiKeyIdType(click.ParamType[ApiKeyId]):
    """The id of an API key; not the key itself."""

    name = "key id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> ApiKeyId:
        """Parse the id."""
        try:
            return value if isinstance(value, ApiKeyId) else ApiKeyId.parse(value)
        except InvalidIdentifier:
            self.fail("an id looks like key_… and 24 characters; `spike keys list` shows them", param, ctx)


class TimeType(click.ParamType[datetime]):
    """A time with its zone, or a date, which means its beginning in UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse the time."""
        if isinstance(value, datetime):
            return value
        with suppress(ValueError, OverflowError):
            time = datetime.fromisoformat(value)
            is_date = "T" not in value and ":" not in value
            if is_date or time.tzinfo is not None:
                return (time.replace(tzinfo=UTC) if is_date else time).astimezone(UTC)
        return self.fail(
            f"{value!r} is neither a date nor a time with its zone, such as 2026-12-31T00:00:00Z", param, ctx
        )
