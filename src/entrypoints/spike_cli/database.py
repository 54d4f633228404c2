"""`spike migrate` and `spike audit`: commands on the stored data."""

import json
import sys
from collections.abc import Mapping

import click

from spike_cli.opening import opened
from spike_core.services.audit_run import AuditCoverage


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date. `spike serve` does so automatically."""
    with opened(log_level="WARNING"):
        click.echo("the database is up to date")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--deep", is_flag=True, help="Read all objects and compare them with their SHA-256.")
def audit(as_json: bool, deep: bool) -> None:  # noqa: FBT001  # click's
    """Check stored rows and objects; print everything that is wrong and exit 1 if anything is. Writes nothing."""
    kept: list[Mapping[str, str]] = []
    found, coverage = 0, AuditCoverage()
    with opened(log_level="WARNING") as spike:
        for finding in spike.maintenance.audit.findings(deep=deep, coverage=coverage):
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
        counts = {"compared": coverage.compared, "uncompared": coverage.uncompared} if deep else {}
        click.echo(json.dumps({"ok": not found, "findings": kept, **counts}))
    else:
        _echo_coverage(coverage, deep=deep)
        if not found:
            click.echo("every invariant holds")
    sys.exit(1 if found else 0)


def _echo_coverage(coverage: AuditCoverage, *, deep: bool) -> None:
    """Print what couldn't be compared."""
    if deep:
        click.echo(f"{coverage.compared} objects were compared with their SHA-256")
        click.echo(f"{coverage.uncompared} objects couldn't be compared: an older release stored no SHA-256 of them")
    if coverage.unchained:
        click.echo(f"{coverage.unchained} ledger entries have no hash yet: an older release wrote them")
