"""Words: what is wanted and what isn't, as one text. The API knows no negative prompt."""

from spike_core.domain.generation import Prompt


def told(prompt: Prompt, *, negative: Prompt | None) -> str:
    """Return the text that is sent."""
    return prompt.text if negative is None else f"{prompt.text}\n\nThe picture must not show: {negative.text}"
