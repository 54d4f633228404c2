import pytest
from attrs import evolve

from builders import an_album, an_owner
from spike_core.domain.albums import Privacy
from spike_core.domain.errors import Forbidden, InvalidValue
from spike_core.domain.tiers import Tier


def test_an_albums_default_tier_cannot_be_free() -> None:
    with pytest.raises(InvalidValue, match="FREE"):
        an_album(default_tier=Tier.FREE)
    with pytest.raises(InvalidValue, match="FREE"):
        evolve(an_album(), default_tier=Tier.FREE)


@pytest.mark.parametrize("tier", [tier for tier in Tier if tier is not Tier.FREE])
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
