"""Limits of what is sent follow the settings: in refusals, `GET /api/usage` and the document."""

import base64
import json
import threading
from types import SimpleNamespace
from typing import Any, BinaryIO, Final

import pytest
from attrs import evolve
from falcon import testing

from caller import Caller
from memory_spike import MemorySpike
from multipart import CONTENT_TYPE, a_form, a_part
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.images import PictureFacts, PictureIdentity
from spike_http import create_app
from spike_http.requests.body_sizes import body_bytes_max
from spike_http.routes import routes
from spike_http.serving.bodies import BODY_BYTES_MAX, BodyPolicy, body_share
from spike_memory import MemoryProbe
from spike_memory.engine import a_picture
from spike_runtime import Settings, assemble

SMALL: Final = Settings(file_mb_max=1, source_mb_max=1, batch_files_max=2, batch_mb_max=2, image_megapixels_max=1)
LARGE: Final = Settings(file_mb_max=12, source_mb_max=21, batch_files_max=30, batch_mb_max=60, image_megapixels_max=60)
MIB: Final = 1024 * 1024
TINY: Final = a_picture(Dimensions(width_px=640, height_px=480))
URL: Final = "https://pictures.example/large.png"


class ProbeWithoutLimits:
    """A probe that was written before limits could be set: it knows its own alone."""

    def identify(self, content: BinaryIO) -> PictureIdentity:
        return MemoryProbe().identify(content)

    def inspect(self, content: BinaryIO) -> PictureFacts:
        return MemoryProbe().inspect(content)


def signed_in(settings: Settings) -> Caller:
    services = MemorySpike.build(settings)
    services.pages[URL] = b"x" * (settings.source_mb_max * MIB + 1)
    return Caller(testing.TestClient(create_app(services.spike)), services.register())


def batch(ada: Caller, *contents: bytes) -> testing.Result:
    form = a_form(*(a_part("files", content, filename=f"{n}.jpg") for n, content in enumerate(contents)))
    headers = {**ada.headers, "Content-Type": CONTENT_TYPE}
    return ada.client.simulate_post("/api/images/batch-upload", headers=headers, body=form)


def megapixels(count: int) -> bytes:
    """Return a picture of so many megapixels, and a row."""
    return a_picture(Dimensions(width_px=1000, height_px=1000 * count + 1))


@pytest.mark.parametrize("settings", [SMALL, Settings(), LARGE], ids=["small", "default", "large"])
def test_what_exceeds_a_limit_is_refused_with_a_text_that_names_it(settings: Settings) -> None:
    ada = signed_in(settings)
    image_id = ada.upload(TINY).json["image"]["id"]
    too_large = ada.upload(b"x" * (settings.file_mb_max * MIB + 1))
    assert (too_large.status_code, too_large.json["code"]) == (400, "FILE_TOO_LARGE")
    assert too_large.json["error"] == f"File exceeds maximum size of {settings.file_mb_max}MB"
    assert too_large.json["suggestion"] == f"Please upload a file smaller than {settings.file_mb_max}MB"
    in_batch = batch(ada, TINY, b"x" * (settings.file_mb_max * MIB + 1)).json["results"]
    assert [result["success"] for result in in_batch] == [True, False]
    assert in_batch[1]["error"] == too_large.json["error"]
    too_many = batch(ada, *[TINY] * (settings.batch_files_max + 1))
    assert (too_many.status_code, too_many.json["error"]) == (
        400,
        f"Maximum {settings.batch_files_max} files per batch",
    )
    pixels = ada.upload(megapixels(settings.image_megapixels_max)).json
    assert pixels["error"] == f"Image exceeds maximum of {settings.image_megapixels_max} megapixels"
    ids = ada.post("/api/images/batch-enhance", {"imageIds": [image_id] * 31, "tier": "FREE"}).json
    assert f"1 to {settings.batch_files_max} ids" in ids["suggestion"]
    source = {"prompt": "x", "tier": "TIER_1K", "imageUrl": URL}
    fetched = ada.post("/api/mcp/modify", source).json
    assert (fetched["code"], fetched["error"]) == (
        "FILE_TOO_LARGE",
        f"Image exceeds maximum size of {settings.source_mb_max}MB",
    )
    assert len(ada.get("/api/images").json["images"]) == 2


def test_a_picture_in_json_and_a_batch_have_their_limits() -> None:
    ada = signed_in(SMALL)
    image_id = ada.upload(TINY).json["image"]["id"]
    source = {"base64": base64.b64encode(b"x" * (MIB + 1)).decode(), "mimeType": "image/png"}
    blend = ada.post("/api/images/enhance", {"imageId": image_id, "tier": "FREE", "blendSource": source}).json
    assert blend["error"] == "Image exceeds maximum size of 1MB"
    larger = {**source, "base64": base64.b64encode(b"x" * 2 * MIB).decode()}
    body = ada.post("/api/images/enhance", {"imageId": image_id, "tier": "FREE", "blendSource": larger}).json
    assert (body["code"], body["suggestion"]) == ("FILE_TOO_LARGE", "Please send a smaller body")
    whole = batch(ada, b"x" * MIB, b"x" * (MIB + 1)).json
    assert whole["error"] == "Batch exceeds maximum size of 2MB"


def test_what_a_raised_limit_allows_is_accepted() -> None:
    ada = signed_in(LARGE)
    large = a_picture(Dimensions(width_px=8000, height_px=7000))
    uploaded = ada.upload(large).json
    assert (uploaded["image"]["width"], uploaded["image"]["height"]) == (8000, 7000)
    assert batch(ada, *[TINY] * 30).json["summary"]["successful"] == 30
    beyond = ada.upload(b"x" * 11 * MIB).json
    assert beyond["error"] == "File is not a supported image", "it isn't too large"


def test_the_document_and_usage_have_the_limits_that_hold() -> None:
    texts: dict[str, str] = {}
    for name, settings in {"small": SMALL, "default": Settings(), "large": LARGE}.items():
        ada = signed_in(settings)
        document: dict[str, Any] = ada.client.simulate_get("/openapi.json").json
        texts[name] = json.dumps(document, ensure_ascii=False)
        operations = document["paths"]
        upload = operations["/api/images/upload"]["post"]
        assert (
            f"at most {settings.file_mb_max} MB\nand at most {settings.image_megapixels_max} megapixels"
            in (upload["description"])
        )
        form = operations["/api/images/batch-upload"]["post"]["requestBody"]["content"]["multipart/form-data"]
        assert form["schema"]["properties"]["files"]["maxItems"] == settings.batch_files_max
        assert (
            f"`FILE_TOO_LARGE` | File exceeds maximum size of {settings.file_mb_max}MB |"
            in (document["info"]["description"])
        )
        usage = ada.get("/api/usage").json
        assert {name: usage[name] for name in ("fileBytesMax", "batchFilesMax", "sourceBytesMax", "pixelsMax")} == {
            "fileBytesMax": settings.file_mb_max * MIB,
            "batchFilesMax": settings.batch_files_max,
            "sourceBytesMax": settings.source_mb_max * MIB,
            "pixelsMax": settings.image_megapixels_max * 1_000_000,
        }
    assert not any("⟨" in text for text in texts.values())
    assert "10MB" in texts["default"]
    assert not any(old in texts["large"] for old in ("10MB", "10 MB", "50 MB", "50 megapixels", "up to 20 images"))


def test_an_engine_that_knows_no_limit_keeps_its_own_and_a_lower_one_holds_nevertheless() -> None:
    services = MemorySpike.build()
    engine = evolve(services.spike.engine, probe=ProbeWithoutLimits())  # type: ignore[arg-type]  # as an older adapter's

    def said(settings: Settings, count: int) -> str:
        spike = assemble(
            settings,
            database=services.spike.database,
            storage=services.spike.storage,
            broker=services.spike.broker,
            engine=engine,
            generator=services.spike.generator,
            downloader=services.spike.jobs.generations.downloader,
            limiter=services.spike.limiter,
            clock=services.clock,
            ids=services.spike.ids,
            secrets=services.spike.accounts.sessions.secrets,
            heartbeat=services.spike.jobs.runner.heartbeat,
            background=services.background,
        )
        ada = Caller(testing.TestClient(create_app(spike)), registered)
        answer = ada.upload(megapixels(count)).json
        return str(answer.get("error", "accepted"))

    registered = services.register()
    assert said(LARGE, 40) == "accepted"
    assert said(LARGE, 55) == "Image exceeds maximum of 50 megapixels"
    assert said(SMALL, 1) == "Image exceeds maximum of 1 megapixels"


@pytest.mark.parametrize("settings", [SMALL, Settings(), LARGE], ids=["small", "default", "large"])
def test_the_largest_batch_is_received_and_a_larger_body_is_dropped(settings: Settings) -> None:
    spike = MemorySpike.build(settings).spike
    most = body_bytes_max(spike.upload_limits)
    bodies = BodyPolicy.of(routes(spike, closing=threading.Event()), bytes_max=most)
    request = SimpleNamespace(path="/api/images/batch-upload", command="POST", headers={"COOKIE": "x"})
    assert most >= settings.batch_mb_max * MIB
    for size_bytes, is_refused in ((most, False), (most + 1, True)):
        request.content_length = size_bytes
        assert bodies.refuses(request) is is_refused
    assert body_share(spike.upload_limits) == max(1, most / BODY_BYTES_MAX)
