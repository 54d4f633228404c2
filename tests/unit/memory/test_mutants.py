"""Each law of the contract suites notices adapters that break it; see `mutants`."""

import re
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

import spike_contracts
import spike_contracts.broker
import spike_contracts.heartbeat
from mutants.mutant import Law, Mutant, failure_of, fixtures_of, name_of
from mutants.table import PAGE, all_mutants, by_law, laws, suites, text
from spike_contracts.suites import OTHER_SUITES, SUITES
from spike_core import ports
from spike_core.domain import errors
from spike_core.domain.errors import SpikeError

SOON_S = 0.3  # a law that waits so long for something has failed
CASES = [(mutant, law) for mutant in all_mutants() for law in mutant.laws]


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let laws wait for less time than an adapter might need."""
    for module in (spike_contracts.broker, spike_contracts.heartbeat):
        monkeypatch.setattr(module, "TIMEOUT_S", SOON_S)
    monkeypatch.setattr(spike_contracts.broker, "WORK_S_MAX", 2 * SOON_S)
    monkeypatch.setattr(spike_contracts.broker, "DRAIN", timedelta(seconds=SOON_S))


@pytest.mark.usefixtures("_hurried")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # that is how some fail
@pytest.mark.parametrize(("mutant", "law"), CASES, ids=[f"{name_of(law)}-{mutant.what}" for mutant, law in CASES])
def test_a_law_notices_the_adapter_that_breaks_it(mutant: Mutant, law: Law, caplog: pytest.LogCaptureFixture) -> None:
    with mutant.in_place():
        failure = failure_of(law, partial(mutant.fixtures, caplog=caplog), mutant.fails_with)
    assert failure is not None, "the law holds: it is weaker than its claim"


def test_every_law_has_a_mutant() -> None:
    named = by_law()
    assert [name for suite in suites() for law in laws(suite) if (name := name_of(law)) not in named] == []


def test_every_law_and_its_mutants_are_in_the_reference() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), "python -m mutants, in tests, writes it"


def test_every_suite_is_in_the_list_of_a_role() -> None:
    """Once, or one of a suite's subclasses is."""
    listed = [*OTHER_SUITES, *(suite for suites_of_role in SUITES.values() for suite in suites_of_role)]
    assert len(listed) == len(set(listed))
    assert [suite for suite in suites() if not any(issubclass(each, suite) for each in listed)] == []


def test_every_suite_names_its_fixtures_in_its_docstring() -> None:
    for suite in suites():
        needed = {name for law in laws(suite) for name in fixtures_of(law)} - {"caplog"}
        documented = " ".join(base.__doc__ or "" for base in suite.__mro__)
        assert [name for name in sorted(needed) if f"`{name}`" not in documented] == [], suite.__name__


# errors of ports that no suite can cause from outside, and what tests them instead
TESTED_PER_ADAPTER = {
    "DatabaseDamaged": "a damaged file: tests/integration/sqlalchemy/test_corruptions.py",
    "SchemaTooNew": "another release: tests/integration/sqlalchemy/test_newer_schema.py",
    "UpscalerUnavailable": "exhausted memory: tests/integration/sandbox/test_deaths.py",
    "TooSlowToDecode": "not all adapters have a limit: tests/integration/sandbox/test_deaths.py",
    "UnsupportedPicture": "which formats are known, but not supported, differs: tests/integration/pillow",
    "PromptRefused": "what is refused differs: tests/integration/openai/test_generator.py",
    "UnusableResult": "what is returned differs: tests/integration/openai/test_hostile_answers.py",
    "Forbidden": "which valid credentials are for another service differs: tests/unit/http/test_authenticators.py",
    "InvalidIdentifier": "the constructor of Identity raises it: tests/unit/http/test_authenticators.py",
    "InvalidValue": "which URLs are valid differs: the test_plugin.py of each adapter",
}


def documented_errors() -> set[str]:
    """Return the names of all errors under `Raises:` in the ports' docstrings."""
    found: set[str] = set()
    for module in Path(ports.__path__[0]).glob("*.py"):
        for block in re.findall(r"Raises:\n((?:[ ]+.+\n)+)", module.read_text(encoding="utf-8")):
            found.update(re.findall(r"^\s+([A-Z]\w+): ", block, re.MULTILINE))
    return found


def test_every_error_of_a_port_is_expected_by_a_law() -> None:
    folder = Path(spike_contracts.__path__[0])
    expected = set(re.findall(r"raises\((\w+)", "".join(each.read_text("utf-8") for each in folder.glob("*.py"))))
    families = {error.__name__ for name in expected for error in vars(errors).get(name, SpikeError).__mro__}
    missing = documented_errors() - expected - families - TESTED_PER_ADAPTER.keys()
    assert missing == set()
    assert TESTED_PER_ADAPTER.keys() <= documented_errors() - expected
