"""The specification's requests, sent to a running server unchanged, except for the literals in `REAL`."""

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from attrs import frozen

from live_account import PHOTO, LiveAccount
from multipart import CONTENT_TYPE, a_form, a_part
from spec_text import BlockName, Spec

FILE_LINE: Final = re.compile(r"(\w+)=@(\S+)")
FIELD_LINE: Final = re.compile(r"(\w+)=(\S+)(?: \(optional\))?")


@frozen
class Request:
    """A request as a specification writes it: a line, headers, and a body after an empty line."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str

    @classmethod
    def parse(cls, text: str) -> "Request":
        head, _, body = text.partition("\n\n")
        line, *headers = head.strip().splitlines()
        method, path = line.split(" ")
        return cls(method, path, dict(header.split(": ", 1) for header in headers), body)

    def form(self, photo: bytes) -> bytes:
        """Return the body as a form; all its files are this one, under the given names."""
        parts: list[bytes] = []
        for line in self.body.splitlines():
            if match := FILE_LINE.fullmatch(line):
                parts.append(a_part(match[1], photo, filename=match[2]))
            elif match := FIELD_LINE.fullmatch(line):
                parts.append(a_part(match[1], match[2].encode()))
            else:
                raise AssertionError(f"{line!r} is no line of a form")
        return a_form(*parts)


def in_base64(account: LiveAccount) -> str:
    return "data:image/jpeg;base64," + base64.b64encode((account.photos / PHOTO).read_bytes()).decode()


# what only a person can fill in, and what stands there instead
REAL: Final[Mapping[str, Callable[[LiveAccount], str]]] = {
    "{token}": lambda account: account.credentials.session_token,
    "{api_key}": lambda account: account.credentials.api_key,
    "{id}": LiveAccount.an_image,
    "img_123abc": LiveAccount.an_image,
    "img_456def": LiveAccount.an_image,
    "img_789xyz": LiveAccount.an_image,
    "img_anon_123abc": LiveAccount.an_anonymous_image,
    "album_123abc": LiveAccount.an_album,
    "album_abc123": LiveAccount.an_album,
    "album_old": LiveAccount.an_album,
    "data:image/jpeg;base64,...": in_base64,
    "https://example.com/image.jpg": lambda account: f"{account.server.url}/image.jpg",  # no test goes to the web
}


def send(text: str, account: LiveAccount) -> Any:
    """Send a request and return its answer's status and JSON."""
    for literal in (literal for literal in REAL if literal in text):
        text = text.replace(literal, REAL[literal](account))
    request = Request.parse(text)
    credentials = request.headers.get("Authorization", "").removeprefix("Bearer ")
    content_type = request.headers.get("Content-Type", "")
    body: bytes | None = None
    if content_type == "multipart/form-data":
        body, content_type = request.form((account.photos / PHOTO).read_bytes()), CONTENT_TYPE
    elif content_type:
        body = request.body.encode()
    answer = account.server.ask(request.method, request.path, token=credentials, body=body, content_type=content_type)
    return answer.status, answer.json


PLACES: Final = [
    "Upload Single Image",
    "Upload Multiple Images (Batch)",
    "Enhance Single Image",
    "Enhance with Multiple Tiers (Parallel)",
    "Batch Enhance Multiple Images",
    "Polling Enhancement Status",
    "Generate Image from Text",
    "Move Images to Album",
    "Get Image with Jobs",
    "Delete Image",
    "Anonymous Upload",
    "Anonymous Enhance (Mix)",
]
TO_OUR_OWN_HOST: Final = "Modify Existing Image"


@pytest.mark.parametrize("place", PLACES)
def test_a_request_of_the_text_succeeds(spec: Spec, ada: LiveAccount, place: str) -> None:
    status, answer = send(spec.blocks[BlockName("http", place)], ada)
    assert (status, answer["success"]) == (200, True)


def test_the_request_with_an_address_is_refused_one_of_our_own(spec: Spec, ada: LiveAccount) -> None:
    text = spec.blocks[BlockName("http", TO_OUR_OWN_HOST)]
    status, answer = send(text, ada)
    assert (status, answer["error"]) == (400, "The image URL is not allowed")


def test_every_request_of_the_text_is_sent(spec: Spec) -> None:
    assert {name.place for name in spec.of("http")} == {*PLACES, TO_OUR_OWN_HOST}
