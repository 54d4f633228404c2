"""`docs/reference/events.md` documents every message, ledger entry, outcome and log line, and nothing else."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from typing import Final, get_args

import attrs

from documents import PROJECT
from spike_core import event_document
from spike_core.codec import event_from_json
from spike_core.domain import events, outbox
from spike_core.domain.ledger import SPEND_KINDS, EntryKind
from spike_core.services.job_runner import JobOutcome

PAGE: Final = (PROJECT / "docs/reference/events.md").read_text(encoding="utf-8")
FACT: Final = re.compile(r"^\| (?:`(\w+)`)? ?\| `(\w+)` \| .+ \|$", re.MULTILINE)
KIND: Final = re.compile(r"^\| `([A-Z_]+)` \| ([+−]) \| .+ \|$", re.MULTILINE)
OUTCOME: Final = re.compile(r"^\| `(\w+)` \| .+ \|$", re.MULTILINE)
LINE: Final = re.compile(r"^\| `(.+?)` \| ([\w, ]+) \| (.*?) ?\| .+ \|$", re.MULTILINE)
LEVELS: Final[Mapping[str, str]] = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "error": "error",
    "exception": "error",
    "critical": "critical",
}
ERROR_ITSELF: Final = "exc_info"  # which becomes the traceback, not a field


def section(heading: str) -> str:
    _, found, rest = PAGE.partition(f"\n## {heading}\n")
    assert found, heading
    return rest.partition("\n## ")[0]


def logged() -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield event, level and fields of each line that the entrypoints can log."""
    for file in sorted((PROJECT / "src/entrypoints").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=level), args=[ast.Constant(value=str(event))]) if level in LEVELS:
                    yield event, LEVELS[level], frozenset(str(word.arg) for word in node.keywords) - {ERROR_ITSELF}


def test_every_fact_is_documented_with_its_fields_and_none_else() -> None:
    documented: dict[str, list[str]] = {}
    name = ""
    for fact, field in FACT.findall(section("Outbox messages")):
        name = fact or name
        documented.setdefault(name, []).append(field)
    classes = [kind for kind in vars(outbox).values() if isinstance(kind, type) and kind.__module__ == outbox.__name__]
    assert documented == {kind.__name__: [field.name for field in attrs.fields(kind)] for kind in classes}


def test_every_kind_of_movement_is_documented_with_its_sign_and_none_else() -> None:
    documented = KIND.findall(section("Ledger entries"))
    assert dict(documented) == {kind.value: "−" if kind in SPEND_KINDS else "+" for kind in EntryKind}
    assert len(documented) == len(EntryKind)


def test_every_end_of_an_attempt_is_documented_and_none_else() -> None:
    assert OUTCOME.findall(section("Outcomes of attempts")) == [outcome.value for outcome in JobOutcome]


def test_every_line_that_the_entrypoints_log_is_documented_with_level_and_fields_and_none_else() -> None:
    actual: dict[str, tuple[set[str], set[str]]] = {}
    for event, level, fields in logged():
        levels, names = actual.setdefault(event, (set(), set()))
        levels.add(level)
        names.update(fields)
    documented = {
        event: (set(levels.split(", ")), set(re.findall(r"`(\w+)`", fields)))
        for event, levels, fields in LINE.findall(section("Log lines"))
    }
    assert documented == actual


EVENT_ROW: Final = re.compile(
    r"^\| (?:`(\w+)` \| `([\w.]+)`|\|) \| (`\w+`|the first ten of `JobCompleted`) \| .+ \|$", re.MULTILINE
)
SHARED_ROW: Final = re.compile(r"^\| `(\w+)` \| [^|]+ \|$", re.MULTILINE)


def test_every_domain_event_is_documented_with_its_type_and_fields_and_none_else() -> None:
    text = section("Domain events")
    shared = SHARED_ROW.findall(text)
    documented: dict[str, list[str]] = {}
    types: dict[str, str] = {}
    name = ""
    for event, type_, field in EVENT_ROW.findall(text):
        name = event or name
        types |= {event: type_} if event else {}
        ten = documented["JobCompleted"][:10] if "first ten" in field else [field.strip("`")]
        documented[name] = [*documented.get(name, []), *ten]
    kinds = get_args(events.Event)
    assert types == {kind.__name__: kind.event_type for kind in kinds}
    fields = {kind.__name__: [each.name for each in attrs.fields(kind)] for kind in kinds}
    assert {name: [*shared, *own] for name, own in documented.items()} == fields


def test_the_sample_event_can_be_read() -> None:
    [sample] = re.findall(r"```json\n(.+?)```", section("Domain events"), re.DOTALL)
    assert event_document(event_from_json(sample)) == json.loads(sample)
