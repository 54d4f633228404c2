"""`spike events`: the subscribers to domain events, and what waits for them."""

import json
from datetime import datetime

import click

from spike_cli.opening import opened
from spike_core.codec import rfc3339
from spike_core.domain.errors import InvalidValue
from spike_core.domain.event_deliveries import COUNT_MAX, SubscriberName


class SubscriberType(click.ParamType[SubscriberName]):
    """A subscriber's name."""

    name = "name"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> SubscriberName:
        """Return the name, or refuse it."""
        try:
            return SubscriberName.parse(str(value))
        except InvalidValue as error:
            self.fail(str(error), param, ctx)


@click.group()
def events() -> None:
    """Show subscribers to domain events, and manage what they don't handle."""


@events.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def list_(as_json: bool) -> None:  # noqa: FBT001  # click's
    """Print each subscriber with the events that wait for it and those that were set aside."""
    with opened(log_level="WARNING") as spike:
        backlogs, now = spike.events.backlogs(), spike.clock.now()
    if as_json:
        rows = [
            {
                "subscriber": backlog.subscriber.text,
                "waiting": backlog.waiting,
                "oldest": None if backlog.oldest_at is None else rfc3339(backlog.oldest_at),
                "setAside": backlog.set_aside,
            }
            for backlog in backlogs
        ]
        click.echo(json.dumps(rows))
        return
    if not backlogs:
        click.echo("there is no subscriber")
    for backlog in backlogs:
        waiting = f"{_number(backlog.waiting)} waiting"
        age = "" if backlog.oldest_at is None else f", the oldest for {_age(backlog.oldest_at, now)}"
        click.echo(f"{backlog.subscriber}  {waiting}{age}; {_number(backlog.set_aside)} set aside")


@events.command()
@click.argument("subscriber", metavar="NAME", type=SubscriberType())
def retry(subscriber: SubscriberName) -> None:
    """Hand over again what was set aside for a subscriber, perhaps after later events."""
    with opened(log_level="WARNING") as spike:
        number = spike.events.resume(subscriber)
    click.echo(f"{number} events will be handed to {subscriber} again")


@events.command()
@click.argument("subscriber", metavar="NAME", type=SubscriberType())
def remove(subscriber: SubscriberName) -> None:
    """Forget a subscriber that no process has any more, and delete its events."""
    with opened(log_level="WARNING") as spike:
        number = spike.events.remove(subscriber)
    click.echo(f"{subscriber} is forgotten; {number} events of it were deleted")


def _number(number: int) -> str:
    return f"{number} or more" if number == COUNT_MAX else str(number)


def _age(since: datetime, now: datetime) -> str:
    return f"{(now - since).total_seconds():.0f} s"
