"""Images in a database."""

from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen
from sqlalchemy import bindparam, insert, select, update

from spike_core.domain.errors import ImageNotFound
from spike_core.domain.identifiers import ImageId
from spike_core.domain.images import Image
from spike_sqlalchemy.prepared import Prepared
from spike_sqlalchemy.rows import image_of, image_row
from spike_sqlalchemy.statements import Statements
from spike_sqlalchemy.tables import images

_ADD: Final = Prepared(insert(images).inline())
_GET: Final = Prepared(select(images).where(images.c.id == bindparam("image")))
_FIND: Final = select(images).where(images.c.id.in_(bindparam("ids", expanding=True)))
_COUNT_VIEW: Final = Prepared(
    update(images).where(images.c.id == bindparam("image")).values(view_count=images.c.view_count + 1)
)


@frozen
class SqlAlchemyImages:
    """See the port."""

    _statements: Statements

    def add(self, image: Image) -> None:
        """Store a new image."""
        self._statements.write_all(_ADD, [image_row(image)])

    def get(self, image_id: ImageId) -> Image:
        """Return the image."""
        for row in self._statements.rows(_GET, {"image": image_id.text}):
            return image_of(row)
        raise ImageNotFound

    def find(self, image_ids: Collection[ImageId]) -> Mapping[ImageId, Image]:
        """Return those that exist."""
        found = [image_of(row) for row in self._statements.rows_of(_FIND, image_ids)]
        return {image.id: image for image in found}

    def count_view(self, image_id: ImageId) -> None:
        """Add one view."""
        self._statements.write(_COUNT_VIEW, {"image": image_id.text})
