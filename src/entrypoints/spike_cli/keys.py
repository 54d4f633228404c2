"""`spike keys`: API keys."""

import json

import click

from spike_cli.opening import opened
from spike_cli.parameters import ApiKeyIdType, ApiKeyNameType, EmailType
from spike_core.codec import rfc3339
from spike_core.domain.accounts import Email
from spike_core.domain.api_keys import ApiKey, ApiKeyName
from spike_core.domain.identifiers import ApiKeyId


@click.group()
def keys() -> None:
    """Manage API keys."""


@keys.command()
@click.argument("email", type=EmailType())
@click.argument("name", type=ApiKeyNameType())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def create(email: Email, name: ApiKeyName, as_json: bool) -> None:  # noqa: FBT001  # click's
    """Create an API key for the user with this address, and print it; it is never shown again."""
    with opened(log_level="WARNING") as spike:
        new = spike.accounts.api_keys.create(spike.accounts.api_keys.holder(email), name)
    facts = {
        "id": new.key.id.text,
        "name": new.key.name.text,
        "keyPrefix": new.key.shown,
        "createdAt": rfc3339(new.key.created_at),
        "key": new.secret.text,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    width = max(map(len, facts))
    for label, value in facts.items():
        click.echo(f"{label:<{width}}  {value}")


@keys.command("list")
@click.argument("email", type=EmailType())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_(email: Email, as_json: bool) -> None:  # noqa: FBT001  # click's
    """List the API keys of the user with this address, newest first, without their secrets."""
    with opened(log_level="WARNING") as spike:
        found = spike.accounts.api_keys.of(spike.accounts.api_keys.holder(email))
    if as_json:
        click.echo(json.dumps({"apiKeys": [_facts(key) for key in found]}))
        return
    for key in found:
        state = "active" if key.revoked_at is None else f"revoked {rfc3339(key.revoked_at)}"
        click.echo(f"{key.id}  {key.shown}…  {rfc3339(key.created_at)}  {key.name}  ({state})")


@keys.command()
@click.argument("email", type=EmailType())
@click.argument("key_id", type=ApiKeyIdType())
def revoke(email: Email, key_id: ApiKeyId) -> None:
    """Revoke an API key of the user with this address, permanently."""
    with opened(log_level="WARNING") as spike:
        revoked = spike.accounts.api_keys.revoke(spike.accounts.api_keys.holder(email), key_id)
    click.echo(f"{revoked.id} ({revoked.name}) is revoked")


def _facts(key: ApiKey) -> dict[str, object]:
    """Return the key's fields as the REST API does."""
    return {
        "id": key.id.text,
        "name": key.name.text,
        "keyPrefix": key.shown,
        "createdAt": rfc3339(key.created_at),
        "revokedAt": None if key.revoked_at is None else rfc3339(key.revoked_at),
        "isActive": key.is_active,
    }
