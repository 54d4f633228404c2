"""`spike tokens`: wallets."""

import json

import click

from spike_cli.opening import opened
from spike_cli.owners import found_owner
from spike_cli.parameters import TokensType
from spike_core.codec import rfc3339
from spike_core.domain.limits import PAGE_SIZE_MAX
from spike_core.domain.tokens import Tokens


@click.group()
def tokens() -> None:
    """Manage wallets."""


@tokens.command()
@click.argument("owner")
@click.argument("amount", metavar="N", type=TokensType())
def grant(owner: str, amount: Tokens) -> None:
    """Add N tokens to a wallet.

    OWNER is a user's e-mail address, or the id of any owner.
    """
    with opened(log_level="WARNING") as spike:
        balance = spike.wallets.grant(found_owner(spike, owner), amount)
    click.echo(f"{owner} has {balance} tokens now")


@tokens.command()
@click.argument("owner")
@click.option("--limit", type=click.IntRange(1, PAGE_SIZE_MAX), default=20, show_default=True, help="Entries.")
@click.option("--before", type=click.IntRange(1), help="Only entries before the one with this number.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def history(owner: str, limit: int, before: int | None, as_json: bool) -> None:  # noqa: FBT001  # click's
    """Print the latest entries of a ledger, newest first.

    OWNER is a user's e-mail address, or the id of any owner.
    """
    with opened(log_level="WARNING") as spike:
        owner_id = found_owner(spike, owner)
        balance = spike.wallets.account(owner_id).wallet.balance
        page = spike.wallets.history(owner_id, before=before, limit=limit)
    facts = [
        {
            "sequence": entry.sequence,
            "createdAt": rfc3339(entry.created_at),
            "type": entry.kind.value,
            "amount": entry.amount,
            "balanceAfter": entry.balance_after.amount,
            "jobId": None if entry.job_id is None else entry.job_id.text,
            "reference": None if entry.reference is None else entry.reference.text,
            "reason": entry.reason,
        }
        for entry in page.entries
    ]
    if as_json:
        click.echo(json.dumps({"ownerId": owner_id.text, "balance": balance.amount, "entries": facts}))
        return
    click.echo(f"{owner_id} has {balance} tokens")
    for each in facts:
        about = each["jobId"] or each["reference"] or "-"
        click.echo(
            f"{each['sequence']:>6}  {each['createdAt']}  {each['type']:<18} {each['amount']:>+9}"
            f"  leaves {each['balanceAfter']:<9} {about}  {each['reason']}"
        )
