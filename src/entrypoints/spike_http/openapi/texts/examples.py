"""Values that the examples share: one user's images, jobs and album, as the service would answer with them."""

from typing import Any, Final

IMAGE_ID: Final = "img_e8acxyjs4el61nks6t86tv9t"
OTHER_IMAGE_ID: Final = "img_p3k9vq0zt7w2m5x8c1r6nd4b"
ANONYMOUS_IMAGE_ID: Final = "img_anon_e8acxyjs4el61nks6t86tv9t"
OTHER_ANONYMOUS_IMAGE_ID: Final = "img_anon_mgq0fvk0ukx1ao8mvm4ox9mm"
JOB_ID: Final = "job_k1hxfkpsfxpwjj51fgsa2gh8"
OTHER_JOB_ID: Final = "job_eweon1sukjgppeuahzkvllbr"
UNKNOWN_JOB_ID: Final = "job_mgq0fvk0ukx1ao8mvm4ox9mm"
GENERATION_ID: Final = "job_gen_k1hxfkpsfxpwjj51fgsa2gh8"
BATCH_ID: Final = "batch-e1kq3v8n0xw5t7c2z9m4r6yb"
ALBUM_ID: Final = "album_s1nkztn2mytvmrk0xbx3ys7h"
OTHER_ALBUM_ID: Final = "album_c4oe2bqz7w9r1xkf0ty6m5un"
ALBUM_IMAGE_ID: Final = "alb_img_w0rmcq5e8ty2h3vd7kfx1z9n"
KEY_ID: Final = "key_t0kw4ezk1u2pbf8jz8gd2c1r"
WEBHOOK_ID: Final = "hook_clx9876543210zyxwvutsrqp"
DELIVERY_ID: Final = "dlv_clx1234567890abcdefghijk"
SHARE_TOKEN: Final = "Zk3vY0mQ6X1oT9cWq8uR2bLJ5hA7fPNdGsEeIiOyKxM"  # noqa: S105  # made up
EXPIRES: Final = 1795392000
URL_EXPIRES_AT: Final = "2026-11-22T23:30:00Z"
SIGNATURE: Final = "jR4tq0Vd1mS8bXw3Ke7Zc5pLhA2uYf9nGiTo6vEsQxM"
ACCEPTED_AT: Final = "2025-12-12T10:30:00Z"
STARTED_AT: Final = "2025-12-12T10:30:01Z"
COMPLETED_AT: Final = "2025-12-12T10:30:04Z"


def signed_url(path: str) -> str:
    """Return the signed URL of an object."""
    return f"http://localhost:3000/files/{path}?expires={EXPIRES}&signature={SIGNATURE}"


IMAGE_URL: Final = signed_url(f"images/{IMAGE_ID}.jpg")
THUMBHASH: Final = "1QcSHQRnh493V4dIh4eXh1h4kJUI"
_BODY: Final = "w3k1hxfkpsfxpwjj51fgsa2g"
RENDITIONS: Final = {
    "thumbnailUrl": signed_url(f"thumbnails/{IMAGE_ID}-{_BODY}.webp"),
    "previewUrl": signed_url(f"previews/{IMAGE_ID}-{_BODY}.webp"),
    "thumbhash": THUMBHASH,
}
NO_RENDITIONS: Final = dict.fromkeys(RENDITIONS)
UPLOADED_IMAGE: Final[dict[str, Any]] = {
    "id": IMAGE_ID,
    "name": "harbor.jpg",
    "url": IMAGE_URL,
    **NO_RENDITIONS,
    "width": 1920,
    "height": 1280,
    "size": 524288,
    "format": "JPEG",
}
IMAGE: Final[dict[str, Any]] = {
    "id": IMAGE_ID,
    "name": "harbor.jpg",
    "description": None,
    "originalUrl": IMAGE_URL,
    **RENDITIONS,
    "originalWidth": 1920,
    "originalHeight": 1280,
    "originalSizeBytes": 524288,
    "originalFormat": "JPEG",
    "isPublic": False,
    "viewCount": 0,
    "createdAt": ACCEPTED_AT,
    "updatedAt": ACCEPTED_AT,
}
PLACE: Final[dict[str, Any]] = {
    "id": IMAGE_ID,
    "width": 1920,
    "height": 1280,
    "createdAt": ACCEPTED_AT,
    "cursor": f"1764590400000000.{IMAGE_ID}",
}
WAITING_JOB: Final[dict[str, Any]] = {
    "id": JOB_ID,
    "imageId": IMAGE_ID,
    "tier": "TIER_2K",
    "status": "PROCESSING",
    "tokensCost": 5,
    "enhancedUrl": None,
    **NO_RENDITIONS,
    "enhancedWidth": None,
    "enhancedHeight": None,
    "enhancedSizeBytes": None,
    "format": None,
    "quality": None,
    "strength": None,
    "mode": "faithful",
    "method": None,
    "errorMessage": None,
    "createdAt": ACCEPTED_AT,
    "processingStartedAt": None,
    "processingCompletedAt": None,
    "progress": 0,
    "queuePosition": 1,
    "sourceImageId": None,
    "isBlend": False,
    "isAnonymous": False,
    "batchId": None,
}
COMPLETED_JOB: Final[dict[str, Any]] = {
    **WAITING_JOB,
    "status": "COMPLETED",
    "enhancedUrl": signed_url(f"enhanced/{JOB_ID}.jpg"),
    "thumbnailUrl": signed_url(f"thumbnails/{JOB_ID}-{_BODY}.webp"),
    "previewUrl": signed_url(f"previews/{JOB_ID}-{_BODY}.webp"),
    "thumbhash": THUMBHASH,
    "enhancedWidth": 2048,
    "enhancedHeight": 1365,
    "enhancedSizeBytes": 812544,
    "format": "jpeg",
    "method": "Lanczos with a detail kernel",
    "processingStartedAt": STARTED_AT,
    "processingCompletedAt": COMPLETED_AT,
    "progress": 100,
    "queuePosition": None,
}
ALBUM: Final[dict[str, Any]] = {
    "id": ALBUM_ID,
    "name": "Holidays",
    "description": "Two weeks by the sea",
    "privacy": "UNLISTED",
    "shareToken": SHARE_TOKEN,
    "defaultTier": "TIER_2K",
    "autoEnhance": True,
    "coverImageId": IMAGE_ID,
    "createdAt": ACCEPTED_AT,
    "updatedAt": ACCEPTED_AT,
}
MOVED: Final[dict[str, Any]] = {
    "success": True,
    "moved": 1,
    "failed": 0,
    "alreadyInAlbum": 0,
    "results": [
        {"imageId": IMAGE_ID, "success": True, "albumImageId": ALBUM_IMAGE_ID, "alreadyInAlbum": False},
    ],
}
GENERATION: Final[dict[str, Any]] = {
    "id": GENERATION_ID,
    "type": "GENERATE",
    "tier": "TIER_2K",
    "tokensCost": 5,
    "status": "COMPLETED",
    "prompt": "A serene mountain landscape at sunset",
    "inputImageUrl": None,
    "outputImageUrl": signed_url(f"enhanced/{GENERATION_ID}.jpg"),
    "thumbnailUrl": signed_url(f"thumbnails/{GENERATION_ID}-{_BODY}.webp"),
    "previewUrl": signed_url(f"previews/{GENERATION_ID}-{_BODY}.webp"),
    "thumbhash": THUMBHASH,
    "outputWidth": 2048,
    "outputHeight": 1152,
    "format": "jpeg",
    "quality": None,
    "errorMessage": None,
    "createdAt": ACCEPTED_AT,
    "processingStartedAt": STARTED_AT,
    "processingCompletedAt": COMPLETED_AT,
}
BALANCE: Final[dict[str, Any]] = {
    "balance": 93,
    "maxBalance": 100,
    "lastRegeneration": ACCEPTED_AT,
    "nextRegenerationAt": "2025-12-12T10:45:00Z",
    "stats": {"totalEarned": 100, "totalSpent": 17, "totalRefunded": 10, "transactionCount": 4},
}
USER: Final[dict[str, Any]] = {"id": "user_k1hxfkpsfxpwjj51fgsa2gh8", "email": "ada@example.org"}
API_KEY: Final[dict[str, Any]] = {
    "id": KEY_ID,
    "name": "build server",
    "keyPrefix": "sk_live_3fZk",
    "createdAt": ACCEPTED_AT,
}
