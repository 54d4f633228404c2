"""Images in memory."""

from collections.abc import Collection, Mapping, Sequence

from attrs import evolve, frozen

from spike_core.domain.cursors import ImageCursor
from spike_core.domain.errors import ImageNotFound, InvariantViolated
from spike_core.domain.identifiers import ImageId, OwnerId
from spike_core.domain.images import Image
from spike_memory.state import Rows


@frozen
class MemoryImages:
    """See the port."""

    _rows: Rows

    def add(self, *images: Image) -> None:
        """Store new images."""
        state = self._rows.check_writable()
        for image in images:
            if image.id in state.images:
                raise InvariantViolated("a new image's id is new")
            state.images[image.id] = image

    def get(self, image_id: ImageId) -> Image:
        """Return the image."""
        try:
            return self._rows.state.images[image_id]
        except KeyError as error:
            raise ImageNotFound from error

    def find(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, Image]:
        """Return those that exist."""
        images = self._rows.state.images
        return {image_id: images[image_id] for image_id in image_ids if image_id in images}

    def of_owner(self, owner_id: OwnerId, *, before: ImageCursor | None = None, limit: int) -> Sequence[Image]:
        """Return a page of the owner's images, newest first."""
        images = [image for image in self._rows.state.images.values() if image.owner_id == owner_id]
        page = [image for image in images if before is None or image.cursor < before]
        return sorted(page, key=lambda image: image.cursor, reverse=True)[:limit]

    def change(self, image: Image) -> None:
        """Store what people may change."""
        state = self._rows.check_writable()
        state.images[image.id] = evolve(
            self.get(image.id),
            name=image.name,
            description=image.description,
            is_public=image.is_public,
            updated_at=image.updated_at,
        )

    def count_view(self, image_id: ImageId) -> None:
        """Add one view."""
        state = self._rows.check_writable()
        if image_id in state.images:
            image = state.images[image_id]
            state.images[image_id] = evolve(image, view_count=image.view_count + 1)
