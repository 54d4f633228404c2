"""How large request bodies may be. It follows from the limits of what they contain."""

from typing import Final

from spike_core.domain.limits import UploadLimits

FORM_OVERHEAD_BYTES_MAX: Final = 64 * 1024  # of a form: part headers and small fields
BESIDE_BYTES_MAX: Final = 512 * 1024  # of a JSON body with a picture, apart from base64 and white space


def picture_json_bytes_max(limits: UploadLimits) -> int:
    """Return the size of the largest JSON body with a picture.

    A line end may take 4 characters, one after each 76 (RFC 2045), and a slash, 1 of 64 characters, may take 2.
    """
    base64_chars = (limits.source_bytes + 2) // 3 * 4
    return base64_chars + base64_chars * 4 // 76 + base64_chars // 48 + BESIDE_BYTES_MAX


def body_bytes_max(limits: UploadLimits) -> int:
    """Return the size of the largest body of any operation; the application explains what exceeds its own limit."""
    return max(limits.batch_bytes + FORM_OVERHEAD_BYTES_MAX, picture_json_bytes_max(limits))
