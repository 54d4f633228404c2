import pytest

from spike_core.domain.albums import Privacy
from spike_core.domain.enum_members import Choice, parse_choice
from spike_core.domain.errors import InvalidValue
from spike_core.domain.generation import AspectRatio
from spike_core.domain.jobs import JobStatus


@pytest.mark.parametrize("choices", [JobStatus, Privacy, AspectRatio])
def test_each_value_names_its_member(choices: type[Choice]) -> None:
    assert [parse_choice(choices, str(member.value), what="x") for member in choices] == list(choices)


@pytest.mark.parametrize("text", ["", "private", "PRIVATE ", "None"])
def test_another_text_is_refused_with_the_list_of_values(text: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        parse_choice(Privacy, text, what="privacy")
    assert str(refused.value) == "privacy must be one of PRIVATE, UNLISTED, PUBLIC"
