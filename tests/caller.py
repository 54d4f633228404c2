"""A client that sends credentials with its requests."""

import json
from typing import Any

from attrs import frozen
from falcon import testing

from multipart import CONTENT_TYPE, an_upload
from spike_core.domain.dimensions import Dimensions
from spike_core.services.accounts import Registered
from spike_memory.engine import a_picture

PICTURE = a_picture(Dimensions(width_px=1920, height_px=1080))


@frozen
class Caller:
    """A client that sends credentials with its requests."""

    client: testing.TestClient
    registered: Registered

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.registered.session_token.text}"}

    def get(self, path: str, **query: str) -> testing.Result:
        return self.client.simulate_get(path, headers=self.headers, params=query)

    def post(self, path: str, body: Any = None) -> testing.Result:
        if body is None:
            return self.client.simulate_post(path, headers=self.headers)
        return self._send("POST", path, body)

    def patch(self, path: str, body: Any) -> testing.Result:
        return self._send("PATCH", path, body)

    def delete(self, path: str, body: Any = None) -> testing.Result:
        if body is None:
            return self.client.simulate_delete(path, headers=self.headers)
        return self._send("DELETE", path, body)

    def upload(self, content: bytes = PICTURE, *, filename: str = "photo.jpg") -> testing.Result:
        return self.upload_form(an_upload(content, filename=filename))

    def upload_form(self, body: bytes, *, content_type: str = CONTENT_TYPE) -> testing.Result:
        headers = {**self.headers, "Content-Type": content_type}
        return self.client.simulate_post("/api/images/upload", headers=headers, body=body)

    def _send(self, method: str, path: str, body: Any) -> testing.Result:
        """Send JSON in plain ASCII, so that any text can be sent, including surrogates."""
        headers = {**self.headers, "Content-Type": "application/json"}
        return self.client.simulate_request(method, path, headers=headers, body=json.dumps(body))
