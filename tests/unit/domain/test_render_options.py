"""The options of an order."""

import pytest

from spike_core.domain.errors import InvalidValue
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import DEFAULT_OPTIONS, Mode, RenderOptions, parse_output_format


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("format", {"format": PictureFormat.GIF}),
        ("quality", {"quality": 0}),
        ("quality", {"quality": 101}),
        ("quality", {"quality": True}),
        ("quality", {"format": PictureFormat.PNG, "quality": 90}),
        ("strength", {"strength": -1}),
        ("strength", {"strength": 101}),
    ],
)
def test_options_out_of_range_are_refused_by_name(what: str, given: dict[str, object]) -> None:
    with pytest.raises(InvalidValue) as refused:
        RenderOptions(**given)  # type: ignore[arg-type]  # some are of a wrong type
    assert refused.value.what == what


@pytest.mark.parametrize("text", ["JPEG", "jpg", "gif", "tiff", "", "png "])
def test_other_formats_than_the_four_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="jpeg, png, webp, avif"):
        parse_output_format(text)


def test_an_engine_is_told_only_of_options_that_were_ordered() -> None:
    """An adapter that is older than the options goes on working."""
    assert RenderOptions().as_arguments == {}
    vivid = RenderOptions(mode=Mode.VIVID)
    assert vivid.as_arguments == {"options": vivid}
    assert RenderOptions(format=None, quality=None) == DEFAULT_OPTIONS
