"""Bodies of requests about images: changing one, and links to several."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from attrs import field, frozen

from spike_core.domain.errors import InvalidIdentifier, InvalidValue
from spike_core.domain.identifiers import ImageId, JobId
from spike_core.domain.images import ImageName, check_description
from spike_core.domain.limits import IMAGES_PER_DELETION_MAX, LINKS_ASKED_MAX
from spike_core.services.image_updates import ImagePatch
from spike_http.openapi.notes import said, sent_as
from spike_http.requests.albums import image_ids
from spike_http.requests.errors import MissingFields
from spike_http.requests.json_bodies import string_field

IdType = TypeVar("IdType", ImageId, JobId)

_IDS: Final = {"type": "array", "items": {"type": "string"}, "maxItems": LINKS_ASKED_MAX}


def image_labels(body: Mapping[str, object]) -> ImagePatch:
    """Return the parsed body of `PATCH /api/images/{image_id}`; omitted fields stay unchanged.

    Raises:
        InvalidValue, InvalidFileName: the body isn't valid.
    """
    labels: dict[str, Any] = {name: parse(body[sent]) for sent, (name, parse) in _FIELDS.items() if sent in body}
    return ImagePatch(**labels)


@frozen(kw_only=True)
class LinksBody:
    """`POST /api/images/links`."""

    image_ids: Sequence[ImageId] = field(metadata=sent_as({"imageIds": _IDS}))
    job_ids: Sequence[JobId] = field(metadata=sent_as({"jobIds": _IDS}))
    is_download: bool = field(metadata=sent_as({"download": {"type": "boolean", "default": False}}))
    is_lost: bool = field(metadata=sent_as({"lost": {"type": "boolean", "default": False}}))

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "LinksBody":
        """Return the parsed body. A text that isn't an id is no error: nothing has it.

        Raises:
            MissingFields, InvalidValue: there are no ids, too many, or something else.
        """
        if body.get("imageIds") is None and body.get("jobIds") is None:
            raise MissingFields("Please provide imageIds or jobIds")
        images, jobs = (_texts(body, name) for name in ("imageIds", "jobIds"))
        return cls(
            image_ids=_valid(ImageId.parse, images),
            job_ids=_valid(JobId.parse, jobs),
            is_download=_boolean("download", body.get("download", False)),
            is_lost=_boolean("lost", body.get("lost", False)),
        )


@frozen(kw_only=True)
class DeleteBody:
    """`POST /api/images/delete`."""

    image_ids: Sequence[ImageId] = field(metadata=said(minItems=1, maxItems=IMAGES_PER_DELETION_MAX))

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "DeleteBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue, InvalidImageIds: the body isn't valid.
        """
        return cls(image_ids=image_ids(body, "imageIds", least=1, most=IMAGES_PER_DELETION_MAX))


def _texts(body: Mapping[str, object], name: str) -> Sequence[str]:
    """Return a list of at most `LINKS_ASKED_MAX` texts, empty if there is none."""
    values = body.get(name)
    if values is None:
        return []
    if not isinstance(values, list) or len(values) > LINKS_ASKED_MAX:
        raise InvalidValue(what=name, rule=f"must be a list of at most {LINKS_ASKED_MAX} ids")
    return [string_field(f"each of {name}", value) for value in values]


def _valid(parse: Callable[[str], IdType], texts: Sequence[str]) -> Sequence[IdType]:
    ids: list[IdType] = []
    for text in texts:
        with suppress(InvalidIdentifier):
            ids.append(parse(text))
    return ids


def _description(value: object) -> str | None:
    return None if value is None else check_description(string_field("description", value))


def _boolean(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(what=name, rule="must be true or false")
    return value


_FIELDS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    "name": ("name", lambda value: ImageName.parse(string_field("name", value))),
    "description": ("description", _description),
    "isPublic": ("is_public", lambda value: _boolean("isPublic", value)),
}
