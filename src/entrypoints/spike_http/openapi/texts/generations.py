"""Generating and modifying images by prompts."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.limits import FETCH_S, PICTURE_JSON_MB, SOURCE_MB
from spike_http.openapi.texts.examples import BALANCE, GENERATION, GENERATION_ID
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.texts.render_options import OUTPUT_TEXTS
from spike_http.openapi.texts.tiers import TIER_FIELD

_PROMPT_FIELDS: Final = {
    "prompt": "What to show. Not blank.",
    "tier": TIER_FIELD,
    "negativePrompt": "What to avoid.",
}

GENERATIONS: Final[Mapping[str, OperationText]] = {
    "generateImage": OperationText(
        summary="Generate an image",
        description="""
Start a job that generates an image from a text prompt. Its longest side is that of the tier. Poll the job with `GET
/api/mcp/jobs/{jobId}`.

The prices are those of `POST /api/images/enhance`. A request that fails is not charged. If the generator refuses
the prompt later, the job is refunded.
""",
        errors={
            400: "A field is missing or breaks its rule. If there is no such tier, or it is FREE, `pricing` lists the tiers and their prices.",
        },
        fields={**_PROMPT_FIELDS, "aspectRatio": "The shape of the image; `1:1` by default.", **OUTPUT_TEXTS},
        request={
            "prompt": "A serene mountain landscape at sunset",
            "tier": "TIER_2K",
            "negativePrompt": "people, buildings, cars",
            "aspectRatio": "16:9",
        },
        response={
            "success": True,
            "jobId": GENERATION_ID,
            "tokensCost": 5,
            "message": "Generation started. Poll /api/mcp/jobs/{jobId} for status.",
        },
    ),
    "modifyImage": OperationText(
        summary="Modify an image",
        description=f"""
Start a job that modifies an image as a text prompt says. The result has the aspect ratio of the image. Poll the job
with `GET /api/mcp/jobs/{{jobId}}`.

The image is sent either as `image` with `mimeType`, in base64 and at most {SOURCE_MB} MB when decoded, or as `imageUrl`,
which the service fetches. The URL's scheme is http or https, on port 80 or 443 of a public host; the service reads
at most {SOURCE_MB} MB within {FETCH_S} seconds, and follows at most three redirects. The body may have {PICTURE_JSON_MB} MB.
""",
        errors={
            400: "As for `POST /api/mcp/generate`, or the image is not acceptable or can't be fetched.",
        },
        fields={
            **_PROMPT_FIELDS,
            "prompt": "How to modify the image. Not blank.",
            "image": "The image in base64, with or without the prefix of a `data:` URL.",
            "mimeType": "The media type of `image`, with which it is required.",
            "imageUrl": "The public http or https URL of the image.",
            **OUTPUT_TEXTS,
        },
        request={
            "prompt": "Add snow to the scene",
            "tier": "TIER_2K",
            "imageUrl": "https://example.com/photo.jpg",
        },
        response={
            "success": True,
            "jobId": "job_mod_k1hxfkpsfxpwjj51fgsa2gh8",
            "tokensCost": 5,
            "message": "Modification started. Poll /api/mcp/jobs/{jobId} for status.",
        },
    ),
    "getCreation": OperationText(
        summary="Get a generation or modification",
        description="""
Return one of your generations or modifications. It is also a job that `GET /api/jobs/{jobId}` returns and `POST
/api/jobs/{jobId}/cancel` cancels.
""",
        errors={404: "There is no such job, it belongs to another user, or it is an enhancement."},
        path={"jobId": GENERATION_ID},
        response=GENERATION,
    ),
    "listCreations": OperationText(
        summary="List generations and modifications",
        description="""
List your generations and modifications, newest first. To read the next page, send `nextCursor` as `cursor`; it is
null on the last page.
""",
        errors={400: "`limit` or `cursor` is not valid."},
        query={"limit": 20},
        response={"jobs": [GENERATION], "nextCursor": None, "hasMore": False},
    ),
    "getCreationBalance": OperationText(
        summary="Get the balance for generations",
        description="Return what `GET /api/tokens/balance` returns: generations are paid from the same wallet.",
        response=BALANCE,
    ),
}
