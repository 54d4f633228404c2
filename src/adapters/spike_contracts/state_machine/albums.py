"""Albums: created, arranged and deleted. Each operation has its whole effect on all orders, or none (I9)."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from spike_contracts.state_machine.faults import Trouble, troubles
from spike_contracts.state_machine.snapshot import Orders
from spike_contracts.state_machine.world import World
from spike_core.domain.album_order import moved_to_end, without
from spike_core.domain.albums import AlbumName, AlbumPatch
from spike_core.domain.identifiers import AlbumId, ImageId, OwnerId
from spike_core.domain.tiers import Tier
from spike_core.services.albums import NewAlbum

ALBUMS_MAX = 6  # of both users: few, so that moves collide
ALBUMS_LEFT = 2
PAID = [Tier.TIER_1K, Tier.TIER_2K, Tier.TIER_4K]


class Arranging(World):
    """Requests about albums."""

    @precondition(lambda self: len(self.orders) < ALBUMS_MAX)
    @rule(who=st.integers(0, 1), tier=st.sampled_from(PAID), auto_enhance=st.booleans(), trouble=troubles)
    def make_an_album(self, who: int, tier: Tier, auto_enhance: bool, trouble: Trouble) -> None:
        def make() -> object:
            wanted = NewAlbum(name=AlbumName("Trip"), default_tier=tier, auto_enhance=auto_enhance)
            return self.spike.albums.create(self.owners[who], wanted)

        made = self.attempt(trouble, make)
        fresh = set(self.look().albums) - set(self.orders)
        assert len(fresh) in ({0, 1} if made is None else {1})
        self.orders = {**self.orders, **dict.fromkeys(fresh, ())}

    @precondition(lambda self: self.now.albums and self.now.image_ids)
    @rule(data=st.data(), trouble=troubles)
    def move_images(self, data: st.DataObject, trouble: Trouble) -> None:
        who, target = self.about_an_album(data)
        chosen = self.images_for(data, self.now.albums[target].owner_id)
        source = data.draw(st.none() | st.sampled_from(sorted(self.orders)), label="source")
        after = dict(self.orders)
        if source is not None and source != target:
            after[source] = without(after[source], chosen)
        after[target] = moved_to_end(after[target], chosen)
        self._arrange(
            trouble,
            lambda: self.spike.album_contents.move(who, chosen, target=target, source=source),
            after=after,
        )

    @precondition(lambda self: any(self.orders.values()))
    @rule(data=st.data(), trouble=troubles)
    def take_images_out(self, data: st.DataObject, trouble: Trouble) -> None:
        who, album_id = self._about_a_filled_album(data)
        chosen = data.draw(st.lists(self._mostly_members(album_id), min_size=1, max_size=4), label="images")
        after = {**self.orders, album_id: without(self.orders[album_id], chosen)}
        self._arrange(
            trouble,
            lambda: self.spike.album_contents.remove(who, chosen, album_id=album_id),
            after=after,
        )

    @precondition(lambda self: any(self.orders.values()))
    @rule(data=st.data(), trouble=troubles)
    def put_images_in_another_order(self, data: st.DataObject, trouble: Trouble) -> None:
        who, album_id = self._about_a_filled_album(data)
        wanted = data.draw(st.permutations(self.orders[album_id]), label="order")
        self._arrange(
            trouble,
            lambda: self.spike.album_contents.rearrange(who, wanted, album_id=album_id),
            after={**self.orders, album_id: tuple(wanted)},
        )

    @precondition(lambda self: any(self.orders.values()))
    @rule(data=st.data(), trouble=troubles)
    def choose_a_cover(self, data: st.DataObject, trouble: Trouble) -> None:
        who, album_id = self._about_a_filled_album(data)
        cover = data.draw(self._mostly_members(album_id), label="cover")
        changes = AlbumPatch(cover_image_id=cover)
        changed = self.attempt(trouble, lambda: self.spike.albums.change(who, album_id, changes))
        assert changed is None or cover in self.orders[album_id]

    @precondition(lambda self: len(self.orders) > ALBUMS_LEFT)
    @rule(data=st.data(), trouble=troubles)
    def delete_an_album(self, data: st.DataObject, trouble: Trouble) -> None:
        who, album_id = self.about_an_album(data)

        def delete() -> str:
            self.spike.albums.remove(who, album_id)
            return "deleted"

        after = {id_: order for id_, order in self.orders.items() if id_ != album_id}
        self._arrange(trouble, delete, after=after)
        assert self.look().images == self.now.images, "an album's images are kept"

    def _arrange(self, trouble: Trouble, action: Callable[[], object], *, after: Orders) -> None:
        done = self.attempt(trouble, action)
        stored = self.look().orders
        assert stored == after if done is not None else stored in (self.orders, after), "I9: a move loses nothing"
        self.orders = stored

    def _about_a_filled_album(self, data: st.DataObject) -> tuple[OwnerId, AlbumId]:
        album_id = data.draw(st.sampled_from([id_ for id_, order in self.orders.items() if order]), label="album")
        return self.sender(data, self.now.albums[album_id].owner_id), album_id

    def _mostly_members(self, album_id: AlbumId) -> st.SearchStrategy[ImageId]:
        members = list(self.orders[album_id])
        return st.sampled_from(members) | st.sampled_from(members) | st.sampled_from(self.now.image_ids)
