"""Hostile and odd files with real adapters: SQLite, files and Pillow behind the application, without a server."""

from collections.abc import Callable, Sequence

import pytest
from falcon import testing

from multipart import an_upload
from pictures import HEIC_HEADER, HTML, JUNK, SVG, a_photo, a_png_that_announces, encoded, photograph, truncated
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.objects import PictureFormat
from spike_runtime import Spike

SIZE = Dimensions(width_px=320, height_px=240)
REFUSED = {
    "junk named .jpg": (lambda: JUNK, "File is not a supported image"),
    "HTML named .jpg": (lambda: HTML, "File is not a supported image"),
    "SVG": (lambda: SVG, "SVG is not supported"),
    "HEIC without a picture": (lambda: HEIC_HEADER, "Image is damaged and cannot be read"),
    "nothing": (lambda: b"", "File is empty"),
    "a JPEG cut in half": (lambda: truncated(encoded(photograph()), share=0.5), "Image is damaged and cannot be read"),
    "a PNG cut in half": (
        lambda: encoded(photograph(), PictureFormat.PNG)[:50_000],
        "Image is damaged and cannot be read",
    ),
    "an animated GIF": (lambda: a_photo(SIZE, PictureFormat.GIF, "animated"), "Animated images are not supported"),
    "an animated WebP": (lambda: a_photo(SIZE, PictureFormat.WEBP, "animated"), "Animated images are not supported"),
    "a small file that announces 60 megapixels": (
        lambda: a_png_that_announces(10_000, 6_000),
        "Image exceeds maximum of 50 megapixels",
    ),
}


def holdings(spike: Spike, client: testing.TestClient, headers: dict[str, str]) -> Sequence[object]:
    """Return the balance, and all objects, images and jobs."""
    balance = client.simulate_get("/api/tokens/balance", headers=headers).json["balance"]
    with spike.database.transactions.view() as tx:
        return balance, *spike.storage.blobs.scan(limit=100), *tx.audit.images(limit=100), *tx.audit.jobs(limit=100)


@pytest.mark.parametrize(("make", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_file_is_refused_and_leaves_nothing(
    spike: Spike, client: testing.TestClient, headers: dict[str, str], make: Callable[[], bytes], error: str
) -> None:
    before = holdings(spike, client, headers)
    answer = client.simulate_post("/api/images/upload", headers=headers, body=an_upload(make()))
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
