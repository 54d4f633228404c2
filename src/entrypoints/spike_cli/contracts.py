"""`spike contracts`: whether an installed adapter keeps its port's laws."""

import pickle
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

import click
from attrs import frozen

from spike_runtime import Settings, WrongSettings, load_settings
from spike_runtime.adapter_options import AdapterOptions
from spike_runtime.plugins import load_adapter

_NEEDED: Final = ("pytest", "hypothesis")
_BY_URL: Final = ("storage", "database", "broker", "limiter")  # roles whose adapters are chosen by a URL


class NotRunnable(click.ClickException):
    """The suites can't be run; the message says why."""

    exit_code = 2


@frozen
class _Opening:
    """How the factory is called: a URL without options, and the arguments beside those of its role."""

    url: str
    arguments: Mapping[str, Any]


@click.command()
@click.argument("name")
@click.argument("url", required=False, default="")
@click.option("--lost-url", default="", help="A URL at which nothing answers, for the laws about outages.")
def contracts(name: str, url: str, lost_url: str) -> None:
    """Run the contract suites against an installed adapter, such as storage.file; exit 1 if it breaks a law.

    Options of the adapter come from the settings and from the URLs' queries, as when Spike starts.
    The suites delete what is at URL. By default an adapter of files works in a temporary folder.
    """
    missing = [module for module in _NEEDED if find_spec(module) is None]
    if missing:
        raise click.ClickException(f'{missing[0]} isn\'t installed: pip install "spike-core[contracts]"')
    try:
        settings = load_settings()
        at = _opening(settings, name, url)
        lost = _opening(settings, name, lost_url) if lost_url else _Opening("", at.arguments)
    except WrongSettings as error:
        raise NotRunnable(str(error)) from error
    try:
        arguments = pickle.dumps((at.arguments, lost.arguments))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise NotRunnable(f"{name}: its options can't be pickled for the process of the suites: {error}") from error
    # another process, since only tests import the suites, which change how Python compiles assertions
    command = [sys.executable, "-m", "spike_contracts", name, *([at.url] if url else []), f"--lost-url={lost.url}"]
    ran = subprocess.run([*command, "--pickled-arguments"], input=arguments, check=False)  # noqa: S603  # our own module
    sys.exit(ran.returncode)


def _opening(settings: Settings, name: str, url: str) -> _Opening:
    """Return how to open an adapter at a URL, with its options.

    Raises:
        WrongSettings: no such adapter is installed, or it can't be used with this Spike, or an option is wrong.
    """
    role, _, adapter = name.partition(".")
    open_ = load_adapter(role, adapter, setting=name)
    options = AdapterOptions.of(settings)
    if role in _BY_URL:
        arguments, url = options.arguments_and_url(open_, adapter, url)
        return _Opening(url, arguments)
    arguments = options.arguments(open_, adapter)
    if role == "generator":
        arguments = {"api_key": settings.generator_api_key, "model": settings.generator_model, **arguments}
    return _Opening(url, arguments)
