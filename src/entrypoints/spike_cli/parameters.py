"""Parameter types: what is typed, parsed into domain values. What can't be parsed is wrong usage."""

from typing import Any

import click

from spike_core.domain.accounts import Email
from spike_core.domain.errors import InvalidValue
from spike_core.domain.tokens import Tokens


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
