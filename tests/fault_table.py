"""The table of `make faults`: each fault, the seconds until recovery, and the losses.

Each row is computed by `trial.FaultScenario.reckon` in the process of its test, and sent here with the test's report.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest
from attrs import asdict, fields_dict

from fault_scenario import Reckoning

OPTION: Final = "--fault-table"
PROPERTY: Final = "fault"
_HEAD: Final = ("injected", "accepted", "delivered", "given back", "recovered", "by default", "lost")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that prints the table."""
    parser.addoption(OPTION, action="store_true", help="print the outcome of each fault")


def note(item: pytest.Item, reckonings: Sequence[Reckoning]) -> None:
    """Send the rows of a test along with its report."""
    item.user_properties += [(PROPERTY, asdict(reckoning)) for reckoning in reckonings]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table if the option is given."""
    rows = list(_rows(terminalreporter.stats))
    if not rows or not config.getoption(OPTION):
        return
    terminalreporter.section("faults")
    for line in (*_table(rows), "", _sum(rows)):
        terminalreporter.write_line(line)


def _rows(stats: Mapping[str, Sequence[Any]]) -> Iterator[Reckoning]:
    """Yield the rows of tests that passed and of those that failed, in the order of the files."""
    reports = [report for reports in stats.values() for report in reports]
    ends = [report for report in reports if getattr(report, "when", "") == "teardown"]  # where `reckon` runs
    for report in sorted(ends, key=lambda report: report.location[:2]):
        for name, value in report.user_properties:
            if name == PROPERTY:
                yield Reckoning(**{key: value[key] for key in fields_dict(Reckoning)})


def _table(rows: Sequence[Reckoning]) -> Iterator[str]:
    cells = [_HEAD, *(_cells(row) for row in rows)]
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
