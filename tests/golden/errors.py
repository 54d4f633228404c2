"""Error answers, in the API's own words."""

from typing import Any, Final

from golden.looks import Added, an_id


def refusal(error: str, title: str, suggestion: str, *, code: str, **specifics: Any) -> dict[str, Any]:
    """Return an error answer: three texts and the specifics as written; a code and the request's id are added."""
    return {
        "error": error,
        "title": title,
        "suggestion": suggestion,
        "code": Added(code),
        "requestId": Added(an_id("req_")),
        **specifics,
    }


UNAUTHORIZED: Final = refusal(
    "You must be logged in to access this resource",
    "Authentication Required",
    "Please log in and try again",
    code="UNAUTHORIZED",
)
FORBIDDEN: Final = refusal(
    "You do not have permission to access this resource",
    "Access Denied",
    "Please check that you own this resource",
    code="FORBIDDEN",
)
NOT_FOUND: Final = refusal("Resource not found", "Not Found", "Please verify the resource ID", code="NOT_FOUND")
RATE_LIMITED: Final = refusal(
    "Too many requests",
    "Rate limit exceeded",
    "Please wait before trying again.",
    code="RATE_LIMIT",
    retryAfter=60,
)
INVALID: Final = refusal("Invalid input", "Bad Request", "Please provide both imageId and tier", code="INVALID_INPUT")
INSUFFICIENT_TOKENS: Final = refusal(
    "Insufficient tokens",
    "Payment Required",
    "Please add more tokens to continue.",
    code="INSUFFICIENT_TOKENS",
    required=10,
    balance=5,
)
INTERNAL: Final = refusal("Upload processing failed", "Server Error", "Please try again later", code="INTERNAL_ERROR")

# in the words of one endpoint
UPLOAD_TOO_LARGE: Final = refusal(
    "File exceeds maximum size of 10MB",
    "Invalid File",
    "Please upload a file smaller than 10MB",
    code="FILE_TOO_LARGE",
)
UPLOAD_UNPAID: Final = refusal(
    "You need 5 tokens to upload and enhance this image. You have 3 tokens.",
    "Payment Required",
    "You need 5 tokens to upload and enhance this image. You have 3 tokens.",
    code="INSUFFICIENT_TOKENS",
    required=5,
    balance=3,
)
ENHANCE_UNPAID: Final = refusal(
    "Insufficient tokens",
    "Payment required",
    "Please add more tokens to continue.",
    code="INSUFFICIENT_TOKENS",
    required=10,
    balance=Added(3),
)
