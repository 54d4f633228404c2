"""The `spike` command and its exit codes: 0 success, 1 failure, 2 invalid usage."""

import sys
from typing import Final

import click

from spike_cli.contracts import contracts
from spike_cli.database import audit, migrate
from spike_cli.doctor import doctor
from spike_cli.enhance import enhance
from spike_cli.events import events
from spike_cli.keys import keys
from spike_cli.mcp import mcp
from spike_cli.serve import serve
from spike_cli.tokens import tokens
from spike_cli.users import users
from spike_cli.worker import worker
from spike_core.domain.errors import SpikeError
from spike_runtime import WrongSettings

FAILED: Final = 1


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="spike-core", prog_name="spike")
def spike() -> None:
    """Enhance pictures in exchange for tokens: run the service and administer it.

    Settings come from the environment (SPIKE_…) and from the TOML file that SPIKE_CONFIG names.
    """


spike.add_command(serve)
spike.add_command(worker)
spike.add_command(users)
spike.add_command(tokens)
spike.add_command(keys)
spike.add_command(events)
spike.add_command(migrate)
spike.add_command(audit)
spike.add_command(doctor)
spike.add_command(enhance)
spike.add_command(mcp)
spike.add_command(contracts)


def main() -> None:
    """Run the command; an expected error is printed as one line on standard error."""
    try:
        spike()
    except (SpikeError, WrongSettings) as error:
        print(f"spike: {error}", file=sys.stderr)
        sys.exit(FAILED)
