"""Requests that wait hold at most half of the threads; the rest are refused before they have an effect."""

import base64
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO, Final

import pytest
from attrs import field, frozen
from falcon import testing

from caller import PICTURE, Caller
from eventually import PATIENCE_S
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part, an_upload
from spike_core.domain.images import PictureIdentity
from spike_http import create_app
from spike_http.bulkhead import Bulkhead, ServerBusy
from spike_memory import MemoryProbe
from spike_runtime import Settings

THREADS: Final = 8
HALF: Final = 4


def test_one_caller_leaves_a_place_to_others() -> None:
    bulkhead = Bulkhead.of_threads(THREADS)
    places = [bulkhead.place("ada") for _ in range(HALF)]
    for place in places[:-1]:
        place.take()
    with pytest.raises(ServerBusy):
        places[-1].take()
    with bulkhead.place("bob") as last:
        last.take()
        last.take()  # has it already
        with pytest.raises(ServerBusy):
            bulkhead.place("eve").take()
    bulkhead.place("eve").take()


def test_downloads_leave_a_place_to_looks() -> None:
    bulkhead = Bulkhead.of_threads(THREADS)
    downloads = bulkhead.all_but_one()
    for caller in ("ada", "bob", "eve"):
        downloads.take(caller)
    with pytest.raises(ServerBusy):
        downloads.take("dan")
    bulkhead.take("dan")
    downloads.give_back("ada")
    bulkhead.take("ada")
    for refused in ("fay", "gil"):  # which takes nothing
        with pytest.raises(ServerBusy):
            downloads.take(refused)
    bulkhead.give_back("ada")
    downloads.take("ada")


def test_long_polls_and_others_hold_no_more_than_there_is() -> None:
    bulkhead = Bulkhead(2)
    with bulkhead.long_poll() as first, bulkhead.long_poll() as second:
        with pytest.raises(ServerBusy), bulkhead.long_poll():
            pass
        bulkhead.take("ada")
        assert (first.is_set(), second.is_set()) == (True, False), "the one that has waited longest makes room"
        bulkhead.take("bob")
        assert second.is_set()
        with pytest.raises(ServerBusy):
            bulkhead.take("eve")
    bulkhead.give_back("ada")
    with bulkhead.long_poll() as third, pytest.raises(ServerBusy), bulkhead.long_poll():
        assert not third.is_set()


def test_a_server_with_one_thread_has_one_place() -> None:
    bulkhead = Bulkhead.of_threads(1)
    bulkhead.take("ada")
    with pytest.raises(ServerBusy):
        bulkhead.take("bob")


@frozen
class SlowLooks:
    """A probe that looks at a picture of Bob's until it is released."""

    begun: threading.Event = field(factory=threading.Event)
    may_end: threading.Event = field(factory=threading.Event)

    def identify(self, content: BinaryIO) -> PictureIdentity:
        self.begun.set()
        assert self.may_end.wait(PATIENCE_S)
        return MemoryProbe().identify(content)


@frozen
class Busy:
    """An application with one place, which a request of Bob's holds."""

    services: MemorySpike
    ada: Caller
    image_id: str
    anonymous_id: str
    end: Callable[[], testing.Result]


@contextmanager
def busy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Busy]:
    services = MemorySpike.build(Settings(web_threads=2))
    client = testing.TestClient(create_app(services.spike))
    ada, bob = (Caller(client, services.register(f"{name}@example.org")) for name in ("ada", "bob"))
    image_id = ada.upload().json["image"]["id"]
    form = {"Content-Type": CONTENT_TYPE}
    anonymous = client.simulate_post("/api/images/anonymous-upload", headers=form, body=an_upload(PICTURE))
    looks = SlowLooks()
    with monkeypatch.context() as patched, ThreadPoolExecutor(1) as pool:
        patched.setattr(MemoryProbe, "identify", lambda _probe, content: looks.identify(content))
        upload = pool.submit(bob.upload)
        assert looks.begun.wait(PATIENCE_S)
        patched.undo()  # the looks of others would be quick

        def end() -> testing.Result:
            looks.may_end.set()
            return upload.result()

        try:
            yield Busy(services, ada, image_id, anonymous.json["image"]["id"], end)
        finally:
            looks.may_end.set()


INLINE: Final = {"base64": base64.b64encode(PICTURE).decode(), "mimeType": "image/jpeg"}
LARGE: Final = {"base64": "A" * 100_000, "mimeType": "image/jpeg"}
PROMPT: Final = {"prompt": "night", "tier": "TIER_1K"}
Send = Callable[[Busy], testing.Result]


def upload_form(path: str, field_name: str) -> Send:
    form = a_form(a_part(field_name, PICTURE, filename="photo.jpg"))
    return lambda busy: busy.ada.client.simulate_post(
        path, headers={**busy.ada.headers, "Content-Type": CONTENT_TYPE}, body=form
    )


LOOKS: Final[dict[str, Send]] = {
    "upload": upload_form("/api/images/upload", "file"),
    "batch upload": upload_form("/api/images/batch-upload", "files"),
    "anonymous upload": upload_form("/api/images/anonymous-upload", "file"),
    "blend": lambda busy: busy.ada.post(
        "/api/images/enhance", {"imageId": busy.image_id, "tier": "TIER_1K", "blendSource": INLINE}
    ),
    "large blend": lambda busy: busy.ada.post(
        "/api/images/enhance", {"imageId": busy.image_id, "tier": "TIER_1K", "blendSource": LARGE}
    ),
    "anonymous blend": lambda busy: busy.ada.post(
        "/api/images/anonymous-enhance", {"imageId": busy.anonymous_id, "blendSource": INLINE}
    ),
    "modify": lambda busy: busy.ada.post(
        "/api/mcp/modify", {**PROMPT, "image": INLINE["base64"], "mimeType": "image/jpeg"}
    ),
    "fetch": lambda busy: busy.ada.post("/api/mcp/modify", {**PROMPT, "imageUrl": "https://example.org/a.jpg"}),
    "publish": lambda busy: busy.ada.patch(f"/api/images/{busy.image_id}", {"isPublic": True}),
}
OTHERS: Final[dict[str, Send]] = {
    "get": lambda busy: busy.ada.get(f"/api/images/{busy.image_id}"),
    "wait": lambda busy: busy.ada.get(f"/api/images/{busy.image_id}", wait="30"),
    "list": lambda busy: busy.ada.get("/api/images"),
    "enhance": lambda busy: busy.ada.post("/api/images/enhance", {"imageId": busy.image_id, "tier": "TIER_1K"}),
    "generate": lambda busy: busy.ada.post("/api/mcp/generate", {**PROMPT, "aspectRatio": "1:1"}),
    "rename": lambda busy: busy.ada.patch(f"/api/images/{busy.image_id}", {"name": "other.jpg"}),
}


def test_what_needs_a_look_or_a_fetch_is_refused_and_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    with busy(monkeypatch) as one:
        before = one.services.holdings
        for what, send in LOOKS.items():
            answer = send(one)
            assert (answer.status_code, answer.json["code"]) == (503, "SERVER_BUSY"), (what, answer.text)
            assert int(answer.headers["Retry-After"]) > 0
        assert one.services.holdings == before


def test_everything_else_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    with busy(monkeypatch) as one:
        answers = {what: send(one).status_code for what, send in OTHERS.items()}
        assert set(answers.values()) <= {200, 202}, answers


def test_the_place_is_free_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after requests that failed, and the refused request may be sent again with its key."""
    with busy(monkeypatch) as one:
        headers = {**one.ada.headers, "Content-Type": CONTENT_TYPE, "Idempotency-Key": "a-key-of-ada"}

        def send() -> testing.Result:
            return one.ada.client.simulate_post("/api/images/upload", headers=headers, body=an_upload(PICTURE))

        assert send().status_code == 503
        assert one.end().status_code == 200
        assert one.ada.upload(b"not a picture").status_code == 400
        assert send().status_code == 200
        assert send().headers["Idempotency-Replayed"] == "true"
