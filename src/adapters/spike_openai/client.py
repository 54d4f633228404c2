"""A conversation: all that is said to the server for one picture, by one deadline."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import httpx2
from attrs import field, frozen

from spike_core.domain.dimensions import Dimensions
from spike_core.domain.limits import SOURCE_BYTES_MAX
from spike_network import Deadline
from spike_openai.answers import RemoteFile, picture_of
from spike_openai.errors import FieldRefused
from spike_openai.http import Message, ServerResponse, send
from spike_openai.refusals import check, check_picture
from spike_openai.retries import RetryPolicy
from spike_openai.server import ImageServer

ANSWER_BYTES_MAX: Final = 32 * 1024 * 1024  # of JSON with a picture in base64, a third larger than the picture
PICTURE_BYTES_MAX: Final = SOURCE_BYTES_MAX  # of a picture's own file
LISTING_S_MAX: Final = 15.0

Fields = Mapping[str, str]

_WITHOUT_LIST: Final = frozenset({404, 405, 501})
_FORMAT_FIELD: Final = "response_format"
# These answer in base64 always, and refuse to be asked for it (OpenAI's API reference, "Create image").
_ALWAYS_BASE64: Final = re.compile(r"(?:.*/)?(?:gpt-image|chatgpt-image).*")


@frozen(kw_only=True)
class ImagesClient:
    """Asks for one picture."""

    server: ImageServer
    patience: RetryPolicy
    deadline: Deadline = field()

    @deadline.default
    def _from_now(self) -> Deadline:
        return self.patience.deadline()

    def generated(self, words: str, *, size: Dimensions) -> bytes:
        """Return the file of a picture made from words.

        Raises:
            PromptRefused, UnusableResult, ServerTrouble: there is none.
        """
        endpoint = self.server.endpoint("images/generations")

        def message(fields: Fields) -> Message:
            return lambda client: client.build_request("POST", endpoint, json={**fields, "n": 1})

        return self._picture(message, self._fields(words, size))

    def edited(self, png: bytes, words: str, *, size: Dimensions) -> bytes:
        """Return the file of a picture changed by words.

        Raises:
            PromptRefused, UnusableResult, ServerTrouble: there is none.
        """
        endpoint = self.server.endpoint("images/edits")
        files = {"image": ("image.png", png, "image/png")}

        def message(fields: Fields) -> Message:
            return lambda client: client.build_request("POST", endpoint, data={**fields, "n": "1"}, files=files)

        return self._picture(message, self._fields(words, size))

    def listed(self) -> None:
        """Ask for the list of models, once, and leave it unread. A server that has none has answered, and that will do.

        Raises:
            ServerTrouble: it can't be reached, or not with this key.
        """
        answer = send(
            self.server,
            lambda client: client.build_request("GET", self.server.endpoint("models")),
            deadline=self.deadline.sooner(LISTING_S_MAX),
            bytes_max=ANSWER_BYTES_MAX,
        )
        if answer.status not in _WITHOUT_LIST:
            check(answer, server=self.server)

    def _fields(self, words: str, size: Dimensions) -> Fields:
        fields = {"prompt": words, "size": str(size)}
        if self.server.model:
            fields["model"] = self.server.model
        if _ALWAYS_BASE64.fullmatch(self.server.model) is None:
            fields[_FORMAT_FIELD] = "b64_json"
        return fields

    def _picture(self, message: Callable[[Fields], Message], fields: Fields) -> bytes:
        try:
            answer = self._answer(message(fields))
        except FieldRefused as refused:
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

        return self.patience.insist(ask, deadline=self.deadline)

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

        return self.patience.insist(ask, deadline=self.deadline).body
