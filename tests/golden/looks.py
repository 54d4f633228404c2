"""What an answer must look like: values that are fixed, values of which the form is fixed, and fields that we added."""

import re
from typing import Any, Final

from attrs import evolve, frozen


@frozen
class Looks:
    """Some value of a JSON kind; a string that the pattern fits in full, where there is a pattern."""

    kind: type
    pattern: str = ""

    def __str__(self) -> str:
        """Return what a failed test calls it."""
        return f"{self.kind.__name__} like {self.pattern}" if self.pattern else self.kind.__name__

    def fits(self, value: object) -> bool:
        """Return whether the value looks so. `True` is no number."""
        return type(value) is self.kind and (not self.pattern or re.fullmatch(self.pattern, str(value)) is not None)


@frozen
class Added:
    """A value that the specification's example lacks: CONTRACT decided on it."""

    value: Any


TEXT: Final = Looks(str)
WHOLE: Final = Looks(int)
TIME: Final = Looks(str, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CDN: Final = "https://cdn.spike.land"
BODY: Final = "[a-z0-9]{24}"

NO_RENDITIONS: Final = {name: Added(None) for name in ("thumbnailUrl", "previewUrl", "thumbhash")}  # not made yet


def an_id(prefix: str) -> Looks:
    """Return how an id with this prefix looks."""
    return Looks(str, re.escape(prefix) + BODY)


def a_cdn_url(folder: str, prefix: str) -> Looks:
    """Return how a plain address on the CDN looks."""
    return Looks(str, re.escape(f"{CDN}/{folder}/{prefix}") + BODY + r"\.jpg")


def served(expected: Any) -> Any:
    """Return what the service must answer: what is written, and what was added."""
    match expected:
        case Added(value):
            return served(value)
        case dict():
            return {name: served(value) for name, value in expected.items()}
        case list():
            return [served(value) for value in expected]
        case _:
            return expected


def written(expected: Any) -> Any:
    """Return what the specification's example must be: without what was added, and with ids of any form."""
    match expected:
        case Looks():
            return evolve(expected, pattern="")
        case dict():
            return {name: written(value) for name, value in expected.items() if not isinstance(value, Added)}
        case list():
            return [written(value) for value in expected]
        case _:
            return expected


def differences(expected: Any, actual: Any, *, at: str = "") -> list[str]:
    """Return in words where a JSON value isn't as expected: the same names, kinds and fixed values, and no more."""
    match expected:
        case dict() if isinstance(actual, dict):
            lacking = [f"{at}/{name} is lacking" for name in expected.keys() - actual.keys()]
            too_many = [f"{at}/{name} is too many" for name in actual.keys() - expected.keys()]
            both = sorted(expected.keys() & actual.keys())
            inner = [line for name in both for line in differences(expected[name], actual[name], at=f"{at}/{name}")]
            return [*sorted(lacking), *sorted(too_many), *inner]
        case list() if isinstance(actual, list) and len(actual) == len(expected):
            pairs = enumerate(zip(expected, actual, strict=True))
            return [line for index, (a, b) in pairs for line in differences(a, b, at=f"{at}/{index}")]
        case Looks():
            return [] if expected.fits(actual) else [f"{at}: {actual!r} isn't {expected}"]
        case _:
            same = type(expected) is type(actual) and expected == actual
            return [] if same else [f"{at}: {actual!r} isn't {expected!r}"]


def assert_served(expected: Any, actual: Any) -> None:
    """Assert that an answer is as expected."""
    found = differences(served(expected), actual)
    if found:
        raise AssertionError("\n".join(found))
