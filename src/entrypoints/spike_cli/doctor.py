"""`spike doctor`: check that each configured component works."""

import json
import sys

import attrs
import click

from spike_cli.banner import sample_picture
from spike_cli.diagnostics import CheckResult, run_diagnostics
from spike_runtime import build, load_settings
from spike_runtime.data_folder import keep_files_private
from spike_runtime.isolation import hide_process
from spike_runtime.logs import configure_logging


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(as_json: bool) -> None:  # noqa: FBT001  # click's
    """Use each configured component once and report problems with their remedies; exit 1 unless all are warnings."""
    keep_files_private()
    settings = load_settings()
    configure_logging(level="CRITICAL", form=settings.log_format)  # problems are printed, not logged
    spike = build(settings)
    hide_process()
    checked: list[CheckResult] = []
    try:
        for each in run_diagnostics(spike, sample=sample_picture()):
            checked.append(each)
            if not as_json:
                click.echo(_line(each))
    finally:
        spike.close()
    is_well = all(each.is_well or each.is_warning for each in checked)
    if as_json:
        click.echo(json.dumps({"ok": is_well, "checks": [attrs.asdict(each) for each in checked]}))
    sys.exit(0 if is_well else 1)


def _line(checked: CheckResult) -> str:
    if checked.is_well:
        return f"ok    {checked.part}"
    word = "warn" if checked.is_warning else "FAIL"
    return f"{word}  {checked.part}: {checked.trouble}\n      {checked.setting}: {checked.remedy}"
