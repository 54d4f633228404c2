"""A user with an account on a running server."""

import json
from pathlib import Path
from typing import Any, Final, Self

from attrs import frozen

from multipart import CONTENT_TYPE, a_form, a_part
from running import Server, run_spike

PHOTO: Final = "photo.jpg"


@frozen
class Credentials:
    """The credentials of an account."""

    session_token: str
    api_key: str

    @classmethod
    def register(cls, folder: Path, email: str, *, tokens: int) -> Self:
        """Create an account with this balance in a data folder."""
        made = run_spike("users", "create", email, "--tokens", str(tokens), "--json", folder=folder)
        facts = json.loads(made.stdout)
        return cls(facts["sessionToken"], facts["apiKey"])


@frozen
class LiveAccount:
    """An account on a running server, and a folder with pictures to upload."""

    server: Server
    credentials: Credentials
    photos: Path

    def post(self, path: str, body: Any) -> Any:
        """Post JSON and return the response."""
        content = json.dumps(body).encode()
        token = self.credentials.session_token
        answer = self.server.ask("POST", path, token=token, body=content, content_type="application/json")
        assert answer.status in {200, 201}, answer.content
        return answer.json

    def get(self, path: str) -> Any:
        """Return the response to a GET."""
        answer = self.server.ask("GET", path, token=self.credentials.session_token)
        assert answer.status == 200, answer.content
        return answer.json

    def an_album(self, **facts: Any) -> str:
        """Create an album and return its id."""
        album_id: str = self.post("/api/albums", {"name": "Holidays", **facts})["album"]["id"]
        return album_id

    def an_image(self, album_id: str = "") -> str:
        """Upload the photograph, into an album if one is given, and return the image's id."""
        return self._upload("/api/images/upload", a_part("albumId", album_id.encode()))

    def an_anonymous_image(self) -> str:
        """Upload the photograph without an account and return the image's id."""
        return self._upload("/api/images/anonymous-upload")

    def _upload(self, path: str, *fields: bytes) -> str:
        body = a_form(a_part("file", (self.photos / PHOTO).read_bytes(), filename=PHOTO), *fields)
        token = self.credentials.session_token
        answer = self.server.ask("POST", path, token=token, body=body, content_type=CONTENT_TYPE)
        assert answer.status == 200, answer.content
        image_id: str = answer.json["image"]["id"]
        return image_id
