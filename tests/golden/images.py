"""Answers about images and their enhancement."""

from typing import Any, Final

from golden.looks import NO_RENDITIONS, TEXT, TIME, WHOLE, Added, a_cdn_url, an_id

UPLOADED: Final = {
    "success": True,
    "image": {
        "id": an_id("img_"),
        "name": "photo.jpg",
        "url": a_cdn_url("images", "img_"),
        **NO_RENDITIONS,
        "width": 1920,
        "height": 1080,
        "size": WHOLE,
        "format": "JPEG",
        "duplicateOf": Added(None),
    },
    "enhancement": {"jobId": an_id("job_"), "tier": "TIER_2K", "tokenCost": 5, "newBalance": 95},
}
BATCH_UPLOADED: Final = {
    "success": True,
    "results": [
        {
            "success": True,
            "filename": "photo1.jpg",
            "imageId": an_id("img_"),
            "url": a_cdn_url("images", "img_"),
            **NO_RENDITIONS,
            "width": 1920,
            "height": 1080,
            "size": WHOLE,
            "format": "JPEG",
            "jobId": Added(an_id("job_")),
            "tier": Added("TIER_1K"),
            "tokenCost": Added(2),
            "duplicateOf": Added(None),
        },
        {
            "success": False,
            "filename": "toolarge.jpg",
            "error": "File exceeds maximum size of 10MB",
            "errorType": "validation",
        },
    ],
    "summary": {"total": 2, "successful": 1, "failed": 1, "totalCost": Added(2), "newBalance": Added(98)},
}
ENHANCING: Final = {"success": True, "jobId": an_id("job_"), "tokenCost": 5, "newBalance": 95}


def _started(tier: str, cost: int) -> dict[str, Any]:
    return {"jobId": an_id("job_"), "tier": tier, "tokenCost": cost, "status": "PROCESSING"}


ENHANCING_IN_PARALLEL: Final = {
    "success": True,
    "jobs": [_started("TIER_1K", 2), _started("TIER_2K", 5), _started("TIER_4K", 10)],
    "totalCost": 17,
    "newBalance": 83,
}
ENHANCING_BATCH: Final = {
    "success": True,
    "batchId": an_id("batch-"),
    "summary": {"total": 3, "totalCost": 15, "newBalance": 85},
    "jobs": Added([{"imageId": an_id("img_"), "jobId": an_id("job_")}] * 3),
}


def a_job(tier: str, status: str, tokens: int, *, started: Any = TIME, **changes: Any) -> dict[str, Any]:
    """Return how a job of an image looks; without changes one that hasn't ended."""
    return {
        "id": an_id("job_"),
        "tier": tier,
        "status": status,
        "tokensCost": tokens,
        "enhancedUrl": None,
        **NO_RENDITIONS,
        "enhancedWidth": None,
        "enhancedHeight": None,
        "enhancedSizeBytes": None,
        "errorMessage": None,
        "createdAt": TIME,
        "processingStartedAt": started,
        "processingCompletedAt": None,
        "imageId": Added(an_id("img_")),
        "format": Added(None),
        "quality": Added(None),
        "strength": Added(None),
        "mode": Added("faithful"),
        "method": Added(None),
        "progress": Added(0),
        "queuePosition": Added(None),
        "sourceImageId": Added(None),
        "isBlend": Added(value=False),
        "isAnonymous": Added(value=False),
        "batchId": Added(None),
        **changes,
    }


def a_completed_job(tier: str, tokens: int) -> dict[str, Any]:
    """Return how a job of an image looks that ended well."""
    return a_job(
        tier,
        "COMPLETED",
        tokens,
        enhancedUrl=a_cdn_url("enhanced", "job_"),
        enhancedWidth=WHOLE,
        enhancedHeight=WHOLE,
        enhancedSizeBytes=WHOLE,
        format=Added("jpeg"),
        method=Added("made up"),
        processingCompletedAt=TIME,
        progress=Added(100),
    )


def an_image(**changes: Any) -> dict[str, Any]:
    """Return how one's own image looks, without its jobs."""
    return {
        "id": an_id("img_"),
        "name": "photo.jpg",
        "description": Added(None),
        "originalUrl": a_cdn_url("images", "img_"),
        **NO_RENDITIONS,
        "originalWidth": 1920,
        "originalHeight": 1080,
        "originalSizeBytes": WHOLE,
        "originalFormat": "JPEG",
        "isPublic": False,
        "viewCount": 0,
        "createdAt": TIME,
        "updatedAt": TIME,
        **changes,
    }


POLLED: Final = {
    "success": True,
    "image": an_image(jobs=[a_completed_job("TIER_1K", 2), a_job("TIER_4K", "PROCESSING", 10)], jobsTotal=Added(2)),
    "urlExpiresAt": Added(None),
}
SHOWN: Final = {
    "success": True,
    "image": an_image(description=TEXT, viewCount=WHOLE, jobs=[a_completed_job("TIER_2K", 5)], jobsTotal=Added(1)),
    "urlExpiresAt": Added(None),
}
DELETED: Final = {"success": True, "message": "Image deleted successfully"}

ANONYMOUSLY_UPLOADED: Final = {
    "success": True,
    "image": {
        "id": an_id("img_anon_"),
        "name": "photo.jpg",
        "url": a_cdn_url("images", "img_anon_"),
        **NO_RENDITIONS,
        "width": 1920,
        "height": 1080,
    },
}
MIXING: Final = {"success": True, "jobId": an_id("job_anon_"), "tier": "FREE"}

GENERATING: Final = {
    "success": True,
    "jobId": an_id("job_gen_"),
    "tokensCost": 5,
    "message": "Generation started. Poll /api/mcp/jobs/{jobId} for status.",
}
MODIFYING: Final = {
    "success": True,
    "jobId": an_id("job_mod_"),
    "tokensCost": 5,
    "message": "Modification started. Poll /api/mcp/jobs/{jobId} for status.",
}


def _moved(*, was_there: bool) -> dict[str, Any]:
    return {
        "imageId": an_id("img_"),
        "success": True,
        "albumImageId": an_id("alb_img_"),
        "alreadyInAlbum": was_there,
    }


MOVED: Final = {
    "success": True,
    "moved": 3,
    "failed": 0,
    "alreadyInAlbum": WHOLE,  # the example says 0 and shows one; CONTRACT counts it
    "results": [_moved(was_there=False), _moved(was_there=False), _moved(was_there=True)],
}
