"""`spike migrate` and `spike audit`: commands on the stored data."""

import json
import sys
from collections.abc import Mapping

import click

from spike_cli.opening import opened


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date. `spike serve` does so automatically."""
    with opened(log_level="WARNING"):
        click.echo("the database is up to date")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def audit(as_json: bool) -> None:  # noqa: FBT001  # click's
    """Check the invariants of wallets, jobs and objects on the stored data; print violations and exit 1 if any."""
    kept: list[Mapping[str, str]] = []
    found = 0
    with opened(log_level="WARNING") as spike:
        for finding in spike.maintenance.audit.findings():
            found += 1
            if as_json:
                kept.append(
                    {
                        "invariant": finding.invariant,
                        "check": finding.check.value,
                        "subject": finding.subject,
                        "message": finding.message,
                    }
                )
            else:
                click.echo(f"{finding.invariant}  {finding.subject}  {finding.message}")
    if as_json:
        click.echo(json.dumps({"ok": not found, "findings": kept}))
    elif not found:
        click.echo("every invariant holds")
    sys.exit(1 if found else 0)
