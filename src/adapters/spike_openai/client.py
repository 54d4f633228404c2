"""The client of the images API: all requests for one picture, within one deadline."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import httpx2
from attrs import field, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import SOURCE_BYTES_MAX
from spike_network import Deadline
from spike_openai.answers import RemoteFile, picture_of
from spike_openai.errors import FieldRejected
from spike_openai.http import Message, ServerResponse, send
from spike_openai.refusals import check, check_picture
from spike_openai.retries import RetryPolicy
from spike_openai.server import ImageServer

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024  # of JSON with a picture in base64, which is a third larger than the picture
PICTURE_BYTES_MAX: Final = SOURCE_BYTES_MAX  # of a file with a picture
LISTING_S_MAX: Final = 15.0

Fields = Mapping[str, str]

_WITHOUT_LIST: Final = frozenset({404, 405, 501})
_FORMAT_FIELD: Final = "response_format"
# these models always return base64 and reject the field (OpenAI's API reference, "Create image")
_ALWAYS_BASE64: Final = re.compile(r"(?:.*/)?(?:gpt-image|chatgpt-image).*")


@frozen(kw_only=True)
class ImagesClient:
    """Requests one picture."""

    server: ImageServer
    retries: RetryPolicy
    deadline: Deadline = field()

    @deadline.default
    def _from_now(self) -> Deadline:
        return self.retries.deadline()

    def generated(self, prompt: str, *, size: Dimensions) -> bytes:
        """Return the file of a picture generated from a prompt.

        Raises:
            PromptRefused, UnusableResult, ImageServerError: there is no picture.
        """
        endpoint = self.server.endpoint("images/generations")

        def message(fields: Fields) -> Message:
            return lambda client: client.build_request("POST", endpoint, json={**fields, "n": 1})

        return self._picture(message, self._fields(prompt, size))

    def edited(self, png: bytes, prompt: str, *, size: Dimensions) -> bytes:
        """Return the file of a picture modified by a prompt.

        Raises:
            PromptRefused, UnusableResult, ImageServerError: there is no picture.
        """
        endpoint = self.server.endpoint("images/edits")
        files = {"image": ("image.png", png, "image/png")}

        def message(fields: Fields) -> Message:
            return lambda client: client.build_request("POST", endpoint, data={**fields, "n": "1"}, files=files)

        return self._picture(message, self._fields(prompt, size))

    def list_models(self) -> None:
        """Request the list of models, once, and ignore its content. That the server has no such list is no error.

        Raises:
            ImageServerError: the server can't be reached, or rejects the API key.
        """
        answer = send(
            self.server,
            lambda client: client.build_request("GET", self.server.endpoint("models")),
            deadline=self.deadline.sooner(LISTING_S_MAX),
            bytes_max=ANSWER_BYTES_MAX,
        )
        if answer.status not in _WITHOUT_LIST:
            check(answer, server=self.server)

    def _fields(self, prompt: str, size: Dimensions) -> Fields:
        fields = {"prompt": prompt, "size": str(size)}
        if self.server.model:
            fields["model"] = self.server.model
        if _ALWAYS_BASE64.fullmatch(self.server.model) is None:
            fields[_FORMAT_FIELD] = "b64_json"
        return fields

    def _picture(self, message: Callable[[Fields], Message], fields: Fields) -> bytes:
        try:
            answer = self._answer(message(fields))
        except FieldRejected as refused:
            if refused.field != _FORMAT_FIELD or _FORMAT_FIELD not in fields:
                raise
            fewer = {name: value for name, value in fields.items() if name != _FORMAT_FIELD}
            answer = self._answer(message(fewer))
        found = picture_of(answer.body, server=self.server)
        return self._file(found.url) if isinstance(found, RemoteFile) else found

    def _answer(self, message: Message) -> ServerResponse:
        def ask(deadline: Deadline) -> ServerResponse:
            answer = send(self.server, message, deadline=deadline, bytes_max=ANSWER_BYTES_MAX)
            check(answer, server=self.server)
            return answer

        return self.retries.call(ask, deadline=self.deadline)

    def _file(self, url: httpx2.URL) -> bytes:
        def ask(deadline: Deadline) -> ServerResponse:
            answer = send(
                self.server,
                lambda client: client.build_request("GET", url),
                deadline=deadline,
                bytes_max=PICTURE_BYTES_MAX,
            )
            check_picture(answer, server=self.server)
            return answer

        return self.retries.call(ask, deadline=self.deadline).body
