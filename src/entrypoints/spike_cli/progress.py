"""The progress bar of `spike enhance`: progress, rate and remaining time. Without a terminal there is no bar."""

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
    """Reports the progress of the pictures to the user."""

    def begin(self, name: str) -> None:
        """Start the next picture."""

    def report(self, done: float) -> None:
        """Report the progress of this picture, from 0 to 1; called by the engine as its `ProgressMonitor`."""

    def end(self) -> None:
        """Finish this picture, whether it succeeded or failed."""

    def tell(self, line: str) -> None:
        """Print a line of the result."""

    def complain(self, line: str) -> None:
        """Print an error."""

    def note(self, line: str) -> None:
        """Print what the user should know meanwhile, on standard error."""


@contextmanager
def reporting(*, total: int) -> Iterator[Reporter]:
    """Report on `total` pictures, by a bar on standard error if that is a terminal."""
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
    """Prints results and errors without a bar."""

    def begin(self, name: str) -> None:
        """Print nothing."""

    def report(self, done: float) -> None:
        """Print nothing."""

    def end(self) -> None:
        """Print nothing."""

    def tell(self, line: str) -> None:
        """Print to standard output."""
        click.echo(line)

    def complain(self, line: str) -> None:
        """Print to standard error."""
        click.echo(line, err=True)

    def note(self, line: str) -> None:
        """Print to standard error."""
        click.echo(line, err=True)


class _Bar:
    """Updates a progress bar and prints lines above it."""

    def __init__(self, bar: Progress, task: TaskID, total: int) -> None:
        self._bar, self._task, self._total = bar, task, total
        self._ended = 0

    def begin(self, name: str) -> None:
        """Show the picture's name in front of the bar."""
        self._bar.update(self._task, description=escape(name))

    def report(self, done: float) -> None:
        """Update the bar."""
        self._bar.update(self._task, completed=self._ended + min(max(done, 0.0), 1.0))

    def end(self) -> None:
        """Count the picture as finished."""
        self._ended += 1
        self._bar.update(self._task, completed=self._ended)

    def tell(self, line: str) -> None:
        """Print above the bar if standard output is the same terminal, else to standard output."""
        if Console().is_terminal:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(line)

    def complain(self, line: str) -> None:
        """Print above the bar."""
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True, style="red")

    def note(self, line: str) -> None:
        """Print above the bar."""
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Rate(ProgressColumn):
    """The rate, in pictures a second or a minute."""

    def render(self, task: Task) -> Text:
        """Return the rate, or an empty text while it is unknown."""
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        if speed >= 1:
            return Text(f"{speed:.1f}/s")
        return Text(f"{speed * _MINUTE_S:.1f}/min")
