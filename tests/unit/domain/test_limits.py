from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.limits import (
    ALBUM_NAME_CHARS_MAX,
    FILE_NAME_CHARS_MAX,
    IMAGES_PER_MOVE_MAX,
    PAGE_SIZE,
    PAGE_SIZE_MAX,
    PICTURE_PIXELS_MAX,
    UPLOAD_BYTES_MAX,
    JobLimits,
    UploadLimits,
)


def test_the_limits_are_the_contracts() -> None:
    assert (UPLOAD_BYTES_MAX, PICTURE_PIXELS_MAX, FILE_NAME_CHARS_MAX) == (10_485_760, 50_000_000, 255)
    assert (ALBUM_NAME_CHARS_MAX, IMAGES_PER_MOVE_MAX) == (100, 100)
    assert 1 <= PAGE_SIZE <= PAGE_SIZE_MAX


def test_a_larger_picture_gets_more_time_and_memory_and_a_smaller_one_no_less() -> None:
    large = UploadLimits(pixels=125_000_000, source_bytes=50 * 2**20)
    assert (float(large.largest_share), large.fetch_time) == (2.5, timedelta(seconds=50))
    small = UploadLimits(pixels=1, source_bytes=1)
    assert (float(small.largest_share), small.fetch_time) == (1.0, timedelta(seconds=20))


@pytest.mark.parametrize(
    "wrong",
    [{"file_bytes": 0}, {"pixels": 200_000_001}, {"batch_files": 101}, {"file_bytes": 51 * 2**20}],
    ids=["nothing", "too many pixels", "too many files", "larger than a batch"],
)
def test_impossible_limits_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must be (>= 1|<= )|smaller than one file"):
        UploadLimits(**wrong)


def test_the_delay_doubles_from_the_second_attempt_on() -> None:
    limits = JobLimits(retry_delay=timedelta(seconds=5))
    assert [limits.delay_before(attempt).seconds for attempt in (1, 2, 3, 4, 5)] == [5, 5, 10, 20, 40]


@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=30)))
def test_an_uploads_row_is_always_there_before_its_object_is_an_orphan(orphan_age: timedelta) -> None:
    assert 2 * JobLimits(orphan_age=orphan_age).upload_time_max <= orphan_age + timedelta(microseconds=1)
    assert JobLimits(orphan_age=orphan_age).upload_time_max < orphan_age


@pytest.mark.parametrize("wrong", [{"attempts_max": 0}, {"crashes_max": 0}])
def test_every_job_gets_an_attempt(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be >= 1"):
        JobLimits(**wrong)  # type: ignore[arg-type]  # of the fields named, both are numbers
