"""Quotes."""

from collections.abc import Mapping
from typing import Final

from spike_http.openapi.limits import BATCH_FILES
from spike_http.openapi.texts.examples import IMAGE_ID
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.texts.render_options import OPTION_TEXTS
from spike_http.openapi.texts.tiers import TIER_FIELD

QUOTES: Final[Mapping[str, OperationText]] = {
    "quote": OperationText(
        summary="Get a quote",
        description="""
Return what a request would cost, and why it would be refused. Nothing is stored or charged.

The body is that of the quoted request, with its `operation`: `uploadImage`, `uploadImages`, `enhanceImage`,
`enhanceImageAtTiers`, `enhanceImages`, `generateImage` or `modifyImage`. For an upload, the body has the fields of the
form, with each file's size in bytes in place of the file.

`tokens` is what the request would be charged now, `balance` what the wallet holds now, regenerated tokens included,
and `sufficient` says whether that covers the price. `seconds` is how long the jobs would take one after the other,
without waiting for a worker, by your latest jobs of the same kind; null if there are none. `reasons` has the status, code
and texts of each response that would refuse the request, in the order in which it is checked; it is empty if the
request would be accepted. An invalid body is answered as the quoted request would answer it.

Not known before the request itself: whether a file that isn't sent is an acceptable image and contains a location, which
stores a second copy; whether `imageUrl` can be fetched; and rate limits. Other requests may come first.
""",
        errors={
            400: "The operation spends no tokens, or the body isn't valid for it.",
            404: "An id isn't one that any image or album has. That there is none with a valid id is among `reasons`.",
        },
        fields={
            "operation": "The id of the quoted operation.",
            "imageId": "For `enhanceImage` and `enhanceImageAtTiers`: the image to enhance.",
            "imageIds": f"For `enhanceImages`: 1 to {BATCH_FILES} images.",
            "tier": TIER_FIELD,
            "tiers": "For `enhanceImageAtTiers`: one to three different tiers.",
            **OPTION_TEXTS,
            "blendSource": "For `enhanceImage`: an image to blend in first.",
            "prompt": "For `generateImage` and `modifyImage`.",
            "negativePrompt": "For `generateImage` and `modifyImage`.",
            "aspectRatio": "For `generateImage`.",
            "image": "For `modifyImage`: the image in base64.",
            "mimeType": "For `modifyImage`: the media type of `image`.",
            "imageUrl": "For `modifyImage`: the URL of the image, which isn't fetched.",
            "albumId": "For `uploadImage` and `uploadImages`: the album.",
            "file": "For `uploadImage`: the size of the file in bytes.",
            "files": "For `uploadImages`: the size of each file in bytes.",
        },
        request={"operation": "enhanceImage", "imageId": IMAGE_ID, "tier": "TIER_4K"},
        response={
            "tokens": 10,
            "balance": 3,
            "sufficient": False,
            "seconds": 2.4,
            "reasons": [
                {
                    "status": 402,
                    "code": "INSUFFICIENT_TOKENS",
                    "error": "Insufficient tokens",
                    "title": "Payment required",
                    "suggestion": "Please add more tokens to continue.",
                }
            ],
        },
    ),
}
