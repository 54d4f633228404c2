"""The tables of `make faults`: each fault, the seconds until recovery, and the losses; each abuse, and what it delays.

Each row is computed in the process of its test, by `FaultScenario.reckon` or `Abused.measure`, and sent here with the
test's report.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest
from attrs import asdict, fields_dict

from abuse import HEALTH_S_MAX, JOB_S_MAX, Nuisance
from fault_scenario import Reckoning

OPTION: Final = "--fault-table"
PROPERTY: Final = "fault"
ABUSE: Final = "abuse"
_HEAD: Final = ("injected", "accepted", "delivered", "given back", "recovered", "by default", "lost")
_ABUSE_HEAD: Final = (
    "abuse",
    f"/healthz (target {HEALTH_S_MAX:g} s)",
    "a GET of another user",
    f"a paid 1K job of another user (target {JOB_S_MAX:g} s)",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that prints the table."""
    parser.addoption(OPTION, action="store_true", help="print the outcome of each fault")


def note(item: pytest.Item, reckonings: Sequence[Reckoning]) -> None:
    """Send the rows of a test along with its report."""
    item.user_properties += [(PROPERTY, asdict(reckoning)) for reckoning in reckonings]


def note_abuse(item: pytest.Item, nuisance: Nuisance) -> None:
    """Send the row of an abuse along with its test's report."""
    item.user_properties.append((ABUSE, asdict(nuisance)))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the tables that have rows, if the option is given."""
    if not config.getoption(OPTION):
        return
    stats = terminalreporter.stats
    rows = [Reckoning(**_fields(Reckoning, value)) for value in _values(stats, PROPERTY)]
    abuses = [Nuisance(**_fields(Nuisance, value)) for value in _values(stats, ABUSE)]
    if rows:
        terminalreporter.section("faults")
        for line in (*_table([_HEAD, *map(_cells, rows)]), "", _sum(rows)):
            terminalreporter.write_line(line)
    if abuses:
        terminalreporter.section("abuse")
        for line in _table([_ABUSE_HEAD, *map(_abuse_cells, abuses)]):
            terminalreporter.write_line(line)


def _values(stats: Mapping[str, Sequence[Any]], wanted: str) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of tests that passed and of those that failed, in the order of the files."""
    reports = [report for reports in stats.values() for report in reports]
    ends = [report for report in reports if getattr(report, "when", "") == "teardown"]  # where `reckon` runs
    for report in sorted(ends, key=lambda report: report.location[:2]):
        yield from (value for name, value in report.user_properties if name == wanted)


def _fields(kind: type[Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value[key] for key in fields_dict(kind)}


def _table(cells: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for number, line in enumerate(cells):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _cells(row: Reckoning) -> tuple[str, ...]:
    recovered = "never" if row.recovered_s is None else f"{row.recovered_s:.1f} s"
    by_default = f"at most {row.default_s:.0f} s" if row.default_s else "at once"
    counts = (str(row.accepted), str(row.delivered), str(row.given_back))
    return row.injected, *counts, recovered, by_default, _lost(row)


def _abuse_cells(row: Nuisance) -> tuple[str, ...]:
    return row.abuse, f"{row.health_s:.2f} s", f"{row.read_s:.2f} s", f"{row.job_s:.1f} s"


def _lost(row: Reckoning) -> str:
    kinds = {
        "jobs": row.lost_jobs,
        "requests": row.lost_requests,
        "tokens": row.lost_tokens,
        "audit findings": row.findings,
    }
    return ", ".join(f"{number} {name}" for name, number in kinds.items() if number) or "0"


def _sum(rows: Sequence[Reckoning]) -> str:
    accepted, lost = sum(row.accepted for row in rows), sum(row.lost for row in rows)
    return f"{len(rows)} faults, {accepted} jobs accepted, lost: {lost}"
