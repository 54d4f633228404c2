"""Bodies of requests that change an image."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from spike_core.domain.errors import InvalidValue
from spike_core.domain.images import ImageName, check_description
from spike_core.services.image_updates import ImagePatch
from spike_http.requests.json_bodies import string_field


def image_labels(body: Mapping[str, object]) -> ImagePatch:
    """Return the parsed body of `PATCH /api/images/{image_id}`; omitted fields stay unchanged.

    Raises:
        InvalidValue, InvalidFileName: the body isn't valid.
    """
    labels: dict[str, Any] = {name: parse(body[sent]) for sent, (name, parse) in _FIELDS.items() if sent in body}
    return ImagePatch(**labels)


def _description(value: object) -> str | None:
    return None if value is None else check_description(string_field("description", value))


def _is_public(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(what="isPublic", rule="must be true or false")
    return value


_FIELDS: Final[Mapping[str, tuple[str, Callable[[object], object]]]] = {
    "name": ("name", lambda value: ImageName.parse(string_field("name", value))),
    "description": ("description", _description),
    "isPublic": ("is_public", _is_public),
}
