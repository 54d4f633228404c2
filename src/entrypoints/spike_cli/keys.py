"""`spike keys`: API keys."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from spike_cli.opening import opened
from spike_cli.parameters import ApiKeyIdType, ApiKeyNameType, EmailType, TimeType, TokensType
from spike_core.codec import rfc3339
from spike_core.domain.accounts import Email
from spike_core.domain.api_keys import ALL_SCOPES, ApiKey, ApiKeyName, ApiKeyRules, Scope, parse_scopes
from spike_core.domain.identifiers import ApiKeyId
from spike_core.domain.tokens import Tokens


@click.group()
def keys() -> None:
    """Manage API keys."""


@keys.command()
@click.argument("email", type=EmailType())
@click.argument("name", type=ApiKeyNameType())
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    help="What the key may be used for; may be repeated. Default: all.",
)
@click.option(
    "--expires", type=TimeType(), help="When the key expires: a date, or a time with its zone. Default: never."
)
@click.option("--monthly-limit", type=TokensType(), help="The most tokens it may spend in a month. Default: no limit.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create(  # noqa: PLR0917  # click passes names
    email: Email,
    name: ApiKeyName,
    scopes: Sequence[str],
    expires: datetime | None,
    monthly_limit: Tokens | None,
    as_json: bool,  # noqa: FBT001  # click's
) -> None:
    """Create an API key for the user with this address, and print it; it is never shown again."""
    rules = ApiKeyRules(
        scopes=parse_scopes(scopes) if scopes else ALL_SCOPES, expires_at=expires, monthly_limit=monthly_limit
    )
    with opened(log_level="WARNING") as spike:
        new = spike.accounts.api_keys.create(spike.accounts.api_keys.holder(email), name, rules)
    facts = {
        "id": new.key.id.text,
        "name": new.key.name.text,
        "keyPrefix": new.key.shown,
        "createdAt": rfc3339(new.key.created_at),
        **_rules(new.key),
        "key": new.secret.text,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    width = max(map(len, facts))
    for label, value in facts.items():
        click.echo(f"{label:<{width}}  {_text(value)}")


@keys.command("list")
@click.argument("email", type=EmailType())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(email: Email, as_json: bool) -> None:  # noqa: FBT001  # click's
    """List the API keys of the user with this address, newest first, without their secrets."""
    with opened(log_level="WARNING") as spike:
        found = spike.accounts.api_keys.of(spike.accounts.api_keys.holder(email))
        spent = spike.accounts.api_key_limits.spent(found)
        now = spike.clock.now()
    if as_json:
        click.echo(json.dumps({"apiKeys": [_facts(key, spent=spent.get(key.id), now=now) for key in found]}))
        return
    for key in found:
        facts = [_state(key, now=now), *_described_rules(key, spent=spent.get(key.id))]
        click.echo(f"{key.id}  {key.shown}…  {rfc3339(key.created_at)}  {key.name}  ({'; '.join(facts)})")


@keys.command()
@click.argument("email", type=EmailType())
@click.argument("key_id", type=ApiKeyIdType())
def revoke(email: Email, key_id: ApiKeyId) -> None:
    """Revoke an API key of the user with this address, permanently."""
    with opened(log_level="WARNING") as spike:
        revoked = spike.accounts.api_keys.revoke(spike.accounts.api_keys.holder(email), key_id)
    click.echo(f"{revoked.id} ({revoked.name}) is revoked")


def _facts(key: ApiKey, *, spent: Tokens | None, now: datetime) -> dict[str, object]:
    """Return the key's fields as the REST API does."""
    return {
        "id": key.id.text,
        "name": key.name.text,
        "keyPrefix": key.shown,
        "createdAt": rfc3339(key.created_at),
        "revokedAt": None if key.revoked_at is None else rfc3339(key.revoked_at),
        "isActive": key.is_active(now=now),
        **_rules(key),
        "spentThisMonth": None if spent is None else spent.amount,
    }


def _rules(key: ApiKey) -> dict[str, object]:
    return {
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "expiresAt": None if key.expires_at is None else rfc3339(key.expires_at),
        "monthlyLimit": None if key.monthly_limit is None else key.monthly_limit.amount,
    }


def _state(key: ApiKey, *, now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {rfc3339(key.revoked_at)}"
    return "active" if key.is_active(now=now) else "expired"


def _described_rules(key: ApiKey, *, spent: Tokens | None) -> Iterator[str]:
    if key.scopes != ALL_SCOPES:
        yield "scopes " + ", ".join(scope.value for scope in Scope if scope in key.scopes)
    if key.expires_at is not None:
        yield f"expires {rfc3339(key.expires_at)}"
    if spent is not None:
        yield f"{spent} of {key.monthly_limit} tokens spent this month"


def _text(value: object) -> str:
    match value:
        case list():
            return ", ".join(value)
        case None:
            return "-"
        case _:
            return str(value)
