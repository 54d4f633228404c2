import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.errors import InvalidIdentifier
from spike_core.domain.identifiers import BODY_LENGTH, ImageId, JobId
from spike_core.domain.objects import ObjectKey, PictureFormat

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
BODY = "a" * BODY_LENGTH

bodies = st.text(ALPHABET, min_size=BODY_LENGTH, max_size=BODY_LENGTH)
image_ids = st.builds(lambda kind, body: ImageId.parse(kind + body), st.sampled_from(["img_", "img_anon_"]), bodies)
job_ids = st.builds(
    lambda kind, body: JobId.parse(kind + body), st.sampled_from(["job_", "job_gen_", "job_mod_", "job_anon_"]), bodies
)
formats = st.sampled_from(PictureFormat)
attempts = st.integers(1, 999_999)


@given(image_ids, formats)
def test_an_originals_key_is_parsed_back_to_itself(image_id: ImageId, format_: PictureFormat) -> None:
    key = ObjectKey.of_original(image_id, format_)
    assert ObjectKey.parse(str(key)) == key
    assert (key.owner, key.format) == (image_id, format_)


@given(image_ids, formats, bodies)
def test_a_hidden_originals_key_is_parsed_back_to_itself(image_id: ImageId, format_: PictureFormat, body: str) -> None:
    key = ObjectKey.of_hidden_original(image_id, format_, body=body)
    assert ObjectKey.parse(str(key)) == key
    assert (key.owner, key.format, key.is_hidden) == (image_id, format_, True)
    assert not ObjectKey.of_original(image_id, format_).is_hidden


@given(job_ids, formats, attempts)
def test_a_results_key_is_parsed_back_to_itself(job_id: JobId, format_: PictureFormat, attempt: int) -> None:
    key = ObjectKey.of_result(job_id, format_, attempt=attempt)
    assert ObjectKey.parse(str(key)) == key
    assert (key.owner, key.format) == (job_id, format_)


@given(job_ids, formats)
def test_an_inputs_key_is_parsed_back_to_itself(job_id: JobId, format_: PictureFormat) -> None:
    key = ObjectKey.of_input(job_id, format_)
    assert ObjectKey.parse(str(key)) == key
    assert (key.owner, key.format) == (job_id, format_)


@given(job_ids, formats, attempts, attempts)
def test_attempts_never_share_a_key(job_id: JobId, format_: PictureFormat, one: int, other: int) -> None:
    keys = {ObjectKey.of_result(job_id, format_, attempt=attempt) for attempt in (one, other)}
    assert len(keys) == len({one, other})


def test_the_first_attempts_key_is_the_apis() -> None:
    job_id = JobId.of(BODY)
    assert str(ObjectKey.of_result(job_id, PictureFormat.JPEG, attempt=1)) == f"enhanced/{job_id}.jpg"
    assert str(ObjectKey.of_result(job_id, PictureFormat.JPEG, attempt=2)) == f"enhanced/{job_id}-2.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "images/",
        "images/../x.jpg",
        "images/..",
        "../images/x.jpg",
        f"/images/img_{BODY}.jpg",
        f"images//img_{BODY}.jpg",
        f"images\\img_{BODY}.jpg",
        f"images/img_{BODY}",
        f"images/img_{BODY}.",
        f"images/img_{BODY}.exe",
        f"images/img_{BODY}-{BODY}.jpg",
        f"originals/img_{BODY}.jpg",
        f"originals/img_{BODY}-2.jpg",
        f"originals/img_{BODY}-{BODY}0.jpg",
        f"originals/job_{BODY}-{BODY}.jpg",
        f"enhanced/job_{BODY}-{BODY}.jpg",
        f"images/img_{BODY}.JPG",
        f"images/img_{BODY}.jpeg",
        f"images/img_{BODY}.jpg.jpg",
        f"images/img_{BODY}.jpg\n",
        f"images/img_{BODY}.jpg\x00",
        f"images/img_{BODY}.jpg/..",
        f" images/img_{BODY}.jpg",
        f"Images/img_{BODY}.jpg",
        f"images/img_{BODY.upper()}.jpg",
        f"images/img_{BODY[1:]}.jpg",
        f"images/img_{BODY}a.jpg",
        f"images/img_{BODY}-2.jpg",
        f"images/job_{BODY}.jpg",
        f"enhanced/img_{BODY}.jpg",
        f"enhanced/job_{BODY}-.jpg",
        f"enhanced/job_{BODY}-0.jpg",
        f"enhanced/job_{BODY}-1.jpg",
        f"enhanced/job_{BODY}-02.jpg",
        f"enhanced/job_{BODY}-1000000.jpg",
        f"enhanced/job_{BODY}-\N{ARABIC-INDIC DIGIT TWO}.jpg",
        f"enhanced/job_{BODY}-2-3.jpg",
        f"enhanced/job_{BODY}%2e%2e.jpg",
    ],
)
def test_what_spike_never_made_is_no_key(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        ObjectKey.parse(text)


@given(st.text() | st.from_regex(r"(images|enhanced)/(img|job)_[a-z0-9]{24}(-[0-9]{1,3})?\.(jpg|png|tiff)"))
def test_a_text_that_parses_is_one_that_spike_makes(text: str) -> None:
    try:
        key = ObjectKey.parse(text)
    except InvalidIdentifier:
        return
    owner = key.owner
    if isinstance(owner, ImageId):
        made = {ObjectKey.of_original(owner, key.format)}
    else:
        made = {ObjectKey.of_result(owner, key.format, attempt=attempt) for attempt in range(1, 1000)}
    assert key in made


@pytest.mark.parametrize(
    ("format_", "extension", "media_type"),
    [
        (PictureFormat.JPEG, "jpg", "image/jpeg"),
        (PictureFormat.PNG, "png", "image/png"),
        (PictureFormat.WEBP, "webp", "image/webp"),
        (PictureFormat.GIF, "gif", "image/gif"),
        (PictureFormat.AVIF, "avif", "image/avif"),
        (PictureFormat.TIFF, "tiff", "image/tiff"),
        (PictureFormat.HEIC, "heic", "image/heic"),
    ],
)
def test_each_format_has_its_extension_and_media_type(format_: PictureFormat, extension: str, media_type: str) -> None:
    assert (format_.extension, format_.media_type) == (extension, media_type)


def test_all_formats_are_covered_above() -> None:
    assert len(PictureFormat) == 7
    assert len({format_.extension for format_ in PictureFormat}) == 7
