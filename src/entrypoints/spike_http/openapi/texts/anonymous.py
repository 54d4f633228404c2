"""Using the service without an account."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.texts.examples import ANONYMOUS_IMAGE_ID, NO_RENDITIONS, OTHER_ANONYMOUS_IMAGE_ID
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.texts.render_options import OPTION_TEXTS
from spike_http.openapi.texts.uploads import FILE_FIELD

ANONYMOUS: Final[Mapping[str, OperationText]] = {
    "uploadAnonymously": OperationText(
        summary="Upload an image anonymously",
        description="""
Store an image without an account. The rules for the file are those of `POST /api/images/upload`. The image is not
enhanced. Everyone who knows its id can read it; if its metadata may reveal where it was taken, they get it without
its metadata. After 7 days (`SPIKE_ANONYMOUS_RETENTION_S`) the image and everything made from it are deleted.

Credentials that are sent are ignored.
""",
        errors={400: "The form has no file, or the file is not an acceptable image."},
        fields={"file": FILE_FIELD},
        request={"file": "harbor.jpg"},
        response={
            "success": True,
            "image": {
                "id": ANONYMOUS_IMAGE_ID,
                "name": "harbor.jpg",
                "url": f"http://localhost:3000/files/images/{ANONYMOUS_IMAGE_ID}.jpg",
                **NO_RENDITIONS,
                "width": 1920,
                "height": 1280,
            },
        },
    ),
    "mixAnonymously": OperationText(
        summary="Blend images anonymously",
        description="""
Start a job that blends another image into an anonymous one and enhances the result at the FREE tier. `blendSource`
is as for `POST /api/images/enhance`; an `imageId` in it must be another anonymous image. Everyone can read the
result with `GET /api/jobs/{jobId}` and `GET /api/images/{imageId}`. The body may have 30 MB.

Credentials that are sent are ignored.
""",
        errors={
            400: "A field is missing, the tier is not FREE, or `blendSource` is not an acceptable image.",
            403: "An image belongs to a user with an account.",
            404: "There is no such image.",
        },
        fields={
            "imageId": "The anonymous image to blend into.",
            "blendSource": "The image to blend in.",
            "tier": "The only tier without an account.",
            **OPTION_TEXTS,
        },
        request={"imageId": ANONYMOUS_IMAGE_ID, "blendSource": {"imageId": OTHER_ANONYMOUS_IMAGE_ID}},
        response={"success": True, "jobId": "job_anon_k1hxfkpsfxpwjj51fgsa2gh8", "tier": "FREE"},
    ),
}
