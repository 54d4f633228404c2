"""The generator that uses an image server."""

import io
from collections.abc import Sequence
from typing import BinaryIO, Final

from attrs import field, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import GeneratorUnavailable, UnacceptablePicture, UnknownPictureFormat
from spike_core.domain.generation import Prompt
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, RenderOptions
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.upscaler import RenderedImage
from spike_imaging.formats import format_of
from spike_openai.client import ImagesClient
from spike_openai.errors import ImageServerError
from spike_openai.prompt import prompt_text
from spike_openai.retries import RetryPolicy
from spike_openai.server import ImageServer
from spike_openai.sizes import asked_for

ANSWERED: Final[Sequence[PictureFormat]] = (PictureFormat.PNG, PictureFormat.JPEG, PictureFormat.WEBP)


@frozen(kw_only=True)
class OpenAIGenerator:
    """Generates pictures with a server that has OpenAI's images API. It is stateless and thread-safe.

    The cause of a `GeneratorUnavailable` describes the error, and names the setting that may be wrong.
    """

    server: ImageServer
    canvas_fitter: CanvasFitter
    retries: RetryPolicy = field(factory=RetryPolicy)

    def generate(
        self,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return a picture of what the prompt describes; see the port."""
        canvas = asked_for(size)
        try:
            answer = self._client().generated(prompt_text(prompt, negative=negative), size=canvas)
            return self._finished(answer, size, options)
        except MemoryError as error:
            raise GeneratorUnavailable from error
        except ImageServerError as error:
            raise GeneratorUnavailable from error.with_traceback(None)  # its frames contain the server's response

    def modify(
        self,
        original: BinaryIO,
        prompt: Prompt,
        *,
        negative: Prompt | None,
        size: Dimensions,
        options: RenderOptions = DEFAULT_OPTIONS,
    ) -> RenderedImage:
        """Return the original modified by the prompt; see the port. Its metadata isn't sent."""
        canvas = asked_for(size)
        try:
            png = self.canvas_fitter.frame(original, size=size, canvas=canvas)
            answer = self._client().edited(png, prompt_text(prompt, negative=negative), size=canvas)
            return self._finished(answer, size, options)
        except MemoryError as error:
            raise GeneratorUnavailable from error
        except ImageServerError as error:
            raise GeneratorUnavailable from error.with_traceback(None)  # its frames contain the server's response

    def ping(self) -> None:
        """Request the list of models, which is free; see the port."""
        try:
            self._client().list_models()
        except ImageServerError as error:
            raise GeneratorUnavailable from error.with_traceback(None)  # its frames contain the server's response

    def _client(self) -> ImagesClient:
        return ImagesClient(server=self.server, retries=self.retries)

    def _finished(self, answer: bytes, size: Dimensions, options: RenderOptions) -> RenderedImage:
        try:
            if format_of(answer) not in ANSWERED:
                raise UnknownPictureFormat
            return self.canvas_fitter.fit(io.BytesIO(answer), size=size, **options.as_arguments)
        except UnacceptablePicture as error:
            raise ImageServerError(f"{self.server} sent a picture that can't be used: {error}") from None
