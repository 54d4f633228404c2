"""Bodies of requests about albums."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import field, frozen

from spike_core.domain.albums import AlbumDescription, AlbumName, AlbumPatch, Privacy
from spike_core.domain.errors import InvalidIdentifier, InvalidValue
from spike_core.domain.identifiers import AlbumId, ImageId
from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX, IMAGES_PER_MOVE_MAX
from spike_core.domain.tiers import Tier
from spike_core.services.albums import NewAlbum
from spike_http.openapi.notes import id_schema, said, sent_as
from spike_http.requests.errors import InvalidImageIds, MissingFields
from spike_http.requests.json_bodies import string_field

ORDER_BYTES_MAX: Final = 1024 * 1024  # the ids of a full album, with room for white space
INVALID_IDS_SHOWN_MAX: Final = 5
_SHOWN_CHARS_MAX: Final = 64  # of each; no id is longer


def new_album(body: Mapping[str, object]) -> NewAlbum:
    """Return the parsed body of `POST /api/albums`.

    Raises:
        MissingFields, InvalidValue: the body isn't valid.
    """
    if body.get("name") is None:
        raise MissingFields("Please provide a name")
    return NewAlbum(**{name: value for name, value in _facts(body).items() if value is not None})


def album_changes(body: Mapping[str, object]) -> AlbumPatch:
    """Return the parsed body of `PATCH /api/albums/{album_id}`; omitted fields stay unchanged.

    Raises:
        InvalidValue, InvalidIdentifier: the body isn't valid.
    """
    facts = _facts(body)
    for sent, (name, _) in _FACTS.items():
        if sent != "description" and name in facts and facts[name] is None:
            raise InvalidValue(what=sent, rule="can't be null")
    if "coverImageId" in body:
        cover = body["coverImageId"]
        facts["cover_image_id"] = None if cover is None else ImageId.parse(string_field("coverImageId", cover))
    return AlbumPatch(**facts)


@frozen(kw_only=True)
class ImageIdsBody:
    """`POST` and `DELETE /api/albums/{album_id}/images`."""

    image_ids: Sequence[ImageId] = field(metadata=said(minItems=1, maxItems=IMAGES_PER_MOVE_MAX))

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "ImageIdsBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue, InvalidImageIds: the body isn't valid.
        """
        return cls(image_ids=image_ids(body, "imageIds", least=1, most=IMAGES_PER_MOVE_MAX))


@frozen(kw_only=True)
class OrderBody:
    """`PATCH /api/albums/{album_id}/images`."""

    image_order: Sequence[ImageId] = field(metadata=said(maxItems=IMAGES_PER_ALBUM_MAX))

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "OrderBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue, InvalidImageIds: the body isn't valid.
        """
        return cls(image_order=image_ids(body, "imageOrder", least=0, most=IMAGES_PER_ALBUM_MAX))


@frozen(kw_only=True)
class MoveBody:
    """`POST /api/images/move-to-album`."""

    image_ids: Sequence[ImageId] = field(metadata=said(minItems=1, maxItems=IMAGES_PER_MOVE_MAX))
    target: AlbumId = field(
        metadata=sent_as({"targetAlbumId": id_schema(AlbumId)}, required=frozenset({"targetAlbumId"}))
    )
    source: AlbumId | None = field(
        metadata=sent_as({"removeFromSourceAlbum": {"anyOf": [id_schema(AlbumId), {"type": "null"}]}})
    )

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "MoveBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue, InvalidImageIds, InvalidIdentifier: the body isn't valid.
        """
        target, source = body.get("targetAlbumId"), body.get("removeFromSourceAlbum")
        if body.get("imageIds") is None or target is None:
            raise MissingFields("Please provide both imageIds and targetAlbumId")
        ids = image_ids(body, "imageIds", least=1, most=IMAGES_PER_MOVE_MAX)
        return cls(
            image_ids=ids,
            target=AlbumId.parse(string_field("targetAlbumId", target)),
            source=None if source is None else AlbumId.parse(string_field("removeFromSourceAlbum", source)),
        )


def image_ids(body: Mapping[str, object], name: str, *, least: int, most: int) -> Sequence[ImageId]:
    """Return a field that must be a list of `least` to `most` image ids.

    Raises:
        MissingFields: the field is missing.
        InvalidValue: it isn't a list of that length.
        InvalidImageIds: some of its texts aren't image ids.
    """
    values = body.get(name)
    if values is None:
        raise MissingFields(f"Please provide {name}")
    if not isinstance(values, list) or not least <= len(values) <= most:
        raise InvalidValue(what=name, rule=f"must be a list of {least} to {most} image ids")
    texts = [string_field(name, value) for value in values]
    parsed = {value: _parsed(value) for value in texts}
    invalid = [value for value, image_id in parsed.items() if image_id is None]
    if invalid:
        raise InvalidImageIds(tuple(_shown(value) for value in invalid[:INVALID_IDS_SHOWN_MAX]))
    return [image_id for value in texts if (image_id := parsed[value]) is not None]


def _facts(body: Mapping[str, object]) -> dict[str, Any]:
    """Return the fields of the body by attribute name; null becomes `None`."""
    return {
        name: None if body[field] is None else parse(body[field])
        for field, (name, parse) in _FACTS.items()
        if field in body
    }


def _tier(value: object) -> Tier:
    return Tier(string_field("defaultTier", value))


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(what="autoEnhance", rule="must be true or false")
    return value


def _shown(value: str) -> str:
    """Return a text that can be part of a response; lone surrogates can't, since they aren't valid UTF-8."""
    return value[:_SHOWN_CHARS_MAX].encode("utf-8", "replace").decode("utf-8")


def _parsed(value: str) -> ImageId | None:
    try:
        return ImageId.parse(value)
    except InvalidIdentifier:
        return None


_FACTS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    "name": ("name", lambda value: AlbumName.parse(string_field("name", value))),
    "description": ("description", lambda value: AlbumDescription.parse(string_field("description", value))),
    "privacy": ("privacy", lambda value: Privacy.parse(string_field("privacy", value))),
    "defaultTier": ("default_tier", _tier),
    "autoEnhance": ("auto_enhance", _truth),
}
