"""Hostile and odd files with real adapters: SQLite, files and Pillow behind the application, without a server."""

from collections.abc import Iterator, Sequence

import pytest
from falcon import testing

from forked_children import forked_children
from multipart import CONTENT_TYPE, an_upload
from pictures import HEIC_HEADER, HTML, JUNK, SVG, a_photo, a_png_that_announces, encoded, photograph
from spike_core.domain.accounts import Email
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_core.domain.tokens import Tokens
from spike_http import create_app
from spike_runtime import Settings, Spike, build

SIZE = Dimensions(width_px=320, height_px=240)
JPEG = encoded(photograph())
REFUSED = {
    "junk named .jpg": (JUNK, "File is not a supported image"),
    "HTML named .jpg": (HTML, "File is not a supported image"),
    "SVG": (SVG, "SVG is not supported"),
    "HEIC without a picture": (HEIC_HEADER, "Image is damaged and cannot be read"),
    "nothing": (b"", "File is empty"),
    "a JPEG cut in half": (JPEG[: len(JPEG) // 2], "Image is damaged and cannot be read"),
    "a PNG cut in half": (encoded(photograph(), PictureFormat.PNG)[:50_000], "Image is damaged and cannot be read"),
    "an animated GIF": (a_photo(SIZE, PictureFormat.GIF, "animated"), "Animated images are not supported"),
    "an animated WebP": (a_photo(SIZE, PictureFormat.WEBP, "animated"), "Animated images are not supported"),
    "a small file that announces 60 megapixels": (
        a_png_that_announces(10_000, 6_000),
        "Image exceeds maximum of 50 megapixels",
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _forked() -> Iterator[None]:
    """Fork the sandbox's children, which would take most of the time to start."""
    with forked_children():
        yield


@pytest.fixture(scope="module")
def spike(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spike]:
    folder = tmp_path_factory.mktemp("spike") / "var"
    # nothing is enhanced: networks would enlarge each picture that is accepted
    with build(Settings(data_dir=folder, upscaler="classical", worker_threads=0, rate_upload=0)) as spike:
        spike.database.migrate()
        yield spike


@pytest.fixture(scope="module")
def client(spike: Spike) -> testing.TestClient:
    return testing.TestClient(create_app(spike))


@pytest.fixture(scope="module")
def headers(spike: Spike) -> dict[str, str]:
    registered = spike.accounts.registration.register(Email("ada@example.org"), tokens=Tokens(100))
    return {"Authorization": f"Bearer {registered.session_token.text}", "Content-Type": CONTENT_TYPE}


def holdings(spike: Spike, client: testing.TestClient, headers: dict[str, str]) -> Sequence[object]:
    """Return the balance, and all objects, images and jobs."""
    balance = client.simulate_get("/api/tokens/balance", headers=headers).json["balance"]
    with spike.database.transactions.view() as tx:
        return balance, *spike.storage.blobs.scan(limit=100), *tx.audit.images(limit=100), *tx.audit.jobs(limit=100)


@pytest.mark.parametrize(("content", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_file_is_refused_and_leaves_nothing(
    spike: Spike, client: testing.TestClient, headers: dict[str, str], content: bytes, error: str
) -> None:
    before = holdings(spike, client, headers)
    answer = client.simulate_post("/api/images/upload", headers=headers, body=an_upload(content))
    assert (answer.status_code, answer.json["error"], answer.json["title"]) == (400, error, "Invalid File")
    assert holdings(spike, client, headers) == before


@pytest.mark.parametrize("format_", PictureFormat)
def test_the_bytes_decide_the_format_whatever_the_name_says(
    client: testing.TestClient, headers: dict[str, str], format_: PictureFormat
) -> None:
    content = a_photo(SIZE, format_)
    body = an_upload(content, filename="holiday.exe")
    image = client.simulate_post("/api/images/upload", headers=headers, body=body).json["image"]
    assert (image["format"], image["width"], image["height"]) == (format_.value, 320, 240)
    stored = client.simulate_get(image["url"].removeprefix("http://falconframework.org"))
    assert stored.content == content
    assert stored.headers["content-type"] == format_.media_type
