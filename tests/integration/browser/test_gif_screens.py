"""GIFs whose frame and screen differ look the same as in Chromium."""

import base64
from typing import Any

import numpy as np
from playwright.sync_api import Browser

from gifs import FRAMES, a_gif
from spike_imaging.open import opened_picture

PIXELS = """async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return [canvas.width, canvas.height, [...context.getImageData(0, 0, canvas.width, canvas.height).data]];
}"""


def test_a_gif_has_the_size_and_the_pixels_that_chromium_shows(browser: Browser) -> None:
    page = browser.new_page()
    wrong = {}
    for name, (screen, frame, options) in FRAMES.items():
        data = a_gif(screen, frame, **options)
        answer: list[Any] = page.evaluate(PIXELS, "data:image/gif;base64," + base64.b64encode(data).decode())
        width, height, values = answer
        with opened_picture(data) as opened:
            made = np.asarray(opened.decode().srgb().convert("RGBA"))
        expected = np.array(values, np.uint8).reshape(height, width, 4)
        is_same = made.shape == expected.shape and bool(
            (((made == expected).all(axis=2)) | (made[..., 3] + expected[..., 3] == 0)).all()
        )
        if not is_same:
            wrong[name] = (made.shape, expected.shape)
    page.close()
    assert wrong == {}
