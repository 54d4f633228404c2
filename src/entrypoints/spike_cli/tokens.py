"""`spike tokens`: wallets."""

import click

from spike_cli.opening import opened
from spike_cli.parameters import EmailType, TokensType
from spike_core.domain.accounts import Email
from spike_core.domain.tokens import Tokens


@click.group()
def tokens() -> None:
    """Manage wallets."""


@tokens.command()
@click.argument("email", type=EmailType())
@click.argument("amount", metavar="N", type=TokensType())
def grant(email: Email, amount: Tokens) -> None:
    """Add N tokens to the wallet of the user with this address."""
    with opened(log_level="WARNING") as spike:
        balance = spike.wallets.grant(email, amount)
    click.echo(f"{email} has {balance} tokens now")
