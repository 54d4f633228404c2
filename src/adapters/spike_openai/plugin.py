"""The entry point `generator.openai`."""

from typing import Final

from spike_core.ports.canvas_fitter import CanvasFitter
from spike_openai.generator import OpenAIGenerator
from spike_openai.server import ImageServer

ADAPTER_API: Final = 1


def open_generator(*, url: str, api_key: str, model: str, canvas_fitter: CanvasFitter) -> OpenAIGenerator:
    """Return a generator that uses the server at `url`; it decodes no pictures itself, and makes no request yet.

    Raises:
        InvalidValue: a setting is invalid; the error names it.
    """
    return OpenAIGenerator(server=ImageServer.parse(url, api_key=api_key, model=model), canvas_fitter=canvas_fitter)
