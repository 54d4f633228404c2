"""Enhancing uploaded images."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.limits import BATCH_FILES, PICTURE_JSON_MB, SOURCE_MB
from spike_http.openapi.texts.examples import BATCH_ID, IMAGE_ID, JOB_ID, OTHER_IMAGE_ID, OTHER_JOB_ID
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.texts.render_options import OPTION_TEXTS
from spike_http.openapi.texts.tiers import TIER_FIELD
from spike_http.openapi.tiers import TIER_TABLE

ENHANCEMENTS: Final[Mapping[str, OperationText]] = {
    "enhanceImage": OperationText(
        summary="Enhance an image",
        description=f"""
Start a job that enhances one of your images at one tier. An image can be enhanced any number of times. Poll the job
with `GET /api/jobs/{{jobId}}`.

{TIER_TABLE}

With `blendSource`, another image is blended into this one before it is enhanced: `{{"imageId": …}}` names another
of your images; `{{"base64": …, "mimeType": …}}` contains the image itself, at most {SOURCE_MB} MB when decoded. Such an
image is kept with the job and doesn't appear in your list of images. `mimeType` and the prefix of a `data:` URL
must agree with the image's bytes.

The body may have {PICTURE_JSON_MB} MB. A request that fails is not charged, and nothing of it is kept.
""",
        errors={
            400: "A field is missing, there is no such tier, or `blendSource` is not an acceptable image or is the image itself.",
            403: "An image belongs to another user.",
            404: "There is no such image.",
        },
        fields={
            "imageId": "The image to enhance.",
            "tier": TIER_FIELD,
            **OPTION_TEXTS,
            "blendSource": "An image to blend in first.",
        },
        request={"imageId": IMAGE_ID, "tier": "TIER_4K"},
        response={"success": True, "jobId": OTHER_JOB_ID, "tokenCost": 10, "newBalance": 88},
    ),
    "enhanceImageAtTiers": OperationText(
        summary="Enhance an image at several tiers",
        description="""
Start one job for each of one to three different tiers, in one transaction: either all jobs are charged and created,
or none. `jobs` has the order of `tiers`. A job's `status` is `PENDING` until the worker queue has accepted it.
""",
        errors={
            400: "A field is missing, there is no such tier, a tier is repeated, or there are none or more than three.",
            402: "The wallet holds fewer tokens than all tiers together cost (`required`). Nothing is charged.",
            403: "The image belongs to another user.",
            404: "There is no such image.",
        },
        fields={"imageId": "The image to enhance.", "tiers": "One to three different tiers.", **OPTION_TEXTS},
        request={"imageId": IMAGE_ID, "tiers": ["TIER_1K", "TIER_4K"]},
        response={
            "success": True,
            "jobs": [
                {"jobId": JOB_ID, "tier": "TIER_1K", "tokenCost": 2, "status": "PROCESSING"},
                {"jobId": OTHER_JOB_ID, "tier": "TIER_4K", "tokenCost": 10, "status": "PROCESSING"},
            ],
            "totalCost": 12,
            "newBalance": 86,
        },
    ),
    "enhanceImages": OperationText(
        summary="Enhance several images",
        description=f"""
Start one job for each of up to {BATCH_FILES} of your images at one tier, in one transaction: either all jobs are charged and
created, or none. An id that is listed twice counts once. `GET /api/batches/{{batchId}}` reports the progress of the
batch.
""",
        errors={
            400: f"There are no images or more than {BATCH_FILES}, or there is no such tier.",
            402: "The wallet holds fewer tokens than all images together cost (`required`). Nothing is charged.",
            403: "One of the images belongs to another user. Nothing is charged.",
            404: "One of the images doesn't exist. Nothing is charged.",
        },
        fields={"imageIds": f"1 to {BATCH_FILES} images.", "tier": TIER_FIELD, **OPTION_TEXTS},
        request={"imageIds": [IMAGE_ID, OTHER_IMAGE_ID], "tier": "TIER_2K"},
        response={
            "success": True,
            "batchId": BATCH_ID,
            "summary": {"total": 2, "totalCost": 10, "newBalance": 83},
            "jobs": [
                {"imageId": IMAGE_ID, "jobId": JOB_ID},
                {"imageId": OTHER_IMAGE_ID, "jobId": OTHER_JOB_ID},
            ],
        },
    ),
}
