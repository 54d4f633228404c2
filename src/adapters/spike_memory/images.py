"""Images in memory."""

from collections.abc import Collection, Mapping

from attrs import evolve, frozen

from spike_core.domain.errors import ImageNotFound
from spike_core.domain.identifiers import ImageId
from spike_core.domain.images import Image
from spike_memory.state import Rows


@frozen
class MemoryImages:
    """See the port."""

    _rows: Rows

    def add(self, image: Image) -> None:
        """Store a new image."""
        state = self._rows.check_writable()
        assert image.id not in state.images, "ids are new"
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

    def count_view(self, image_id: ImageId) -> None:
        """Add one view."""
        state = self._rows.check_writable()
        if image_id in state.images:
            image = state.images[image_id]
            state.images[image_id] = evolve(image, view_count=image.view_count + 1)
