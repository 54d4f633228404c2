"""Answers that the specification only mentions, as CONTRACT gives them."""

from typing import Any, Final

from golden.errors import refusal
from golden.images import an_image
from golden.looks import CDN, NO_RENDITIONS, TEXT, TIME, WHOLE, Looks, an_id

CREATED: Final = {
    "id": an_id("job_gen_"),
    "type": "GENERATE",
    "tier": "TIER_2K",
    "tokensCost": 5,
    "status": "COMPLETED",
    "prompt": "A serene mountain landscape at sunset",
    "inputImageUrl": None,
    "outputImageUrl": Looks(str, rf"{CDN}/enhanced/job_gen_[a-z0-9]{{24}}\.jpg"),
    **NO_RENDITIONS,
    "outputWidth": 2048,
    "outputHeight": 1152,
    "format": "jpeg",
    "quality": None,
    "errorMessage": None,
    "createdAt": TIME,
    "processingStartedAt": TIME,
    "processingCompletedAt": TIME,
}
MODIFIED: Final = {
    **CREATED,
    "id": an_id("job_mod_"),
    "type": "MODIFY",
    "prompt": "Add a sunset",
    "inputImageUrl": TEXT,
    "outputImageUrl": Looks(str, rf"{CDN}/enhanced/job_mod_[a-z0-9]{{24}}\.jpg"),
}
CREATIONS: Final = {"jobs": [CREATED], "nextCursor": None, "hasMore": False}
INVALID_TIER: Final = refusal(
    "Invalid tier",
    "Bad Request",
    "Please choose one of the tiers listed in pricing",
    code="INVALID_INPUT",
    pricing={"TIER_1K": 2, "TIER_2K": 5, "TIER_4K": 10},
)


def an_album(**changes: Any) -> dict[str, Any]:
    """Return how one's own album looks."""
    return {
        "id": an_id("album_"),
        "name": "Holidays",
        "description": None,
        "privacy": "PRIVATE",
        "shareToken": None,
        "defaultTier": "TIER_1K",
        "autoEnhance": True,
        "coverImageId": None,
        "createdAt": TIME,
        "updatedAt": TIME,
        **changes,
    }


def a_placed_image(image_id: str) -> dict[str, Any]:
    """Return how an image in an album looks."""
    return {
        "id": image_id,
        "albumImageId": an_id("alb_img_"),
        "name": "photo.jpg",
        "url": f"{CDN}/images/{image_id}.jpg",
        **NO_RENDITIONS,
        "width": 1920,
        "height": 1080,
        "size": WHOLE,
        "format": "JPEG",
        "isPublic": False,
        "addedAt": TIME,
    }


INVALID_IDS: Final = refusal(
    "Invalid image IDs",
    "Bad Request",
    "Please send image IDs as the API returns them",
    code="INVALID_INPUT",
    invalidIds=["img_1", "img_2", "img_3", "img_4", "img_5"],
)

BALANCE: Final = {
    "balance": 98,
    "maxBalance": 100,
    "lastRegeneration": TIME,
    "nextRegenerationAt": TIME,
    "stats": {"totalEarned": 100, "totalSpent": 2, "totalRefunded": 0, "transactionCount": 2},
}
HISTORY: Final = {
    "transactions": [
        {
            "id": TEXT,
            "type": "SPEND_ENHANCEMENT",
            "amount": -2,
            "balanceAfter": 98,
            "jobId": an_id("job_"),
            "reason": TEXT,
            "reference": None,
            "createdAt": TIME,
        },
        {
            "id": TEXT,
            "type": "EARN_BONUS",
            "amount": 100,
            "balanceAfter": 100,
            "jobId": None,
            "reason": TEXT,
            "reference": None,
            "createdAt": TIME,
        },
    ],
    "nextCursor": None,
    "hasMore": False,
}

NO_EXPIRY: Final = {"urlExpiresAt": None}  # a CDN's URLs don't expire
IMAGES: Final = {"success": True, "images": [an_image()], "nextCursor": None, "hasMore": False, **NO_EXPIRY}

RULES: Final = {"scopes": ["read", "spend", "manage"], "expiresAt": None, "monthlyLimit": None}
API_KEY: Final = {
    "id": an_id("key_"),
    "name": "build server",
    "keyPrefix": Looks(str, "sk_live_.+"),
    "createdAt": TIME,
    "revokedAt": None,
    "isActive": True,
    **RULES,
    "spentThisMonth": None,
}
NEW_API_KEY: Final = {
    "success": True,
    "apiKey": {
        "id": an_id("key_"),
        "name": "build server",
        "keyPrefix": Looks(str, "sk_live_.+"),
        "createdAt": TIME,
        **RULES,
        "key": Looks(str, "sk_live_.{20,}"),
    },
}
