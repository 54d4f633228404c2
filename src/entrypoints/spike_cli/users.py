"""`spike users`: accounts."""

import json

import click
from attrs import evolve

from spike_cli.banner import sign_in_link
from spike_cli.opening import opened
from spike_cli.owners import found_owner
from spike_cli.parameters import EmailType, Limit, LimitType, TokensType
from spike_cli.serve import DEFAULT_PORT
from spike_core.codec import rfc3339
from spike_core.domain.accounts import Email
from spike_core.domain.tokens import Tokens
from spike_runtime.settings import MEGABYTE


@click.group()
def users() -> None:
    """Manage accounts."""


@users.command()
@click.argument("email", type=EmailType())
@click.option("--tokens", type=TokensType(), help="The opening balance. Default: SPIKE_OPENING_GRANT.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create(email: Email, tokens: Tokens | None, as_json: bool) -> None:  # noqa: FBT001  # click's
    """Create a user, and print the session token and the API key, which are never shown again."""
    with opened(log_level="WARNING") as spike:
        registered = spike.accounts.registration.register(email, tokens=tokens)
    facts = {
        "userId": str(registered.user.id),
        "sessionToken": registered.session_token.text,
        "apiKey": registered.api_key.text,
        "balance": registered.balance.amount,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {value}")


@users.command()
@click.argument("email", type=EmailType())
@click.option("--url", help="URL of the service. Default: SPIKE_PUBLIC_URL, or http://localhost:3000.")
def link(email: Email, url: str | None) -> None:
    """Print a link that signs a browser in, valid for 30 days."""
    with opened(log_level="WARNING") as spike:
        session = spike.accounts.sessions.open(spike.accounts.api_keys.holder(email))
        base_url = url or spike.settings.public_url or f"http://localhost:{DEFAULT_PORT}"
    click.echo(sign_in_link(base_url.rstrip("/"), session.token))


@users.command("sign-out")
@click.argument("email", type=EmailType())
def sign_out(email: Email) -> None:
    """End all sessions of the user with this address, with unused sign-in links. API keys stay valid."""
    with opened(log_level="WARNING") as spike:
        ended = spike.accounts.sessions.close_all(spike.accounts.api_keys.holder(email))
    click.echo(f"{email} is signed out everywhere: {ended} {'session' if ended == 1 else 'sessions'} ended")


@users.command()
@click.argument("email", type=EmailType())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sessions(email: Email, as_json: bool) -> None:  # noqa: FBT001  # click's
    """List where the user with this address is signed in, newest first; the last use to within ten minutes."""
    with opened(log_level="WARNING") as spike:
        found = spike.accounts.sessions.of(spike.accounts.api_keys.holder(email))
    facts = [
        {
            "createdAt": rfc3339(session.created_at),
            "lastUsedAt": rfc3339(session.last_used_at),
            "expiresAt": rfc3339(session.expires_at),
        }
        for session in found
    ]
    if as_json:
        click.echo(json.dumps({"sessions": facts}))
        return
    for each in facts:
        click.echo(f"opened {each['createdAt']}  last used {each['lastUsedAt']}  expires {each['expiresAt']}")


@users.command()
@click.argument("owner")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show(owner: str, as_json: bool) -> None:  # noqa: FBT001  # click's
    """Print what an owner uses, and the limits.

    OWNER is a user's e-mail address, or the id of any owner.
    """
    with opened(log_level="WARNING") as spike:
        owner_id = found_owner(spike, owner)
        found = spike.budgets.of(owner_id)
        balance = spike.wallets.account(owner_id).wallet.balance
    amounts = {
        "freeJobs": (found.usage.free_jobs, found.budget.free_jobs),
        "paidJobs": (found.usage.paid_jobs, found.budget.paid_jobs),
        "images": (found.usage.images, found.budget.images),
        "storedBytes": (found.usage.stored_bytes, found.budget.stored_bytes),
        "processorSeconds": (
            round(found.processor_time.total_seconds()),
            round(found.processor_time_max.total_seconds()),
        ),
        "sessions": (found.sessions, found.sessions_max),
    }
    facts = {"userId": str(owner_id), "balance": balance.amount, "parkedTokens": found.parked.amount}
    if as_json:
        shown = {name: {"used": used, "limit": limit} for name, (used, limit) in amounts.items()}
        click.echo(json.dumps({**facts, **shown}))
        return
    width = max(map(len, amounts))
    for name, value in facts.items():
        click.echo(f"{name:<{width}}  {value}")
    for name, (used, limit) in amounts.items():
        click.echo(f"{name:<{width}}  {used} of {limit}")


@users.command()
@click.argument("owner")
@click.option("--free-jobs", type=LimitType(), help="Open jobs at the FREE tier.")
@click.option("--paid-jobs", type=LimitType(), help="Other open jobs.")
@click.option("--images", type=LimitType(), help="Images.")
@click.option("--storage-mb", type=LimitType(), help="Stored megabytes.")
def limits(owner: str, **changes: Limit | None) -> None:
    """Change an owner's limits.

    OWNER is a user's e-mail address, or the id of any owner. N is a number, or "default" for the one of the settings.
    Limits that aren't named stay. What exceeds a lower limit stays too, but nothing more is accepted.
    """
    if not any(changes.values()):
        raise click.UsageError("name at least one limit")
    with opened(log_level="WARNING") as spike:
        owner_id = found_owner(spike, owner)
        overrides = spike.budgets.of(owner_id).overrides
        storage = changes.pop("storage_mb")
        named = {name: limit.number for name, limit in changes.items() if limit is not None}
        if storage is not None:
            named["stored_bytes"] = None if storage.number is None else storage.number * MEGABYTE
        spike.budgets.limit(owner_id, evolve(overrides, **named))
