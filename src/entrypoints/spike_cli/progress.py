"""The progress bar of `spike enhance`: how far, how fast, how long still. Without a terminal it is quiet."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import click
from attrs import frozen
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

_MINUTE_S: Final = 60


class Reporter(Protocol):
    """Hears how the pictures get on, and tells whoever waits for them."""

    def begin(self, name: str) -> None:
        """Say which picture is next."""

    def report(self, done: float) -> None:
        """Say how much of this picture is done, from 0 to 1; what an engine's watch does."""

    def end(self) -> None:
        """Say that this picture is done, or has failed."""

    def tell(self, line: str) -> None:
        """Print a line of the answer."""

    def complain(self, line: str) -> None:
        """Print what went wrong."""


@contextmanager
def reporting(*, total: int) -> Iterator[Reporter]:
    """Report on so many pictures: by a bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Plain()
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.completed:.1f}/{task.total:.0f}"),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        expand=True,
    )
    with bar:
        yield _Bar(bar, bar.add_task("", total=total), total)


@frozen
class _Plain:
    """Prints lines and nothing else."""

    def begin(self, name: str) -> None:
        """Stay quiet."""

    def report(self, done: float) -> None:
        """Stay quiet."""

    def end(self) -> None:
        """Stay quiet."""

    def tell(self, line: str) -> None:
        """Print to standard output, so that others can script against it."""
        click.echo(line)

    def complain(self, line: str) -> None:
        """Print to standard error."""
        click.echo(line, err=True)


class _Bar:
    """Moves a bar, and prints lines above it."""

    def __init__(self, bar: Progress, task: TaskID, total: int) -> None:
        self._bar, self._task, self._total = bar, task, total
        self._ended = 0

    def begin(self, name: str) -> None:
        """Name the picture in front of the bar."""
        self._bar.update(self._task, description=escape(name))

    def report(self, done: float) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=self._ended + min(max(done, 0.0), 1.0))

    def end(self) -> None:
        """Move the bar to the next whole picture."""
        self._ended += 1
        self._bar.update(self._task, completed=self._ended)

    def tell(self, line: str) -> None:
        """Print above the bar where both are one terminal, else to standard output."""
        if Console().is_terminal:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(line)

    def complain(self, line: str) -> None:
        """Print above the bar."""
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True, style="red")


class _Rate(ProgressColumn):
    """How many pictures a second or a minute are done."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing while there is none."""
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        if speed >= 1:
            return Text(f"{speed:.1f}/s")
        return Text(f"{speed * _MINUTE_S:.1f}/min")
