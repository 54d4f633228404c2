"""Laws every Metadata keeps."""

import io

import pytest

from spike_contracts.probe import MakePicture
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UnacceptablePicture
from spike_core.domain.objects import PictureFormat
from spike_core.ports.metadata import Metadata
from spike_core.ports.probe import ImageProbe

SIZE = Dimensions(width_px=160, height_px=90)
LOCATED = [
    PictureFormat.JPEG,
    PictureFormat.PNG,
    PictureFormat.WEBP,
    PictureFormat.AVIF,
    PictureFormat.TIFF,
    PictureFormat.HEIC,
]


def public(metadata: Metadata, data: bytes) -> bytes:
    content = io.BytesIO(data)
    with metadata.public(content) as shown:
        assert shown.seekable()
        result = shown.read()
    assert content.tell() == 0, "rewound"
    return result


class MetadataContract:
    """Needs the fixtures `metadata`, `probe` and `make_picture`; the flaw `located` is metadata with a location."""

    @pytest.mark.parametrize("format_", LOCATED)
    def test_the_place_is_taken_out_and_the_picture_stays(
        self, metadata: Metadata, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        original = make_picture(SIZE, format_, "located")
        before = probe.inspect(io.BytesIO(original))
        published = public(metadata, original)
        after = probe.inspect(io.BytesIO(published))
        assert (before.has_location, after.has_location) == (True, False)
        assert (after.format, after.dimensions) == (before.format, before.dimensions)
        assert probe.compare(io.BytesIO(published), io.BytesIO(original)).flaw == ""

    @pytest.mark.parametrize("format_", PictureFormat)
    def test_what_tells_no_place_may_be_published_too(
        self, metadata: Metadata, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        original = make_picture(SIZE, format_)
        after = probe.inspect(io.BytesIO(public(metadata, original)))
        assert (after.format, after.dimensions, after.has_location) == (format_, SIZE, False)

    @pytest.mark.parametrize("data", [b"", b"junk" * 99])
    def test_what_is_no_picture_is_refused(self, metadata: Metadata, data: bytes) -> None:
        with pytest.raises(UnacceptablePicture):
            public(metadata, data)

    @pytest.mark.parametrize("format_", LOCATED)
    def test_a_result_never_gets_the_place(
        self, metadata: Metadata, probe: ImageProbe, make_picture: MakePicture, format_: PictureFormat
    ) -> None:
        original, result = io.BytesIO(make_picture(SIZE, format_, "located")), make_picture(SIZE)
        with_metadata = metadata.with_metadata(result, original=original)
        assert original.tell() == 0, "rewound"
        assert not probe.inspect(io.BytesIO(with_metadata)).has_location

    @pytest.mark.parametrize("original", [b"", b"junk"])
    def test_a_result_stays_as_it_is_where_its_original_tells_nothing(
        self, metadata: Metadata, make_picture: MakePicture, original: bytes
    ) -> None:
        result = make_picture(SIZE)
        for content in (original, make_picture(SIZE)):
            assert metadata.with_metadata(result, original=io.BytesIO(content)) == result

    @pytest.mark.parametrize("stored", ["rotated", "profiled"])
    def test_what_is_needed_to_display_it_stays(
        self, metadata: Metadata, probe: ImageProbe, make_picture: MakePicture, stored: str
    ) -> None:
        """Orientation and color profile."""
        published = public(metadata, make_picture(SIZE, flaw=stored))
        assert probe.inspect(io.BytesIO(published)).dimensions == SIZE
        assert probe.compare(io.BytesIO(published), io.BytesIO(make_picture(SIZE))).flaw == ""
