"""The body of a request for a quote: that of the quoted request, and its operation."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from enum import Enum
from typing import Final, assert_never

from attrs import field, frozen

from spike_core.domain.catalog import Catalog
from spike_core.domain.errors import InvalidValue
from spike_core.domain.generation import AspectRatio
from spike_core.domain.identifiers import AlbumId, ImageId
from spike_core.domain.limits import PARALLEL_TIERS_MAX, PROMPT_CHARS_MAX, UploadLimits
from spike_core.domain.tiers import Tier
from spike_core.services.order_checks import UploadOrder
from spike_http.openapi.limits import BATCH_FILES
from spike_http.openapi.notes import JsonSchema, id_schema, sent_as
from spike_http.openapi.tiers import ANY_TIER
from spike_http.requests.enhancements import BLEND_SOURCE, BatchEnhanceBody, EnhanceBody, ParallelEnhanceBody
from spike_http.requests.errors import BatchTooLarge, MissingFields, TooManyFiles
from spike_http.requests.generations import MODIFIABLE, GenerateBody, ModifyBody
from spike_http.requests.json_bodies import string_field
from spike_http.requests.render_options import OPTION_FIELDS, render_options

_SIZE: Final[JsonSchema] = {"type": "integer", "minimum": 0}


class QuotedOperation(Enum):
    """The operations that spend tokens, by their ids in the OpenAPI document."""

    UPLOAD = "uploadImage"
    BATCH_UPLOAD = "uploadImages"
    ENHANCE = "enhanceImage"
    PARALLEL_ENHANCE = "enhanceImageAtTiers"
    BATCH_ENHANCE = "enhanceImages"
    GENERATE = "generateImage"
    MODIFY = "modifyImage"


@frozen(kw_only=True)
class UploadSizes:
    """The form of an upload, with the size of each file in its place."""

    order: UploadOrder

    @classmethod
    def parse(cls, body: Mapping[str, object], *, is_batch: bool, limits: UploadLimits) -> "UploadSizes":
        """Return the parsed body.

        Raises:
            MissingFields, InvalidValue, InvalidIdentifier, TooManyFiles, BatchTooLarge: the body isn't valid.
        """
        album_id, tier = body.get("albumId"), body.get("tier")
        order = UploadOrder(
            files_bytes=_sizes(body.get("files"), limits) if is_batch else [_size("file", body.get("file"))],
            is_batch=is_batch,
            album_id=None if album_id is None else AlbumId.parse(string_field("albumId", album_id)),
            tier=None if tier is None else Tier(string_field("tier", tier)),
            options=render_options(body),
        )
        return cls(order=order)


Order = EnhanceBody | ParallelEnhanceBody | BatchEnhanceBody | GenerateBody | ModifyBody | UploadSizes

_FIELDS: Final[Mapping[str, JsonSchema]] = {
    "imageId": id_schema(ImageId),
    "imageIds": {"type": "array", "items": id_schema(ImageId), "minItems": 1, "maxItems": BATCH_FILES},
    "tier": {"anyOf": [ANY_TIER, {"type": "null"}]},
    "tiers": {"type": "array", "items": ANY_TIER, "minItems": 1, "maxItems": PARALLEL_TIERS_MAX, "uniqueItems": True},
    **OPTION_FIELDS,
    "blendSource": {"anyOf": [BLEND_SOURCE, {"type": "null"}]},
    "prompt": {"type": "string", "maxLength": PROMPT_CHARS_MAX},
    "negativePrompt": {"type": ["string", "null"], "maxLength": PROMPT_CHARS_MAX},
    "aspectRatio": {"enum": [*(ratio.value for ratio in AspectRatio), None]},
    "image": {"type": ["string", "null"]},
    "mimeType": {"enum": [*sorted(MODIFIABLE), None]},
    "imageUrl": {"type": ["string", "null"]},
    "albumId": {"anyOf": [id_schema(AlbumId), {"type": "null"}]},
    "file": _SIZE,
    "files": {"type": "array", "items": _SIZE, "minItems": 1, "maxItems": BATCH_FILES},
}


@frozen(kw_only=True)
class QuoteBody:
    """`POST /api/quotes`."""

    operation: QuotedOperation
    order: Order = field(metadata=sent_as(_FIELDS))

    @classmethod
    def parse(
        cls, body: Mapping[str, object], files: ExitStack, *, catalog: Catalog, limits: UploadLimits
    ) -> "QuoteBody":
        """Return the parsed body; its picture is closed with `files`.

        Raises:
            InvalidInput: the operation spends no tokens, or the body isn't valid for it.
        """
        name = body.get("operation")
        if name is None:
            raise MissingFields("Please provide the operation")
        names = [operation.value for operation in QuotedOperation]
        if string_field("operation", name) not in names:
            raise InvalidValue(what="operation", rule=f"must be one of {', '.join(names)}")
        operation = QuotedOperation(name)
        return cls(operation=operation, order=_order(operation, body, files, catalog, limits))


def _order(
    operation: QuotedOperation,
    body: Mapping[str, object],
    files: ExitStack,
    catalog: Catalog,
    limits: UploadLimits,
) -> Order:
    match operation:
        case QuotedOperation.UPLOAD | QuotedOperation.BATCH_UPLOAD:
            is_batch = operation is QuotedOperation.BATCH_UPLOAD
            return UploadSizes.parse(body, is_batch=is_batch, limits=limits)
        case QuotedOperation.ENHANCE:
            return EnhanceBody.parse(body, files)
        case QuotedOperation.PARALLEL_ENHANCE:
            return ParallelEnhanceBody.parse(body)
        case QuotedOperation.BATCH_ENHANCE:
            return BatchEnhanceBody.parse(body, images_max=limits.batch_files)
        case QuotedOperation.GENERATE:
            return GenerateBody.parse(body, catalog=catalog)
        case QuotedOperation.MODIFY:
            return ModifyBody.parse(body, files, catalog=catalog)
        case unreachable:
            assert_never(unreachable)


def _sizes(value: object, limits: UploadLimits) -> Sequence[int]:
    if value is None:
        raise MissingFields("Please provide files: the size of each in bytes")
    if not isinstance(value, list) or not value:
        raise InvalidValue(what="files", rule="must be a list of sizes in bytes")
    if len(value) > limits.batch_files:
        raise TooManyFiles(limits.batch_files)
    sizes = [_size("each of files", each) for each in value]
    if sum(sizes) > limits.batch_bytes:
        raise BatchTooLarge(size_bytes_max=limits.batch_bytes)
    return sizes


def _size(name: str, value: object) -> int:
    if value is None:
        raise MissingFields(f"Please provide {name}: its size in bytes")
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise InvalidValue(what=name, rule="must be a size in bytes")
    return value
