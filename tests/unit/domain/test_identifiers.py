import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_core.domain.errors import InvalidIdentifier
from spike_core.domain.identifiers import (
    ANONYMOUS,
    BODY_LENGTH,
    AlbumId,
    AlbumImageId,
    ApiKeyId,
    BatchId,
    EventId,
    Identifier,
    ImageId,
    JobId,
    OwnerId,
    RequestId,
    UserId,
    WebhookDeliveryId,
    WebhookId,
)

KINDS: list[type[Identifier]] = [UserId, *(kind for kind in Identifier.__subclasses__() if kind is not OwnerId)]
BODY = "ab1" * 8
kinds = st.sampled_from(KINDS)
bodies = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=BODY_LENGTH, max_size=BODY_LENGTH)


@pytest.mark.parametrize(
    ("kind", "prefix"),
    [
        (UserId, "user_"),
        (ImageId, "img_"),
        (JobId, "job_"),
        (AlbumId, "album_"),
        (AlbumImageId, "alb_img_"),
        (ApiKeyId, "key_"),
        (RequestId, "req_"),
        (BatchId, "batch-"),
        (EventId, "evt_"),
        (WebhookId, "hook_"),
        (WebhookDeliveryId, "dlv_"),
    ],
)
def test_prefixes_are_the_contracts(kind: type[Identifier], prefix: str) -> None:
    assert str(kind.of(BODY)) == prefix + BODY


def test_all_kinds_are_covered_above() -> None:
    assert len(KINDS) == 11


@given(kinds, bodies)
def test_an_identifier_is_parsed_back_to_itself(kind: type[Identifier], body: str) -> None:
    identifier = kind.of(body)
    assert kind.parse(str(identifier)) == identifier


@pytest.mark.parametrize(
    ("kind", "text"),
    [(ImageId, "img_anon_"), (JobId, "job_gen_"), (JobId, "job_mod_"), (JobId, "job_anon_")],
)
def test_the_longer_prefixes_are_taken_too(kind: type[Identifier], text: str) -> None:
    assert str(kind.parse(text + BODY)) == text + BODY


def test_ids_take_the_longer_prefixes() -> None:
    assert str(ImageId.of(BODY).anonymous()) == f"img_anon_{BODY}"
    assert [str(JobId.of(BODY).marked(mark)) for mark in ("gen", "mod", "anon")] == [
        f"job_gen_{BODY}",
        f"job_mod_{BODY}",
        f"job_anon_{BODY}",
    ]
    assert [ImageId.of(BODY).is_anonymous, ImageId.of(BODY).anonymous().is_anonymous] == [False, True]
    assert [JobId.of(BODY).is_anonymous, JobId.of(BODY).marked("anon").is_anonymous] == [False, True]


@given(kinds, kinds, bodies)
def test_a_kind_refuses_the_others_identifiers(kind: type[Identifier], other: type[Identifier], body: str) -> None:
    if kind is other:
        return
    with pytest.raises(InvalidIdentifier):
        kind.parse(str(other.of(body)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body", ["", BODY[1:], BODY + "a", BODY[1:] + "A", BODY[1:] + "-", BODY + "\n", BODY[1:] + "é", BODY[1:] + "٣"]
)
def test_a_wrong_body_is_refused(kind: type[Identifier], body: str) -> None:
    with pytest.raises(InvalidIdentifier) as refusal:
        kind.of(body)
    assert refusal.value.kind == kind.__name__


@given(kinds, st.text())
def test_any_text_is_refused_or_kept_as_it_is(kind: type[Identifier], text: str) -> None:
    try:
        identifier = kind.parse(text)
    except InvalidIdentifier:
        return
    assert str(identifier) == text


def test_identifiers_of_different_kinds_are_never_equal() -> None:
    assert len({kind.of(BODY) for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize(
    "text",
    ["42", "7f0c3c1e-9f5a-4b52-8d0a-5a5f0d1f6c11", "ada@example.org", "🦊", "%", "a/b", "..", "'\"\\", "é", "x" * 128],
)
def test_an_owner_may_have_any_printable_id(text: str) -> None:
    assert OwnerId.parse(text).text == text


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "a\n", "\x00", "\x7f", "\x85", "\xa0", "\u200b", "\u202e", "\u2028", "\ud800", "x" * 129],
)
def test_an_owners_id_has_no_space_and_nothing_invisible(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        OwnerId.parse(text)


@pytest.mark.parametrize("kind", [OwnerId, UserId])
def test_nobody_claims_the_id_of_the_anonymous_owner(kind: type[OwnerId]) -> None:
    with pytest.raises(InvalidIdentifier):
        kind.parse(ANONYMOUS.text)


def test_a_user_is_the_owner_with_the_same_id() -> None:
    user, owner = UserId.of(BODY), OwnerId.parse(f"user_{BODY}")
    assert (user == owner, owner == user, len({user, owner})) == (True, True, 1)
    assert user != ImageId.of(BODY)


@given(st.text(max_size=4), st.text(max_size=4))
def test_owners_are_sorted_by_code_points(one: str, other: str) -> None:
    """Whatever they are, as databases sort them too."""
    left, right = OwnerId(one), UserId(other)
    compared = (left < right, left <= right, left > right, left >= right)
    assert compared == (one < other, one <= other, one > other, one >= other)
