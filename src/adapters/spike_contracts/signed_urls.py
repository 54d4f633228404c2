"""Laws that every store keeps if the service itself serves its objects."""

from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from attrs import frozen
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from spike_contracts.builders import a_job_id, an_image_id
from spike_core.domain.errors import InvalidLink
from spike_core.domain.objects import ObjectKey, PictureFormat
from spike_core.ports.blobs import BlobStore
from spike_core.ports.signed_urls import SignedUrls
from spike_memory import ManualClock

HOUR: Final = timedelta(hours=1)
LONGER_MAX: Final = timedelta(minutes=15)  # than requested; half of what is requested, if that is longer

KEYS: Final = tuple(
    key
    for format_ in PictureFormat
    for key in (
        ObjectKey.of_original(an_image_id(), format_),
        ObjectKey.of_result(a_job_id(), format_, attempt=1),
        ObjectKey.of_result(a_job_id(), format_, attempt=2),
    )
)

# examples don't change the stores' state, and several adapters run the contract
on_one_store = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors], deadline=None
)


@frozen(kw_only=True)
class Link:
    """The parts of a signed URL."""

    path: str
    expires: str
    signature: str


def the_link(blobs: BlobStore, key: ObjectKey, *, valid_for: timedelta = HOUR) -> Link:
    parts = urlsplit(blobs.url(key, valid_for=valid_for))
    query = parse_qs(parts.query, strict_parsing=True)
    assert set(query) == {"expires", "signature"}
    return Link(path=parts.path, expires=query["expires"][0], signature=query["signature"][0])


class SignedUrlsContract:
    """The adapter's test provides the fixtures `blobs` and `links`, of one store, and `clock`, the store's clock."""

    @pytest.mark.parametrize("key", KEYS, ids=str)
    def test_a_link_of_our_own_is_accepted(self, blobs: BlobStore, links: SignedUrls, key: ObjectKey) -> None:
        link = the_link(blobs, key)
        assert link.path == f"/files/{key}"
        links.check(key, expires=link.expires, signature=link.signature)

    def test_a_link_to_an_attachment_is_a_link_that_asks_for_one(
        self, blobs: BlobStore, links: SignedUrls, clock: ManualClock
    ) -> None:
        """The parameter isn't signed: it changes the response's disposition and nothing else."""
        clock.advance(HOUR)
        plain = blobs.url(KEYS[0], valid_for=HOUR)
        assert blobs.attachment_url(KEYS[0], content_disposition="attachment", valid_for=HOUR) == f"{plain}&download=1"
        link = the_link(blobs, KEYS[0])
        links.check(KEYS[0], expires=link.expires, signature=link.signature)

    def test_a_link_is_valid_as_long_as_was_asked_for(
        self, blobs: BlobStore, links: SignedUrls, clock: ManualClock
    ) -> None:
        link = the_link(blobs, KEYS[0], valid_for=HOUR)
        clock.advance(HOUR - timedelta(microseconds=1))
        links.check(KEYS[0], expires=link.expires, signature=link.signature)

    def test_a_link_stays_the_same_for_a_while(self, blobs: BlobStore, links: SignedUrls, clock: ManualClock) -> None:
        """Browsers cache what it leads to by its URL."""
        found = []
        for _ in range(10):
            found.append(the_link(blobs, KEYS[0]))
            clock.advance(timedelta(seconds=10))
        assert len(set(found)) <= 2
        for link in found:
            links.check(KEYS[0], expires=link.expires, signature=link.signature)

    def test_a_link_expires(self, blobs: BlobStore, links: SignedUrls, clock: ManualClock) -> None:
        link = the_link(blobs, KEYS[0], valid_for=HOUR)
        clock.advance(HOUR + HOUR / 2)
        with pytest.raises(InvalidLink):
            links.check(KEYS[0], expires=link.expires, signature=link.signature)

    @given(seconds=st.integers(0, 10**7), valid_for_s=st.integers(1, 10**7))
    @on_one_store
    def test_no_time_of_day_makes_a_link_expire_early_or_late(
        self, blobs: BlobStore, links: SignedUrls, clock: ManualClock, seconds: int, valid_for_s: int
    ) -> None:
        clock.advance(timedelta(seconds=seconds))
        link = the_link(blobs, KEYS[0], valid_for=timedelta(seconds=valid_for_s))
        clock.advance(timedelta(seconds=valid_for_s, microseconds=-1))
        links.check(KEYS[0], expires=link.expires, signature=link.signature)
        clock.advance(max(LONGER_MAX, timedelta(seconds=valid_for_s) / 2))
        with pytest.raises(InvalidLink):
            links.check(KEYS[0], expires=link.expires, signature=link.signature)

    @given(kept=st.sampled_from(KEYS), other=st.sampled_from(KEYS))
    @on_one_store
    def test_a_link_opens_no_other_object(
        self, blobs: BlobStore, links: SignedUrls, kept: ObjectKey, other: ObjectKey
    ) -> None:
        assume(kept != other)
        link = the_link(blobs, kept)
        with pytest.raises(InvalidLink):
            links.check(other, expires=link.expires, signature=link.signature)

    @given(expires=st.integers().map(str) | st.text() | st.from_regex(r"\d{10}", fullmatch=True))
    @on_one_store
    def test_another_expiry_is_refused(self, blobs: BlobStore, links: SignedUrls, expires: str) -> None:
        link = the_link(blobs, KEYS[0])
        assume(expires != link.expires)
        with pytest.raises(InvalidLink):
            links.check(KEYS[0], expires=expires, signature=link.signature)

    @pytest.mark.parametrize("spelling", ["0{}", "+{}", " {}", "{} ", "{}\n", "{}.0", "{}e0", "-{}", "", "{}{}"])
    def test_another_spelling_of_the_expiry_is_refused(
        self, blobs: BlobStore, links: SignedUrls, spelling: str
    ) -> None:
        link = the_link(blobs, KEYS[0])
        with pytest.raises(InvalidLink):
            links.check(KEYS[0], expires=spelling.format(*2 * [link.expires]), signature=link.signature)

    @given(signature=st.text() | st.text("0123456789abcdef", min_size=64, max_size=64))
    @on_one_store
    def test_a_guessed_signature_is_refused(self, blobs: BlobStore, links: SignedUrls, signature: str) -> None:
        link = the_link(blobs, KEYS[0])
        assume(signature != link.signature)
        with pytest.raises(InvalidLink):
            links.check(KEYS[0], expires=link.expires, signature=signature)

    @given(data=st.data())
    @on_one_store
    def test_one_character_of_the_signature_matters(
        self, blobs: BlobStore, links: SignedUrls, data: st.DataObject
    ) -> None:
        link = the_link(blobs, KEYS[0])
        place = data.draw(st.integers(0, len(link.signature) - 1), "place")
        letter = data.draw(st.characters(), "letter")
        assume(letter != link.signature[place])
        changed = link.signature[:place] + letter + link.signature[place + 1 :]
        with pytest.raises(InvalidLink):
            links.check(KEYS[0], expires=link.expires, signature=changed)

    @pytest.mark.parametrize("signature", ["", "ä" * 64, "\u0660" * 64, "\ud800" * 64, "\0" * 64])
    def test_a_signature_in_other_alphabets_is_refused(
        self, blobs: BlobStore, links: SignedUrls, signature: str
    ) -> None:
        link = the_link(blobs, KEYS[0])
        with pytest.raises(InvalidLink):
            links.check(KEYS[0], expires=link.expires, signature=signature)

    def test_a_signature_in_capitals_or_cut_short_is_refused(self, blobs: BlobStore, links: SignedUrls) -> None:
        link = the_link(blobs, KEYS[0])
        for signature in (link.signature.upper(), link.signature[:-1], link.signature + "0", link.signature + "\n"):
            with pytest.raises(InvalidLink):
                links.check(KEYS[0], expires=link.expires, signature=signature)
