"""Every error has a unique code and a message, and can be sent to another process."""

import copy
import functools
import pickle
import re
from collections.abc import Mapping, Sequence

import attrs
import pytest

from spike_core.domain.errors import (
    IllegalTransition,
    InvalidIdentifier,
    InvalidInput,
    InvalidResult,
    InvalidValue,
    NotEnoughTokens,
    SpikeError,
    UnusableResult,
)
from subclasses import family

MADE_UP: dict[object, object] = {
    int: 7,
    str: "seven",
    tuple[str, ...]: ("seven", "eight"),
    Mapping[str, int]: {"seven": 7},
}


@functools.cache
def kinds() -> Sequence[type[SpikeError]]:
    return family(SpikeError)


def made(kind: type[SpikeError]) -> SpikeError:
    return kind(*(MADE_UP[field.type] for field in attrs.fields(kind)))


def test_the_tree_is_not_empty() -> None:
    assert len(kinds()) > 30


def test_codes_are_unique() -> None:
    assert len({kind.code for kind in kinds()}) == len(kinds())


def test_a_code_is_the_class_name_in_snake_case_and_its_own() -> None:
    for kind in kinds():
        assert "code" in vars(kind), kind
        assert kind.code == re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def test_an_error_reads_as_one_line() -> None:
    for kind in kinds():
        assert kind.__doc__, kind
        sentence = str(made(kind))
        assert len(sentence.split()) > 1, kind
        assert "\n" not in sentence
        assert sentence == sentence.strip()


def test_an_error_survives_pickling_with_its_fields() -> None:
    for kind in kinds():
        error = made(kind)
        again = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
        assert type(again) is kind
        assert attrs.asdict(again) == attrs.asdict(error)
        assert str(again) == str(error)


def test_an_error_can_be_raised_with_a_cause_copied_and_annotated() -> None:
    """A frozen class must let Python set the traceback, the cause and the notes."""
    for kind in kinds():
        error = made(kind)
        with pytest.raises(kind) as caught:
            raise error from ValueError("why")
        caught.value.add_note("seen")
        assert isinstance(caught.value.__cause__, ValueError)
        assert type(copy.copy(error)) is kind


def test_a_refused_text_is_not_repeated() -> None:
    error = InvalidIdentifier(kind="ImageId", text="sk_live_secret")
    assert "sk_live" not in f"{error} {error!r}"
    assert str(error) == "not a valid ImageId"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (InvalidValue(what="tokens", rule="must be whole"), "tokens must be whole"),
        (IllegalTransition(source="COMPLETED", target="CANCELLED"), "a COMPLETED job can't become CANCELLED"),
        (UnusableResult("it is elsewhere"), "the enhanced picture is unusable: it is elsewhere"),
        (InvalidResult("it is blank"), "the enhanced picture failed its check: it is blank"),
        (NotEnoughTokens(required=5, balance=3), "The wallet's balance is below the price."),
    ],
)
def test_errors_with_fields_name_them(error: SpikeError, sentence: str) -> None:
    assert str(error) == sentence


def test_what_the_caller_gave_is_refused_in_one_family() -> None:
    assert set(family(InvalidInput)) >= {InvalidValue, InvalidIdentifier}
