"""Lists of an owner's images in an order, narrowed down to some of them; each request examines a bounded number."""

from collections.abc import Sequence

from attrs import frozen

from spike_core.domain.identifiers import OwnerId
from spike_core.domain.image_lists import EVERYTHING, ImageFilter, ImageOrder, ListCursor, ListedImage
from spike_core.domain.limits import IMAGES_EXAMINED_MAX
from spike_core.ports.transactions import Transaction


@frozen(kw_only=True)
class ListedPage:
    """A page of a list. With a filter it may be short, or empty, and still be followed by others."""

    images: Sequence[ListedImage]
    next: ListCursor | None  # of the next page; `None` on the last one


def list_images(
    tx: Transaction,
    owner_id: OwnerId,
    *,
    order: ImageOrder,
    matching: ImageFilter = EVERYTHING,
    after: ListCursor | None = None,
    limit: int,
) -> ListedPage:
    """Return at most `limit` images that match, of the next `IMAGES_EXAMINED_MAX` of the owner's in this order."""
    window = limit if matching.is_empty else IMAGES_EXAMINED_MAX
    examined = tx.images.examine(
        owner_id, order=order, state=matching.state, tier=matching.tier, after=after, limit=window + 1
    )
    within = examined[:window]
    matches = [image for image in within if image.is_match and matching.matches_name(image.name)]
    page = matches[:limit]
    if len(matches) > limit:
        return ListedPage(images=page, next=page[-1].cursor(order))
    return ListedPage(images=page, next=within[-1].cursor(order) if len(examined) > window else None)
