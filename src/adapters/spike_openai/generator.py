"""The generator that asks a server."""

import io
from collections.abc import Sequence
from typing import BinaryIO, Final

from attrs import field, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import GeneratorUnavailable, UnacceptablePicture, UnknownPictureFormat
from spike_core.domain.generation import Prompt
from spike_core.domain.objects import PictureFormat
from spike_core.ports.canvas_fitter import CanvasFitter
from spike_core.ports.upscaler import RenderedImage
from spike_imaging.formats import format_of
from spike_openai.client import ImagesClient
from spike_openai.errors import ServerTrouble
from spike_openai.prompt import told
from spike_openai.retries import RetryPolicy
from spike_openai.server import ImageServer
from spike_openai.sizes import asked_for

ANSWERED: Final[Sequence[PictureFormat]] = (PictureFormat.PNG, PictureFormat.JPEG, PictureFormat.WEBP)


@frozen(kw_only=True)
class OpenAIGenerator:
    """Has pictures made by a server that speaks OpenAI's images API. It holds no state: one serves all threads.

    The cause of a `GeneratorUnavailable` says what is wrong, and names the setting that may be.
    """

    server: ImageServer
    canvas_fitter: CanvasFitter
    patience: RetryPolicy = field(factory=RetryPolicy)

    def generate(self, prompt: Prompt, *, negative: Prompt | None, size: Dimensions) -> RenderedImage:
        """Return a picture of what the prompt says; see the port."""
        canvas = asked_for(size)
        try:
            answer = self._conversation().generated(told(prompt, negative=negative), size=canvas)
            return self._finished(answer, size)
        except MemoryError as error:
            raise GeneratorUnavailable from error
        except ServerTrouble as trouble:
            raise GeneratorUnavailable from trouble.with_traceback(None)  # its frames hold what the server said

    def modify(self, original: BinaryIO, prompt: Prompt, *, negative: Prompt | None, size: Dimensions) -> RenderedImage:
        """Return the original changed as the prompt says; see the port. Its metadata aren't sent."""
        canvas = asked_for(size)
        try:
            png = self.canvas_fitter.frame(original, size=size, canvas=canvas)
            answer = self._conversation().edited(png, told(prompt, negative=negative), size=canvas)
            return self._finished(answer, size)
        except MemoryError as error:
            raise GeneratorUnavailable from error
        except ServerTrouble as trouble:
            raise GeneratorUnavailable from trouble.with_traceback(None)  # its frames hold what the server said

    def ping(self) -> None:
        """Ask the server which models it has, which costs nothing; see the port."""
        try:
            self._conversation().listed()
        except ServerTrouble as trouble:
            raise GeneratorUnavailable from trouble.with_traceback(None)  # its frames hold what the server said

    def _conversation(self) -> ImagesClient:
        return ImagesClient(server=self.server, patience=self.patience)

    def _finished(self, answer: bytes, size: Dimensions) -> RenderedImage:
        try:
            if format_of(answer) not in ANSWERED:
                raise UnknownPictureFormat
            return self.canvas_fitter.fit(io.BytesIO(answer), size=size)
        except UnacceptablePicture as error:
            raise ServerTrouble(f"{self.server} sent a picture that can't be used: {error}") from None
