"""Bodies of enhancement requests."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Final

from attrs import field, frozen

from spike_core.domain.errors import InvalidValue
from spike_core.domain.identifiers import ImageId
from spike_core.domain.limits import PARALLEL_TIERS_MAX
from spike_core.domain.render_options import RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.services.ingest import InlineImage
from spike_http.openapi.limits import BATCH_FILES
from spike_http.openapi.notes import id_schema, said, sent_as
from spike_http.requests.errors import MissingFields
from spike_http.requests.inline_images import BASE64_NOTE, MEDIA_TYPES, parse_inline_image
from spike_http.requests.json_bodies import string_field
from spike_http.requests.render_options import OPTIONS_NOTE, render_options

BLEND_SOURCE: Final = {
    "type": "object",
    "oneOf": [
        {"properties": {"imageId": id_schema(ImageId)}, "required": ["imageId"]},
        {
            "properties": {
                "base64": {
                    "type": "string",
                    "description": BASE64_NOTE,
                },
                "mimeType": {"type": "string", "enum": sorted(MEDIA_TYPES)},
            },
            "required": ["base64", "mimeType"],
        },
    ],
}


@frozen(kw_only=True)
class EnhanceBody:
    """`POST /api/images/enhance`."""

    image_id: ImageId
    tier: Tier
    options: RenderOptions = field(metadata=OPTIONS_NOTE)
    source: ImageId | InlineImage | None = field(
        metadata=sent_as({"blendSource": {"anyOf": [BLEND_SOURCE, {"type": "null"}]}})
    )

    @classmethod
    def parse(cls, body: Mapping[str, object], files: ExitStack) -> "EnhanceBody":
        """Return the parsed body; its picture is closed with `files`.

        Raises:
            MissingFields, InvalidValue, InvalidIdentifier, SourceTooLarge: the body isn't valid.
        """
        image_id, tier, source = body.get("imageId"), body.get("tier"), body.get("blendSource")
        if image_id is None or tier is None:
            raise MissingFields("Please provide both imageId and tier")
        return cls(
            image_id=ImageId.parse(string_field("imageId", image_id)),
            tier=Tier(string_field("tier", tier)),
            options=render_options(body),
            source=None if source is None else blend_source(source, files=files),
        )


@frozen(kw_only=True)
class ParallelEnhanceBody:
    """`POST /api/images/parallel-enhance`."""

    image_id: ImageId
    tiers: Sequence[Tier] = field(metadata=said(minItems=1, maxItems=PARALLEL_TIERS_MAX, uniqueItems=True))
    options: RenderOptions = field(metadata=OPTIONS_NOTE)

    @classmethod
    def parse(cls, body: Mapping[str, object]) -> "ParallelEnhanceBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue, InvalidIdentifier: the body isn't valid.
        """
        image_id, tiers = body.get("imageId"), body.get("tiers")
        if image_id is None or tiers is None:
            raise MissingFields("Please provide both imageId and tiers")
        if not isinstance(tiers, list):
            raise InvalidValue(what="tiers", rule="must be a list")
        return cls(
            image_id=ImageId.parse(string_field("imageId", image_id)),
            tiers=[Tier(string_field("tiers", tier)) for tier in tiers],
            options=render_options(body),
        )


@frozen(kw_only=True)
class BatchEnhanceBody:
    """`POST /api/images/batch-enhance`."""

    image_ids: Sequence[ImageId] = field(metadata=said(minItems=1, maxItems=BATCH_FILES))
    tier: Tier
    options: RenderOptions = field(metadata=OPTIONS_NOTE)

    @classmethod
    def parse(cls, body: Mapping[str, object], *, images_max: int) -> "BatchEnhanceBody":
        """Return the parsed body, which may name `images_max` images.

        Raises:
            MissingFields, InvalidValue, InvalidIdentifier: the body isn't valid.
        """
        ids, tier = body.get("imageIds"), body.get("tier")
        if ids is None or tier is None:
            raise MissingFields("Please provide both imageIds and tier")
        if not isinstance(ids, list) or not 1 <= len(ids) <= images_max:
            raise InvalidValue(what="imageIds", rule=f"must be a list of 1 to {images_max} ids")
        return cls(
            image_ids=[ImageId.parse(string_field("each of imageIds", id_)) for id_ in ids],
            tier=Tier(string_field("tier", tier)),
            options=render_options(body),
        )


@frozen(kw_only=True)
class MixBody:
    """`POST /api/images/anonymous-enhance`."""

    image_id: ImageId
    source: ImageId | InlineImage = field(
        metadata=sent_as(
            {
                "blendSource": BLEND_SOURCE,
                "tier": {"enum": [Tier.FREE.name, None]},
            },
            required=frozenset({"blendSource"}),
        )
    )
    tier: Tier = field(metadata=sent_as({}))
    options: RenderOptions = field(metadata=OPTIONS_NOTE)

    @classmethod
    def parse(cls, body: Mapping[str, object], files: ExitStack) -> "MixBody":
        """Return the parsed body; its picture is closed with `files`. The body may name a tier.

        Raises:
            MissingFields, InvalidValue, InvalidIdentifier, SourceTooLarge: the body isn't valid.
        """
        image_id, source, tier = body.get("imageId"), body.get("blendSource"), body.get("tier")
        if image_id is None or source is None:
            raise MissingFields("Please provide both imageId and blendSource")
        return cls(
            image_id=ImageId.parse(string_field("imageId", image_id)),
            source=blend_source(source, files=files),
            tier=Tier.FREE if tier is None else Tier(string_field("tier", tier)),
            options=render_options(body),
        )


def blend_source(source: object, *, files: ExitStack) -> ImageId | InlineImage:
    """Return the image or the picture that `blendSource` contains.

    Raises:
        InvalidValue, InvalidIdentifier, SourceTooLarge: it contains neither or both, or isn't valid.
    """
    if not isinstance(source, dict):
        raise InvalidValue(what="blendSource", rule="must be an object")
    image_id, encoded = source.get("imageId"), source.get("base64")
    if (image_id is None) == (encoded is None):
        raise InvalidValue(what="blendSource", rule="must have either imageId or base64")
    if image_id is not None:
        return ImageId.parse(string_field("blendSource.imageId", image_id))
    return parse_inline_image(encoded, media_type=source.get("mimeType"), field="blendSource.base64", files=files)
