"""Bodies of requests that generate or modify pictures from a prompt."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

from attrs import field, frozen

from spike_core.domain.catalog import Catalog
from spike_core.domain.errors import InvalidValue
from spike_core.domain.generation import AspectRatio, Prompt
from spike_core.domain.limits import PROMPT_CHARS_MAX
from spike_core.domain.objects import PictureFormat
from spike_core.domain.render_options import RenderOptions
from spike_core.domain.tiers import Tier
from spike_core.services.ingest import InlineImage, WebAddress
from spike_http.openapi.notes import sent_as
from spike_http.openapi.tiers import PAID_TIER
from spike_http.requests.errors import MissingFields, UnknownPricedTier
from spike_http.requests.inline_images import parse_inline_image
from spike_http.requests.json_bodies import string_field
from spike_http.requests.render_options import OUTPUT_NOTE, render_options

MODIFIABLE: Final = frozenset(
    format_.media_type for format_ in (PictureFormat.JPEG, PictureFormat.PNG, PictureFormat.WEBP, PictureFormat.GIF)
)


_TIER: Final = sent_as({"tier": PAID_TIER}, required=frozenset({"tier"}))
_NEGATIVE: Final = sent_as(
    {
        "negativePrompt": {
            "type": ["string", "null"],
            "maxLength": PROMPT_CHARS_MAX,
        }
    }
)
_ASPECT_RATIO: Final = sent_as(
    {"aspectRatio": {"enum": [*(ratio.value for ratio in AspectRatio), None], "default": AspectRatio.SQUARE.value}}
)
_PICTURE: Final = sent_as(
    {
        "image": {"type": ["string", "null"]},
        "mimeType": {"enum": [*sorted(MODIFIABLE), None]},
        "imageUrl": {"type": ["string", "null"]},
    }
)


@frozen(kw_only=True)
class GenerateBody:
    """`POST /api/mcp/generate`."""

    prompt: Prompt
    tier: Tier = field(metadata=_TIER)
    options: RenderOptions = field(metadata=OUTPUT_NOTE)
    negative: Prompt | None = field(metadata=_NEGATIVE)
    aspect_ratio: AspectRatio = field(metadata=_ASPECT_RATIO)

    @classmethod
    def parse(cls, body: Mapping[str, object], *, catalog: Catalog) -> "GenerateBody":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue, UnknownPricedTier: the body isn't valid.
        """
        ratio = body.get("aspectRatio")
        return cls(
            prompt=_prompt(body),
            tier=_tier(body, catalog),
            options=render_options(body),
            negative=_negative(body),
            aspect_ratio=AspectRatio.SQUARE if ratio is None else AspectRatio.parse(string_field("aspectRatio", ratio)),
        )


@frozen(kw_only=True)
class ModifyBody:
    """`POST /api/mcp/modify`."""

    prompt: Prompt
    tier: Tier = field(metadata=_TIER)
    options: RenderOptions = field(metadata=OUTPUT_NOTE)
    negative: Prompt | None = field(metadata=_NEGATIVE)
    picture: InlineImage | WebAddress = field(metadata=_PICTURE)

    @classmethod
    def parse(cls, body: Mapping[str, object], files: ExitStack, *, catalog: Catalog) -> "ModifyBody":
        """Return the parsed body; its picture is closed with `files`.

        Raises:
            MissingFields, InvalidValue, UnknownPricedTier, SourceTooLarge: the body isn't valid.
        """
        return cls(
            prompt=_prompt(body),
            tier=_tier(body, catalog),
            options=render_options(body),
            negative=_negative(body),
            picture=_picture(body, files),
        )


def _prompt(body: Mapping[str, object]) -> Prompt:
    prompt = body.get("prompt")
    if prompt is None:
        raise MissingFields("Please provide both prompt and tier")
    return Prompt.parse(string_field("prompt", prompt))


def _negative(body: Mapping[str, object]) -> Prompt | None:
    negative = body.get("negativePrompt")
    if negative is None or negative == "":
        return None
    return Prompt.parse(string_field("negativePrompt", negative), what="negativePrompt")


def _tier(body: Mapping[str, object], catalog: Catalog) -> Tier:
    tier = body.get("tier")
    if tier is None:
        raise MissingFields("Please provide both prompt and tier")
    named = Tier(string_field("tier", tier))
    if named == Tier.FREE or named not in catalog:
        raise UnknownPricedTier({offer.tier.name: offer.price.amount for offer in catalog.paid})
    return named


def _picture(body: Mapping[str, object], files: ExitStack) -> InlineImage | WebAddress:
    image, url = body.get("image"), body.get("imageUrl")
    if image is None and url is None:
        raise MissingFields("Please provide either image or imageUrl")
    if image is not None and url is not None:
        raise InvalidValue(what="image", rule="must not come with imageUrl")
    if url is not None:
        return WebAddress(string_field("imageUrl", url))
    return parse_inline_image(
        image, media_type=body.get("mimeType"), field="image", files=files, media_types=MODIFIABLE
    )
