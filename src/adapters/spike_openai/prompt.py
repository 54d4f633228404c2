"""The prompt and the negative prompt as one text, since the API has no negative prompts."""

from spike_core.domain.generation import Prompt


def prompt_text(prompt: Prompt, *, negative: Prompt | None) -> str:
    """Return the text to send."""
    return prompt.text if negative is None else f"{prompt.text}\n\nThe picture must not show: {negative.text}"
