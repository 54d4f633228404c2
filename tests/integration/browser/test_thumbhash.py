"""The studio's decoder of thumbhashes, against values of the format's encoder."""

from typing import Any, Final

import pytest
from playwright.sync_api import Page

from running import Server

SIDE: Final = 16
ERROR_MAX: Final = 12  # of a channel's 255, on average: the format has few coefficients of four bits

DECODE: Final = """async ([hash, modules]) => {
    const {decodeThumbhash} = await import(modules.replace('main.js', 'thumbhash.js'));
    const pixels = decodeThumbhash(hash);
    return pixels && [...pixels.data];
}"""


def decoded(page: Page, server: Server, base64: str) -> Any:
    """Return the decoded pixels, four numbers each, or nothing."""
    page.goto(server.url)
    return page.evaluate(DECODE, [base64, page.locator("script[type=module]").get_attribute("src")])


@pytest.mark.parametrize(
    ("base64", "has_alpha"),
    [
        ("4gcGRYxwh3eJeHeHeIiIh4eAhwh4", False),  # 90 by 60
        ("4gcGRAxwl3d4h3h3h3iHgIcIeA==", False),  # 40 by 80
        ("JAiCJQY30Jd6eHiHh4ewiAiLcHd4iIeIeA==", True),  # 60 by 60
    ],
)
def test_a_thumbhash_is_shown_as_the_picture_that_it_was_made_of(
    page: Page, server: Server, base64: str, has_alpha: bool
) -> None:
    """The picture is blue above and brown below, brighter to the right; with alpha it fades in from the left."""
    pixels = decoded(page, server, base64)
    errors = []
    for place in range(SIDE * SIDE):
        across, down = (place % SIDE + 0.5) / SIDE, (place // SIDE + 0.5) / SIDE
        expected = (60 + 100 * down + 60 * across, 110 - 10 * down + 60 * across, 180 - 120 * down + 40 * across)
        opacity = 255 * across if has_alpha else 255
        errors += [abs(pixels[4 * place + 3] - opacity)]
        if opacity > 128:  # of what is nearly transparent the color isn't kept
            errors += [abs(pixels[4 * place + channel] - expected[channel]) for channel in range(3)]
    assert sum(errors) / len(errors) < ERROR_MAX


@pytest.mark.parametrize("text", ["", "AAAA", "no base64!"])
def test_what_is_no_thumbhash_is_nothing(page: Page, server: Server, text: str) -> None:
    assert decoded(page, server, text) is None
