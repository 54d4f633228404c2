"""Reading, changing and deleting images."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.texts.examples import (
    COMPLETED_JOB,
    IMAGE,
    IMAGE_ID,
    IMAGE_URL,
    JOB_ID,
    OTHER_IMAGE_ID,
    PLACE,
    RENDITIONS,
    URL_EXPIRES_AT,
)
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.texts.render_options import OPTION_TEXTS

IMAGES: Final[Mapping[str, OperationText]] = {
    "listImages": OperationText(
        summary="List images",
        description="""
List your images without their jobs. To read the next page, send `nextCursor` as `cursor`; it is null on the last
page. Images that are added meanwhile don't shift the following pages.

The list can be in another order, and be narrowed down by name, by state and by tier. A request that narrows it down
examines at most 2500 images, so that a page may be short, or even empty, and still have a `nextCursor`.

With `ids`, those of the images that are yours are returned, in the given order; the other parameters are ignored. This
also renews the URLs of images that were listed before.
""",
        errors={400: "`limit`, `cursor`, `order`, `search`, `state` or an id is not valid."},
        query={"limit": 20},
        response={
            "success": True,
            "images": [IMAGE],
            "nextCursor": None,
            "hasMore": False,
            "urlExpiresAt": URL_EXPIRES_AT,
        },
    ),
    "renewLinks": OperationText(
        summary="Renew links",
        description="""
Return the current URLs of up to 100 images and of the results of up to 100 jobs. A page that stays open longer than
URLs are valid asks for those it shows once `urlExpiresAt` has passed. The order is that of the request. Ids are left
out that don't exist, whose job has no result, or that the caller may not read. The request doesn't add to `viewCount`.
Thumbnails and previews that are missing are made soon after the request, so a page that shows a picture without them
may ask again. With `lost: true` those are made anew that the object store has lost, though their row names them. Where
Spike itself serves the files, it notices that by a request for one.

With `download: true` browsers save what the URLs lead to, under the image's name, in whatever script; a CDN's URLs are
the usual ones.
""",
        errors={400: "The body has neither list, or one has more than 100 ids."},
        fields={
            "imageIds": "Images.",
            "jobIds": "Jobs with results.",
            "download": "Whether browsers are to save the files.",
            "lost": "Whether thumbnails or previews of these pictures couldn't be loaded.",
        },
        request={"imageIds": [IMAGE_ID, OTHER_IMAGE_ID], "jobIds": [JOB_ID]},
        response={
            "success": True,
            "images": [{"id": IMAGE_ID, "originalUrl": IMAGE_URL, **RENDITIONS}],
            "jobs": [
                {
                    "id": JOB_ID,
                    "imageId": IMAGE_ID,
                    **{name: COMPLETED_JOB[name] for name in ("enhancedUrl", *RENDITIONS)},
                }
            ],
            "urlExpiresAt": URL_EXPIRES_AT,
        },
    ),
    "layOutImages": OperationText(
        summary="Lay out images",
        description="""
List the sizes and dates of your images, up to 2500 at once: what a page needs to lay out a large library before it shows
any of it. The parameters are those of `GET /api/images`, which returns the images that the page is about to show, by
their ids or after the `cursor` of the one before them.
""",
        errors={400: "`limit`, `cursor`, `order`, `search` or `state` is not valid."},
        query={"limit": 2500},
        response={"success": True, "images": [PLACE], "nextCursor": None, "hasMore": False},
    ),
    "downloadImages": OperationText(
        summary="Download several images",
        description="""
Return a zip file with up to 1000 images, your own or public ones, in the order of the request. Of each it has the
newest result, of `tier` if that is given, and the original where there is none. The file is written while it is sent,
without compression, since pictures are compressed already. Names that are the same get numbers. If a picture is
deleted meanwhile, the connection is closed before the end; what arrived can't be opened as a zip file.

Limits: `SPIKE_DOWNLOAD_IMAGES_MAX` images, `SPIKE_DOWNLOAD_MB_MAX` MB.
""",
        errors={
            400: "The body is not valid, or the images have too many bytes together.",
            403: "An image is private and belongs to another user.",
            404: "There is no such image.",
            503: "Too many such requests wait or are being answered.",
        },
        fields={"imageIds": "Images; repetitions are ignored.", "tier": "The tier of the results; null is any."},
        request={"imageIds": [IMAGE_ID, OTHER_IMAGE_ID], "tier": "TIER_2K"},
    ),
    "getImage": OperationText(
        summary="Get an image",
        description="""
Return an image with its newest jobs, at most 100, oldest first. `jobsTotal` is the number of all its jobs;
`GET /api/images/{imageId}/jobs` returns the others. The owner can read any image; everyone can read a public one, with or
without credentials. `viewCount` counts reads by anyone but the owner.

With `?wait=N` the response is sent when none of these jobs is pending or processing anymore, or after N seconds.
The response has an `ETag`; with `If-None-Match`, an image that hasn't changed is answered with 304.
""",
        errors={
            400: "`wait` is not valid.",
            401: "The image is private and there are no credentials, or they are wrong or expired.",
            403: "The image is private and belongs to another user.",
            404: "There is no such image.",
        },
        path={"imageId": IMAGE_ID},
        query={"wait": 20},
        response={
            "success": True,
            "image": {**IMAGE, "jobs": [COMPLETED_JOB], "jobsTotal": 1},
            "urlExpiresAt": URL_EXPIRES_AT,
        },
    ),
    "listImageJobs": OperationText(
        summary="List an image's jobs",
        description="""
List all jobs of an image, newest first. To read the next page, send `nextCursor` as `cursor`; it is null on the last
page. Who can read the image can read its jobs. The request doesn't add to `viewCount`.
""",
        errors={
            400: "`limit` or `cursor` is not valid.",
            401: "The image is private and there are no credentials, or they are wrong or expired.",
            403: "The image is private and belongs to another user.",
            404: "There is no such image.",
        },
        path={"imageId": IMAGE_ID},
        query={"limit": 20},
        response={
            "success": True,
            "jobs": [COMPLETED_JOB],
            "nextCursor": None,
            "hasMore": False,
            "urlExpiresAt": URL_EXPIRES_AT,
        },
    ),
    "analyzeImage": OperationText(
        summary="Analyze an image",
        description="""
Say what the engine finds in one of your images, and how it would enhance it at a tier with these options. Nothing is
enhanced, stored or charged. What an engine doesn't measure is null.
""",
        errors={
            400: "There is no such tier, or an option is out of range or isn't on offer.",
            403: "The image belongs to another user.",
            404: "There is no such image.",
        },
        path={"imageId": IMAGE_ID},
        fields={"tier": "The tier to enhance at; without one, the default.", **OPTION_TEXTS},
        request={"tier": "TIER_4K"},
        response={
            "success": True,
            "imageId": IMAGE_ID,
            "tier": "TIER_4K",
            "width": 4096,
            "height": 2731,
            "summary": "Measured: JPEG quality about 82, noise 1.2 of 255",
            "method": "0.55 span-x2 + 0.45 waifu2x-photo-noise0",
            "kind": "photo",
            "cleanliness": 0.4,
            "jpegQuality": 82.0,
            "noise": 1.2,
            "enlargedBy": 1.0,
            "models": ["span-x2", "waifu2x-photo-noise0"],
        },
    ),
    "changeImage": OperationText(
        summary="Change an image",
        description="""
Change the name, the description or the visibility of one of your images. Fields that are left out keep their value;
null removes the description.

Everyone who knows a public image's id can read it. If the original's metadata may reveal where it was taken, others
get it without its metadata.
""",
        errors={
            400: "A field breaks its rule, or the original can't be published because its location can't be removed.",
            403: "The image belongs to another user.",
            404: "There is no such image.",
        },
        path={"imageId": IMAGE_ID},
        fields={
            "name": "As the file name of an upload.",
            "description": "Null removes it.",
            "isPublic": "Whether everyone can read the image.",
        },
        request={"name": "harbor-at-dawn.jpg", "description": "The harbor at dawn", "isPublic": True},
        response={
            "success": True,
            "image": {
                **IMAGE,
                "name": "harbor-at-dawn.jpg",
                "description": "The harbor at dawn",
                "originalUrl": f"http://localhost:3000/files/images/{IMAGE_ID}.jpg",
                "isPublic": True,
                "jobs": [],
                "jobsTotal": 0,
            },
            "urlExpiresAt": URL_EXPIRES_AT,
        },
    ),
    "deleteImage": OperationText(
        summary="Delete an image",
        description="""
Delete one of your images with its jobs and all their files. Unfinished jobs are cancelled and refunded. The image
is removed from all albums and as their cover.
""",
        errors={
            403: "The image belongs to another user.",
            404: "There is no such image.",
            500: "A file couldn't be deleted. The image is gone for everyone; repeating the request, or the server by itself, "
            "finishes the work.",
        },
        path={"imageId": IMAGE_ID},
        response={"success": True, "message": "Image deleted successfully"},
    ),
    "deleteImages": OperationText(
        summary="Delete several images",
        description="""
Delete up to 100 of your images, each as by the request for one. The same request can be repeated: what is gone already
is in `notFound`. If the files couldn't be deleted, all images are in `pending`: they are gone for everyone, and the
server deletes the files later. If an image belongs to another user, none is deleted.
""",
        errors={
            400: "`imageIds` is missing, empty, too long or contains invalid ids; up to five are in `invalidIds`.",
            403: "An image belongs to another user.",
            503: "The server is busy; nothing was deleted. Or the database failed: repeat the request.",
        },
        fields={"imageIds": "Duplicates are ignored."},
        request={"imageIds": [IMAGE_ID, OTHER_IMAGE_ID]},
        response={"success": True, "deleted": [IMAGE_ID], "notFound": [OTHER_IMAGE_ID], "pending": []},
    ),
}
