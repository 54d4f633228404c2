"""Uploading images."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.limits import BATCH_FILES, BATCH_MB, FILE_MB, MEGAPIXELS
from spike_http.openapi.texts.examples import ALBUM_ID, IMAGE_ID, IMAGE_URL, JOB_ID, NO_RENDITIONS, UPLOADED_IMAGE
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.texts.render_options import OPTION_TEXTS
from spike_http.openapi.texts.tiers import UPLOAD_TIER_FIELD

FILE_FIELD: Final = f"The image, with a file name; at most {FILE_MB} MB."

UPLOADS: Final[Mapping[str, OperationText]] = {
    "uploadImage": OperationText(
        summary="Upload an image",
        description=f"""
Store an image and start an enhancement job for it. The job's tier is `tier`, or else the default tier of the album
that the image is uploaded to, or else TIER_1K. The tokens are charged in the transaction that stores the image; a failed upload is never
charged and leaves nothing behind.

The image is JPEG, PNG, WebP, GIF, AVIF, TIFF or HEIC (no camera raw format), with one frame or page, at most {FILE_MB} MB
and at most {MEGAPIXELS} megapixels. Its bytes decide the format, not its name or media type. A file that violates its
format's rules is accepted as long as no pixel is missing. The original is stored byte for byte. `width` and
`height` in the response are those after EXIF orientation is applied.

The file name becomes the image's name, at most 255 characters:

| File name | Name of the image |
|---|---|
| `photo.jpg`, in UTF-8 or Latin-1; `filename*=UTF-8''…` takes precedence | the same |
| an absolute path, such as `C:\\Users\\x\\photo.jpg` or `/storage/emulated/0/DCIM/photo.jpg` | its last part: `photo.jpg` |
| with direction marks, which make `gpj.exe` look like `exe.jpg` | without them |
| a relative path or one with `..`, a leading dot, control characters, nothing, or more than 255 characters | refused with 400 `Invalid file name` |

The form fields `file[]` and `file[0]` are accepted in place of `file`. Unknown fields are ignored. A part's
`Content-Transfer-Encoding` may be `7bit`, `8bit` or `binary`.

`enhancement` in the response is null if the album's `autoEnhance` is false and the form has no `tier`. Such an upload
is free.
""",
        errors={
            400: "The form has no file, the file is not an acceptable image, or there is no such tier.",
            403: "The album belongs to another user.",
            404: "There is no such album.",
            409: "The album is full, or a request with the same `Idempotency-Key` is still being processed.",
            500: "A part of the service failed. The upload is not charged and leaves nothing behind.",
        },
        fields={
            "file": FILE_FIELD,
            "albumId": "One of your albums, which the image is added to.",
            "tier": UPLOAD_TIER_FIELD,
            **OPTION_TEXTS,
        },
        request={"file": "harbor.jpg", "albumId": ALBUM_ID},
        response={
            "success": True,
            "image": {**UPLOADED_IMAGE, "duplicateOf": None},
            "enhancement": {"jobId": JOB_ID, "tier": "TIER_2K", "tokenCost": 5, "newBalance": 95},
        },
    ),
    "uploadImages": OperationText(
        summary="Upload several images",
        description=f"""
Store up to {BATCH_FILES} images, together at most {BATCH_MB} MB, and start an enhancement job for each, as `POST /api/images/upload`
does for one. The form field `files` is repeated for each file; `files[]` and `files[0]`, `files[1]` … are accepted
too.

A file that is not acceptable, or can't be stored, fails alone. All other files are charged and recorded in one
transaction: if it fails, none is kept and nothing is charged. `results` has the order of the files.

`errorType` of a failed file is `validation` (not an acceptable image), `upload` (it couldn't be stored), `database`
(it couldn't be recorded) or `unknown`.
""",
        errors={
            400: f"The form has no file, more than {BATCH_FILES} files, or more than {BATCH_MB} MB, or there is no such tier.",
            402: "The wallet doesn't cover every acceptable file. Nothing is stored or charged.",
            403: "The album belongs to another user.",
            404: "There is no such album.",
            409: "The album is full, or a request with the same `Idempotency-Key` is still being processed.",
            500: "A part of the service failed. Nothing is charged.",
        },
        fields={
            "files": f"Each image, with a file name, at most {FILE_MB} MB; together at most {BATCH_MB} MB.",
            "albumId": "One of your albums, which the images are added to in the order sent.",
            "tier": UPLOAD_TIER_FIELD,
            **OPTION_TEXTS,
        },
        request={"files": ["harbor.jpg", "panorama.tif"]},
        response={
            "success": True,
            "results": [
                {
                    "success": True,
                    "filename": "harbor.jpg",
                    "imageId": IMAGE_ID,
                    "url": IMAGE_URL,
                    **NO_RENDITIONS,
                    "width": 1920,
                    "height": 1280,
                    "size": 524288,
                    "format": "JPEG",
                    "jobId": JOB_ID,
                    "tier": "TIER_1K",
                    "tokenCost": 2,
                    "duplicateOf": None,
                },
                {
                    "success": False,
                    "filename": "panorama.tif",
                    "error": f"File exceeds maximum size of {FILE_MB}MB",
                    "errorType": "validation",
                },
            ],
            "summary": {"total": 2, "successful": 1, "failed": 1, "totalCost": 2, "newBalance": 98},
        },
    ),
}
