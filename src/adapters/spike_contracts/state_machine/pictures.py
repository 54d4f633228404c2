"""Uploads: single, in batches, and anonymous."""

import io

from hypothesis import strategies as st
from hypothesis.stateful import rule

from spike_contracts.state_machine.faults import ACCEPTABLE, PICTURES, Trouble, pictures, troubles
from spike_contracts.state_machine.world import World
from spike_core.domain.identifiers import AlbumId, OwnerId
from spike_core.domain.images import ImageName
from spike_core.services.batch_uploads import KeptFile, NamedFile, UploadedBatch

FILES_MAX = 4
NAME = ImageName("photo.jpg")


class Uploading(World):
    """Uploads."""

    @rule(picture=pictures, data=st.data(), trouble=troubles)
    def upload(self, picture: str, data: st.DataObject, trouble: Trouble) -> None:
        owner_id, album_id = self._where(data)
        uploaded = self.attempt(
            trouble,
            lambda: self.spike.images.uploads.upload(
                owner_id, name=NAME, content=io.BytesIO(PICTURES[picture]), album_id=album_id
            ),
        )
        assert uploaded is None or picture in ACCEPTABLE
        self._note_arrival(album_id, possible={0, 1} if uploaded is None else {1})

    @rule(
        files=st.lists(pictures, min_size=1, max_size=FILES_MAX),
        data=st.data(),
        trouble=troubles,
    )
    def upload_a_batch(self, files: list[str], data: st.DataObject, trouble: Trouble) -> None:
        """All acceptable files are stored and charged together, or none."""
        owner_id, album_id = self._where(data)
        batch: UploadedBatch | None = self.attempt(
            trouble,
            lambda: self.spike.images.batch_uploads.upload(
                owner_id,
                files=[NamedFile(filename=name, name=NAME, content=io.BytesIO(PICTURES[name])) for name in files],
                album_id=album_id,
            ),
        )
        wanted = sum(name in ACCEPTABLE for name in files)
        if batch is None:
            self._note_arrival(album_id, possible={0, wanted})
            return
        kept = [file for file in batch.files if isinstance(file, KeptFile)]
        assert [file.filename for file in batch.files] == files, "each file is answered, in order"
        assert all(file.filename in ACCEPTABLE for file in kept)
        assert kept or self.look() == self.now, "I7: if no file is stored, nothing has changed"
        self._note_arrival(album_id, possible={len(kept)})

    @rule(picture=pictures, trouble=troubles)
    def upload_anonymously(self, picture: str, trouble: Trouble) -> None:
        image = self.attempt(
            trouble,
            lambda: self.spike.images.uploads.upload_anonymously(name=NAME, content=io.BytesIO(PICTURES[picture])),
        )
        assert image is None or picture in ACCEPTABLE
        self._note_arrival(None, possible={0, 1} if image is None else {1})

    def _where(self, data: st.DataObject) -> tuple[OwnerId, AlbumId | None]:
        """Return the uploader, and the album."""
        if not self.now.albums or data.draw(st.booleans(), label="without an album"):
            return data.draw(st.sampled_from(self.owners), label="who"), None
        return self.about_an_album(data)

    def _note_arrival(self, album_id: AlbumId | None, *, possible: set[int]) -> None:
        """Record the new images, which are now last in the album; their number must be `possible`."""
        fresh = tuple(sorted(set(self.look().images) - set(self.now.images)))  # ids are drawn in order
        assert len(fresh) in possible, "all or nothing"
        if album_id is not None and fresh:
            self.orders = {**self.orders, album_id: (*self.orders[album_id], *fresh)}
