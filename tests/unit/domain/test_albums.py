from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from spike_contracts.builders import NOON, an_album, an_image_id, an_owner
from spike_core.domain.albums import AlbumDescription, AlbumName, AlbumPatch, Privacy
from spike_core.domain.catalog import SPECIFIED
from spike_core.domain.errors import Forbidden, InvalidValue, Unauthenticated
from spike_core.domain.limits import ALBUM_DESCRIPTION_CHARS_MAX, ALBUM_NAME_CHARS_MAX
from spike_core.domain.secrets import Secret
from spike_core.domain.tiers import Tier


def test_an_albums_default_tier_cannot_be_free() -> None:
    with pytest.raises(InvalidValue, match="FREE"):
        an_album(default_tier=Tier.FREE)
    with pytest.raises(InvalidValue, match="FREE"):
        evolve(an_album(), default_tier=Tier.FREE)


@pytest.mark.parametrize("tier", [tier for tier in SPECIFIED.tiers if tier != Tier.FREE])
def test_every_paid_tier_can_be_the_default(tier: Tier) -> None:
    assert an_album(default_tier=tier).default_tier is tier


def test_albums_are_private_and_enhance_by_themselves_unless_told_otherwise() -> None:
    album = an_album()
    assert (album.privacy, album.default_tier, album.auto_enhance) == (Privacy.PRIVATE, Tier.TIER_1K, True)


def test_only_the_owner_gets_the_album() -> None:
    album = an_album()
    assert album.owned_by(album.owner_id) is album
    with pytest.raises(Forbidden):
        album.owned_by(an_owner())


def test_privacies_have_the_apis_names() -> None:
    assert [privacy.value for privacy in Privacy] == ["PRIVATE", "UNLISTED", "PUBLIC"]


def test_an_unknown_privacy_is_refused() -> None:
    assert [Privacy.parse(privacy.value) for privacy in Privacy] == list(Privacy)
    for text in ("", "public", "SECRET"):
        with pytest.raises(InvalidValue, match="privacy must be one of PRIVATE, UNLISTED, PUBLIC"):
            Privacy.parse(text)


@pytest.mark.parametrize("text", ["x", "Ferien in Übersee", "休暇 🏖", " a ", "x" * ALBUM_NAME_CHARS_MAX])
def test_a_name_of_one_line_is_kept_as_it_is(text: str) -> None:
    assert str(AlbumName.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", " ", "\t", "\u3000", "a\nb", "a\0", "\x7f", "\x85", "\u2028", "\ud800", "x" * (ALBUM_NAME_CHARS_MAX + 1)],
)
def test_a_name_that_is_blank_long_or_not_one_line_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="name must have 1 to 100 characters"):
        AlbumName.parse(text)


@pytest.mark.parametrize("text", ["", "a\r\n\tb", "x" * ALBUM_DESCRIPTION_CHARS_MAX])
def test_a_description_may_have_lines(text: str) -> None:
    assert str(AlbumDescription.parse(text)) == text


@pytest.mark.parametrize("text", ["\0", "\x1b[31m", "\ud800", "x" * (ALBUM_DESCRIPTION_CHARS_MAX + 1)])
def test_a_description_that_is_long_or_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="description must have at most 2000 characters"):
        AlbumDescription.parse(text)


@given(st.text(max_size=3) | st.just("s" * 43))
def test_only_the_share_token_itself_opens_an_unlisted_album(text: str) -> None:
    album = evolve(an_album(), privacy=Privacy.UNLISTED, share_token=Secret("s" * 43))
    if text == "s" * 43:
        assert album.visible_to(None, share_token=Secret(text)) is album
    else:
        with pytest.raises(Unauthenticated):
            album.visible_to(None, share_token=Secret(text))
        with pytest.raises(Forbidden):
            album.visible_to(an_owner(), share_token=Secret(text))


def test_an_unlisted_album_without_a_token_is_its_owners_alone() -> None:
    """Such rows may be older than share tokens."""
    album = evolve(an_album(), privacy=Privacy.UNLISTED)
    assert album.visible_to(album.owner_id, share_token=None) is album
    for token in (None, Secret("")):
        with pytest.raises(Unauthenticated):
            album.visible_to(None, share_token=token)


def test_a_token_that_was_kept_does_not_open_a_private_album() -> None:
    album = evolve(an_album(), share_token=Secret("s" * 43))
    with pytest.raises(Unauthenticated):
        album.visible_to(None, share_token=Secret("s" * 43))


@pytest.mark.parametrize("before", Privacy)
@pytest.mark.parametrize("after", Privacy)
def test_an_album_has_a_share_token_exactly_while_it_is_unlisted(before: Privacy, after: Privacy) -> None:
    old = Secret("o" * 43) if before is Privacy.UNLISTED else None
    album = evolve(an_album(), privacy=before, share_token=old)
    changed = album.change(AlbumPatch(privacy=after), fresh_token=Secret("n" * 43), now=NOON)
    if after is Privacy.UNLISTED:
        assert changed.share_token == (old or Secret("n" * 43))
    else:
        assert changed.share_token is None


def test_a_change_that_changes_nothing_is_no_change() -> None:
    album = an_album()
    later = NOON + timedelta(hours=1)
    changes = AlbumPatch(name=album.name, auto_enhance=album.auto_enhance, cover_image_id=None)
    assert album.change(changes, fresh_token=Secret("n" * 43), now=later) is album


def test_a_cover_is_taken_off_with_its_image_only() -> None:
    cover, later = an_image_id(), NOON + timedelta(hours=1)
    album = evolve(an_album(), cover_image_id=cover)
    assert album.without_cover(frozenset({an_image_id()}), now=later) is album
    assert album.without_cover(frozenset({cover}), now=later) == evolve(album, cover_image_id=None, updated_at=later)


def test_a_share_token_is_not_in_what_logs_show() -> None:
    assert "s" * 43 not in repr(evolve(an_album(), share_token=Secret("s" * 43)))
