"""The limits of what is sent, in the document: types and texts mark where they stand, each service fills in its own."""

from collections.abc import Mapping
from typing import Any, Final

from spike_core.domain.limits import MEBIBYTE, UploadLimits
from spike_http.errors import megabytes, megapixels
from spike_http.requests.body_sizes import body_bytes_max, picture_json_bytes_max

# a string that is one of these is replaced by a number, and inside a text by its digits
FILE_MB: Final = "⟨MB of a file⟩"
FILE_BYTES: Final = "⟨bytes of a file⟩"
SOURCE_MB: Final = "⟨MB of a source⟩"
SOURCE_BYTES: Final = "⟨bytes of a source⟩"
BATCH_FILES: Final = "⟨files of a batch⟩"
BATCH_MB: Final = "⟨MB of a batch⟩"
BATCH_BYTES: Final = "⟨bytes of a batch⟩"
MEGAPIXELS: Final = "⟨megapixels⟩"
PIXELS: Final = "⟨pixels⟩"
FETCH_S: Final = "⟨seconds to fetch⟩"
PICTURE_JSON_MB: Final = "⟨MB of JSON with a picture⟩"
BODY_MB: Final = "⟨MB of a body⟩"


def with_limits(node: Any, limits: UploadLimits) -> Any:
    """Return a part of the document with these limits."""
    return _filled(node, _values(limits))


def _values(limits: UploadLimits) -> Mapping[str, int | str]:
    return {
        FILE_MB: megabytes(limits.file_bytes),
        FILE_BYTES: limits.file_bytes,
        SOURCE_MB: megabytes(limits.source_bytes),
        SOURCE_BYTES: limits.source_bytes,
        BATCH_FILES: limits.batch_files,
        BATCH_MB: megabytes(limits.batch_bytes),
        BATCH_BYTES: limits.batch_bytes,
        MEGAPIXELS: megapixels(limits.pixels),
        PIXELS: limits.pixels,
        FETCH_S: round(limits.fetch_time.total_seconds()),
        PICTURE_JSON_MB: picture_json_bytes_max(limits) // MEBIBYTE,
        BODY_MB: body_bytes_max(limits) // MEBIBYTE,
    }


def _filled(node: Any, values: Mapping[str, int | str]) -> Any:
    match node:
        case dict():
            return {_filled(key, values): _filled(value, values) for key, value in node.items()}
        case list() | tuple():
            return [_filled(each, values) for each in node]
        case str() if node in values:
            return values[node]
        case str() if "⟨" in node:
            for mark, value in values.items():
                node = node.replace(mark, str(value))
            return node
        case _:
            return node
