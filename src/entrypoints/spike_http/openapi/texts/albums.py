"""Albums and the images in them."""

from collections.abc import Mapping
from typing import Final

from spike_core.domain.limits import IMAGES_PER_ALBUM_MAX
from spike_http.openapi.texts.examples import (
    ACCEPTED_AT,
    ALBUM,
    ALBUM_ID,
    ALBUM_IMAGE_ID,
    IMAGE_ID,
    MOVED,
    OTHER_ALBUM_ID,
    OTHER_IMAGE_ID,
    PLACE,
    RENDITIONS,
    SHARE_TOKEN,
    UPLOADED_IMAGE,
    URL_EXPIRES_AT,
)
from spike_http.openapi.texts.operation_text import OperationText

_FOREIGN: Final = "The album belongs to another user."
_NO_ALBUM: Final = "There is no such album."
_FIELDS: Final = """
`privacy` is `PRIVATE` (only the owner can read the album), `UNLISTED` (everyone who has its `shareToken`) or
`PUBLIC` (everyone). Images that are uploaded to the album are enhanced at `defaultTier`, unless `autoEnhance` is
false.
"""

_ALBUM_FIELDS: Final = {
    "name": "Not blank, without control characters.",
    "description": "May have line breaks.",
    "privacy": "Who can read the album.",
    "defaultTier": "The tier at which uploads to the album are enhanced.",
    "autoEnhance": "Whether uploads to the album are enhanced.",
}
_COVER: Final = {**{name: UPLOADED_IMAGE[name] for name in ("id", "url", "width", "height")}, **RENDITIONS}
_IMAGES_FIELD: Final = {"imageIds": "1 to 100 images."}

ALBUMS: Final[Mapping[str, OperationText]] = {
    "createAlbum": OperationText(
        summary="Create an album",
        description=f"""
Create an empty album. {_FIELDS} In the response, `shareToken` is null unless the album is unlisted, and
`coverImageId` is null until a cover is chosen.
""",
        errors={
            400: "A field breaks its rule.",
            409: "You have 1000 albums, or a request with the same `Idempotency-Key` is still being processed.",
        },
        fields={
            **_ALBUM_FIELDS,
            "privacy": "Who can read the album; PRIVATE by default.",
            "defaultTier": "The tier at which uploads to the album are enhanced; TIER_1K by default.",
            "autoEnhance": "Whether uploads to the album are enhanced; true by default.",
        },
        request={"name": "Holidays", "description": "Two weeks by the sea", "privacy": "UNLISTED"},
        response={"success": True, "album": {**ALBUM, "defaultTier": "TIER_1K", "coverImageId": None}},
    ),
    "listAlbums": OperationText(
        summary="List albums",
        description="""
List all your albums, newest first. `imageCount` is the number of an album's images. `cover` is the image that was chosen
as its cover, or else its first image; it is null while the album is empty.
""",
        response={
            "success": True,
            "albums": [{**ALBUM, "imageCount": 1, "cover": _COVER}],
            "urlExpiresAt": URL_EXPIRES_AT,
        },
    ),
    "layOutAlbum": OperationText(
        summary="Lay out an album",
        description="""
List the sizes and dates of an album's images, in the album's order, up to 2500 at once. Who can read the album can read
this.
""",
        errors={
            400: "`limit` or `cursor` is not valid.",
            401: "The album is private or unlisted, and there are no credentials and no valid `shareToken`.",
            403: "The album is private or unlisted, and belongs to another user.",
            404: _NO_ALBUM,
        },
        path={"albumId": ALBUM_ID},
        query={"shareToken": SHARE_TOKEN, "limit": 2500},
        response={"success": True, "images": [{**PLACE, "cursor": "1"}], "nextCursor": None, "hasMore": False},
    ),
    "getAlbum": OperationText(
        summary="Get an album",
        description="""
Return an album with a page of its images, in the album's order. To read the next page, send `nextCursor` as `cursor`; it
is null on the last page. Images that are moved to the end meanwhile are returned again, there. The owner can read any album; everyone can read a public one,
and an unlisted one if `shareToken` is sent. The images themselves stay as private as they are: readers of the album
get signed URLs, which expire. `shareToken` in the response is null for everyone but the owner.
""",
        errors={
            400: "`limit` or `cursor` is not valid.",
            401: "The album is private or unlisted, and there are no credentials and no valid `shareToken`.",
            403: "The album is private or unlisted, and belongs to another user.",
            404: _NO_ALBUM,
        },
        path={"albumId": ALBUM_ID},
        query={"shareToken": SHARE_TOKEN, "limit": 100},
        response={
            "success": True,
            "album": {
                **ALBUM,
                "imageCount": 1,
                "images": [
                    {
                        **UPLOADED_IMAGE,
                        **RENDITIONS,
                        "albumImageId": ALBUM_IMAGE_ID,
                        "isPublic": False,
                        "addedAt": ACCEPTED_AT,
                    }
                ],
            },
            "nextCursor": None,
            "hasMore": False,
            "urlExpiresAt": URL_EXPIRES_AT,
        },
    ),
    "downloadAlbum": OperationText(
        summary="Download an album",
        description="""
Return a zip file with the images of an album, in its order, as [several images](#download-several-images) are returned.
Who can read the album can download it. Others than the owner get of private images the original without private
metadata, and no results.
""",
        errors={
            400: "`tier` is not valid, or the album has too many images or bytes.",
            401: "The album is private or unlisted, and there are no credentials and no valid `shareToken`.",
            403: "The album is private or unlisted, and belongs to another user.",
            404: _NO_ALBUM,
            503: "Too many such requests wait or are being answered.",
        },
        path={"albumId": ALBUM_ID},
        query={"shareToken": SHARE_TOKEN, "tier": "TIER_2K"},
    ),
    "changeAlbum": OperationText(
        summary="Change an album",
        description=f"""
Change an album. Fields that are left out keep their value; either all changes are made, or none. Null removes
`description` and `coverImageId`. `coverImageId` is an image of the album. {_FIELDS} An album that becomes unlisted
gets a new `shareToken`. The token stops working when the album is no longer unlisted.
""",
        errors={
            400: "A field breaks its rule, or the cover is not in the album.",
            403: _FOREIGN,
            404: _NO_ALBUM,
        },
        path={"albumId": ALBUM_ID},
        fields={
            **_ALBUM_FIELDS,
            "description": "May have line breaks. Null removes it.",
            "coverImageId": "An image of the album. Null removes the cover.",
        },
        request={"privacy": "UNLISTED", "coverImageId": IMAGE_ID},
        response={"success": True, "album": ALBUM},
    ),
    "deleteAlbum": OperationText(
        summary="Delete an album",
        description="Delete an album. Its images are kept.",
        errors={403: _FOREIGN, 404: _NO_ALBUM},
        path={"albumId": ALBUM_ID},
        response={"success": True},
    ),
    "addImagesToAlbum": OperationText(
        summary="Add images to an album",
        description="""
Add 1 to 100 of your images at the end of an album, in the order given. An image that is already in the album moves
to the end; it is counted in `moved` and in `alreadyInAlbum`. Either all images are added, or none.
""",
        errors={
            400: "The list is not valid. `invalidIds` contains the first five ids that have the wrong format.",
            403: "The album or an image belongs to another user.",
            404: "There is no such album or image.",
            409: f"The album would hold more than {IMAGES_PER_ALBUM_MAX} images.",
        },
        path={"albumId": ALBUM_ID},
        fields=_IMAGES_FIELD,
        request={"imageIds": [IMAGE_ID]},
        response=MOVED,
    ),
    "takeImagesOutOfAlbum": OperationText(
        summary="Remove images from an album",
        description="""
Remove 1 to 100 images from an album. The images are kept, also in other albums. Ids that aren't in the album are
ignored. If the album's cover is removed, the album has no cover.
""",
        errors={
            400: "The list is not valid. `invalidIds` contains the first five ids that have the wrong format.",
            403: _FOREIGN,
            404: _NO_ALBUM,
        },
        path={"albumId": ALBUM_ID},
        fields=_IMAGES_FIELD,
        request={"imageIds": [IMAGE_ID]},
        response={"success": True, "removed": 1},
    ),
    "rearrangeAlbum": OperationText(
        summary="Reorder an album",
        description="""
Set the order of an album's images. `imageOrder` lists each image of the album exactly once. The body may have 1 MiB.
""",
        errors={
            400: "An image is missing, unknown or repeated. The order is unchanged: read it again with `GET /api/albums/{albumId}`.",
            403: _FOREIGN,
            404: _NO_ALBUM,
        },
        path={"albumId": ALBUM_ID},
        fields={"imageOrder": "Each image of the album, exactly once."},
        request={"imageOrder": [OTHER_IMAGE_ID, IMAGE_ID]},
        response={"success": True, "imageOrder": [OTHER_IMAGE_ID, IMAGE_ID]},
    ),
    "moveImagesToAlbum": OperationText(
        summary="Move images to an album",
        description="""
Add 1 to 100 of your images at the end of an album, in the order given, and remove them from another album if one is
named. Repeated ids are ignored. Either all images are moved, or none; concurrent moves are carried out one after
the other.

An image that is already in the target moves to the end and keeps its `albumImageId`; it is counted in `moved` and
in `alreadyInAlbum`. An image that isn't in `removeFromSourceAlbum` is moved all the same. If that album is the
target, nothing is removed. `failed` is always 0, because a move that isn't possible fails the whole request.
""",
        errors={
            400: "The list is not valid. `invalidIds` contains the first five ids that have the wrong format.",
            403: "An album or an image belongs to another user.",
            404: "There is no such album or image.",
            409: f"The album would hold more than {IMAGES_PER_ALBUM_MAX} images.",
        },
        fields={
            **_IMAGES_FIELD,
            "targetAlbumId": "The album to move the images to.",
            "removeFromSourceAlbum": "The album to remove the images from.",
        },
        request={"imageIds": [IMAGE_ID], "targetAlbumId": ALBUM_ID, "removeFromSourceAlbum": OTHER_ALBUM_ID},
        response=MOVED,
    ),
}
