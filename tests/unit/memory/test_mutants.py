"""Each law of the contract suites notices adapters that break it; see `mutants`."""

from datetime import timedelta
from functools import partial

import pytest

import spike_contracts.broker
import spike_contracts.heartbeat
from mutants.mutant import Law, Mutant, failure_of, fixtures_of, name_of
from mutants.table import PAGE, all_mutants, by_law, laws, suites, text
from spike_contracts.suites import OTHER_SUITES, SUITES

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
