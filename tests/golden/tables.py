"""What the API says in tables and lists."""

from typing import Final

TIERS: Final = {"FREE": (0, 1024), "TIER_1K": (2, 1024), "TIER_2K": (5, 2048), "TIER_4K": (10, 4096)}  # tokens, px
STATUS_OF_CODE: Final = {
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "INVALID_INPUT": 400,
    "FILE_TOO_LARGE": 400,
    "RATE_LIMIT": 429,
    "INSUFFICIENT_TOKENS": 402,
    "INTERNAL_ERROR": 500,
}
WINDOW_MINUTES: Final = 15
RATES: Final = {  # requests within a window, and by what they are counted
    "Upload": (30, "User ID"),
    "Batch Upload": (30, "User ID"),
    "Enhancement": (50, "User ID"),
    "Parallel Enhancement": (50, "User ID"),
    "Move to Album": (50, "User ID"),
    "Get Image": (100, "User ID"),
    "Anonymous Upload": (10, "Client IP"),
    "Anonymous Mix": (5, "Client IP"),
    "MCP Generate": (50, "User ID"),
    "MCP Modify": (50, "User ID"),
}
UNLIMITED: Final = {"Batch Enhancement"}
JOB_STATUSES: Final = ("PENDING", "PROCESSING", "COMPLETED", "FAILED", "REFUNDED", "CANCELLED")
FILE_ERROR_TYPES: Final = ("validation", "upload", "database", "unknown")
ASPECT_RATIOS: Final = ("1:1", "3:2", "2:3", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
MODIFIABLE_MEDIA_TYPES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")
