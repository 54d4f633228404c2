"""A large picture that is a file is read by the child itself."""

import functools
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np
import pytest
from PIL import Image

from forked_children import forked_children
from pictures import encoded
from sandboxes import a_sandbox
from spike_core.domain.dimensions import Dimensions
from spike_core.domain.errors import UndecodablePicture
from spike_core.domain.objects import PictureFormat
from spike_pillow import classical_engine
from spike_sandbox import Sandbox
from spike_sandbox.files import FILE_BYTES_MIN, as_file

SIDE_PX: Final = 700
NOISE: Final = np.random.default_rng(0).integers(0, 256, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
SIZE: Final = Dimensions(width_px=SIDE_PX, height_px=SIDE_PX)


@functools.cache
def a_large_picture() -> bytes:
    data = encoded(Image.fromarray(NOISE), PictureFormat.PNG)
    assert len(data) > FILE_BYTES_MIN, "the picture isn't what these tests are about"
    return data


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with forked_children(), a_sandbox(classical_engine) as sandbox:
        yield sandbox


@pytest.fixture(params=["in memory", "a file", "a spool"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BinaryIO]:
    match request.param:
        case "in memory":
            yield io.BytesIO(a_large_picture())
        case "a file":
            (tmp_path / "large.png").write_bytes(a_large_picture())
            with (tmp_path / "large.png").open("rb") as file:
                yield file
        case _:
            with tempfile.SpooledTemporaryFile(max_size=1000) as spool:
                spool.write(a_large_picture())
                spool.seek(0)
                yield cast("BinaryIO", spool)


def test_a_large_picture_is_told_wherever_it_is(sandbox: Sandbox, large: BinaryIO) -> None:
    for _ in range(2):
        assert sandbox.engine.probe.identify(large).dimensions == SIZE
        assert large.tell() == 0


def test_two_pictures_that_are_files_keep_their_order(sandbox: Sandbox, tmp_path: Path) -> None:
    for name, shade in (("one", 200), ("other", 40)):
        noise = np.where(NOISE > 127, NOISE // 8 + shade, NOISE // 7 + shade).astype(np.uint8)
        (tmp_path / name).write_bytes(encoded(Image.fromarray(noise), PictureFormat.PNG))
    size = Dimensions(width_px=64, height_px=64)
    with (tmp_path / "one").open("rb") as one, (tmp_path / "other").open("rb") as other:
        mixed = sandbox.engine.blender.blend(one, other, size=size)
    in_memory = [io.BytesIO((tmp_path / name).read_bytes()) for name in ("one", "other")]
    assert mixed == sandbox.engine.blender.blend(*in_memory, size=size)


def test_a_file_is_read_from_where_it_stands(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "behind.png").write_bytes(b"junk" + a_large_picture())
    with (tmp_path / "behind.png").open("rb") as file:
        file.seek(4)
        assert sandbox.engine.probe.identify(file).dimensions == SIZE


def test_a_large_file_that_is_cut_off_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(a_large_picture()[:FILE_BYTES_MIN])
    with (tmp_path / "cut.png").open("rb") as file, pytest.raises(UndecodablePicture):
        sandbox.engine.probe.identify(file)


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="no /proc: the picture is sent")  # noqa: PTH110
def test_what_a_child_is_handed_can_be_read_and_not_written() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(a_large_picture())
        with as_file(cast("BinaryIO", file)) as descriptor:
            assert descriptor is not None
            assert os.pread(descriptor, 8, 0) == a_large_picture()[:8]
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.write(descriptor, b"other")


def test_what_is_small_or_in_memory_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"small")
    with (
        (tmp_path / "small").open("rb") as file,
        as_file(file) as small,
        as_file(io.BytesIO(a_large_picture())) as in_memory,
    ):
        assert (small, in_memory) == (None, None)
