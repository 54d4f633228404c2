"""Generation: prompts and aspect ratios of generated pictures."""

from enum import Enum
from typing import Self

from attrs import field, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.enum_members import parse_choice
from spike_core.domain.errors import InvalidValue
from spike_core.domain.limits import PROMPT_CHARS_MAX
from spike_core.domain.text_rules import prose_has_controls


@frozen
class Prompt:
    """A prompt, or a negative prompt."""

    text: str = field(repr=False)

    @classmethod
    def parse(cls, text: str, *, what: str = "prompt") -> Self:
        """Return the prompt, trimmed; the length limit applies to the untrimmed text.

        Raises:
            InvalidValue: it is blank, longer than `PROMPT_CHARS_MAX`, or has control characters other than line ends.
        """
        if len(text) > PROMPT_CHARS_MAX:
            raise InvalidValue(what=what, rule=f"must have at most {PROMPT_CHARS_MAX} characters")
        trimmed = text.strip()
        if not trimmed:
            raise InvalidValue(what=what, rule="must not be blank")
        if prose_has_controls(trimmed):
            raise InvalidValue(what=what, rule="must not have control characters")
        return cls(trimmed)

    def __str__(self) -> str:
        """Return the text."""
        return self.text


class AspectRatio(Enum):
    """The aspect ratio, width to height, of a generated picture. The names are the API's."""

    SQUARE = "1:1"
    THREE_TO_TWO = "3:2"
    TWO_TO_THREE = "2:3"
    THREE_TO_FOUR = "3:4"
    FOUR_TO_THREE = "4:3"
    FOUR_TO_FIVE = "4:5"
    FIVE_TO_FOUR = "5:4"
    NINE_TO_SIXTEEN = "9:16"
    SIXTEEN_TO_NINE = "16:9"
    TWENTY_ONE_TO_NINE = "21:9"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the ratio of this name.

        Raises:
            InvalidValue: there is no such ratio.
        """
        return parse_choice(cls, text, what="aspectRatio")

    def size(self, longest_side_px: int) -> Dimensions:
        """Return the size of this ratio with exactly this longest side."""
        width, height = self.value.split(":")
        return Dimensions(width_px=int(width), height_px=int(height)).scaled_to(longest_side_px)
