"""The schemas of responses in words, by name; fields whose names say what they are have no text."""

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen


@frozen
class ObjectText:
    """The description of a schema, and of its fields."""

    description: str
    fields: Mapping[str, str] = field(factory=dict)


_RENDITION_FIELDS: Final = {
    "thumbnailUrl": "A copy of the picture as WebP with a longest side of at most 400 pixels. Null until it is made.",
    "previewUrl": "The same with at most 1600 pixels. A picture no larger than its thumbnail has the same URL here.",
    "thumbhash": "The picture as a blurred placeholder: a ThumbHash in Base64. Null until it is made.",
}
_GENERATION_FIELDS: Final = {
    **_RENDITION_FIELDS,
    "processingStartedAt": "When the current worker, or the last one, claimed the job; null if none has.",
    "processingCompletedAt": "When the job ended, in whichever way; null before.",
    "errorMessage": "Why the job failed; null if it didn't.",
}
_IMAGE_FIELDS: Final = {
    "originalUrl": "The original, byte for byte as it was uploaded. Signed unless the image is public.",
    "originalWidth": "Pixels, after EXIF orientation.",
    "originalHeight": "Pixels, after EXIF orientation.",
    **_RENDITION_FIELDS,
    "isPublic": "Whether everyone can read the image.",
    "viewCount": "Reads by anyone but the owner.",
}
_ALBUM_FIELDS: Final = {
    "shareToken": "Gives everyone access to an unlisted album. Null for other albums, and for everyone but the owner.",
    "defaultTier": "The tier at which uploads to the album are enhanced.",
    "autoEnhance": "Whether uploads to the album are enhanced.",
}

OBJECTS: Final[Mapping[str, ObjectText]] = {
    "Job": ObjectText(
        "A job, in any state. Fields that don't apply to its state are null.",
        {
            "imageId": "The image to enhance; null for a generation or modification.",
            "status": "`COMPLETED`, `FAILED` (the job was free), `REFUNDED` and `CANCELLED` are final.",
            "tokensCost": "What the job was charged, refunded or not.",
            "enhancedUrl": "The result. The URL can't be built from the id.",
            "format": "Of the result: what was ordered, or else what it became; null while that is open.",
            "quality": "As ordered; null for the format's default.",
            "strength": "As ordered; null for as much as the picture needs.",
            "mode": "As ordered.",
            "method": "How the engine made the result, in words; null before the end, or if the engine doesn't say.",
            **_GENERATION_FIELDS,
            "progress": "Percent.",
            "queuePosition": "The place in the queue: 1 is next. Null unless the job is waiting.",
            "sourceImageId": "The image that is blended in; null if it came with the request.",
            "isBlend": "Whether another image is blended in.",
            "isAnonymous": "Whether the job was created without an account.",
            "batchId": "The batch that the job belongs to.",
        },
    ),
    "Creation": ObjectText(
        "A generation or modification, in any state. Fields that don't apply to its state are null.",
        {
            **_GENERATION_FIELDS,
            "format": "Of the output: what was ordered, or else what it became; null while that is open.",
            "quality": "As ordered; null for the format's default.",
        },
    ),
    "Image": ObjectText(
        "An image with its newest jobs.",
        {**_IMAGE_FIELDS, "jobs": "The newest 100, oldest first.", "jobsTotal": "The number of all its jobs."},
    ),
    "Usage": ObjectText(
        "What an account uses, and its limits.",
        {
            "freeJobs": "Jobs at the FREE tier that haven't ended.",
            "paidJobs": "Other jobs that haven't ended.",
            "jobsPerImage": "How many jobs of one image may be open.",
            "storedBytes": "Originals, results, and pictures that came with a request.",
            "processorSeconds": "What the jobs in the queue and in work may take, each by the limit of its tier.",
            "fileBytesMax": "Of one uploaded file.",
            "batchFilesMax": "Files of one batch upload.",
            "batchBytesMax": "Of the files of one batch upload together.",
            "sourceBytesMax": "Of an image in JSON, decoded, or fetched from a URL.",
            "pixelsMax": "Of one image, width times height.",
        },
    ),
    "Analysis": ObjectText(
        "What the engine finds in an image. What it doesn't measure is null.",
        {
            "width": "Of the result, in pixels.",
            "height": "Of the result, in pixels.",
            "summary": "For people.",
            "method": "How the result would be made.",
            "cleanliness": "From 0 to 1, which is an image without noise or traces of compression.",
            "jpegQuality": "Of the worst compression that it has seen; 100 if there is no trace of one.",
            "noise": "The standard deviation, of 255.",
            "enlargedBy": "By what it seems to have been enlarged before; 1 if it wasn't.",
            "models": "What the engine would use.",
        },
    ),
    "ImageFacts": ObjectText("An image without its jobs.", _IMAGE_FIELDS),
    "UploadedImage": ObjectText(
        "An image that was just uploaded.",
        {
            "duplicateOf": "The earliest of your images with the same bytes; null if there is none. Both are kept.",
            **_RENDITION_FIELDS,
            "width": "Pixels, after EXIF orientation.",
            "height": "Pixels, after EXIF orientation.",
            "size": "Bytes.",
        },
    ),
    "UploadedFile": ObjectText(
        "A file of a batch upload that was kept.",
        {
            "duplicateOf": "The earliest of your images with the same bytes; null if there is none. Both are kept.",
            **_RENDITION_FIELDS,
            "jobId": "Null if the album doesn't enhance uploads.",
            "tier": "Null if the album doesn't enhance uploads.",
        },
    ),
    "RefusedFile": ObjectText("A file of a batch upload that was not kept."),
    "BatchUpload": ObjectText(
        "The result of a batch upload.",
        {"success": "Whether at least one file was kept.", "results": "In the order sent."},
    ),
    "Album": ObjectText("An album without its images.", _ALBUM_FIELDS),
    "FullAlbum": ObjectText(
        "An album with a page of its images, in order.",
        {**_ALBUM_FIELDS, "imageCount": "The number of images in the whole album."},
    ),
    "ListedAlbum": ObjectText(
        "An album in a list.",
        {
            **_ALBUM_FIELDS,
            "imageCount": "The number of images in the album.",
            "cover": "The image that was chosen as the cover, or else the first one; null while the album is empty.",
        },
    ),
    "Cover": ObjectText(
        "The image that stands for an album.",
        {
            **_RENDITION_FIELDS,
            "url": "The original. Signed unless the image is public.",
            "width": "Pixels, after EXIF orientation.",
            "height": "Pixels, after EXIF orientation.",
        },
    ),
    "PlacedImage": ObjectText(
        "An image in an album.",
        {
            "url": "The original. Signed unless the image is public.",
            **_RENDITION_FIELDS,
            "addedAt": "When it was added.",
        },
    ),
    "Balance": ObjectText(
        "A wallet.",
        {
            "balance": "Tokens, regenerated ones included.",
            "maxBalance": "Where regeneration stops.",
            "nextRegenerationAt": "Null if the wallet is full.",
        },
    ),
    "BalanceStats": ObjectText("The sums of a ledger. Earned - spent + refunded is the balance."),
    "Transaction": ObjectText(
        "An entry of a wallet's ledger.",
        {"amount": "Tokens; negative if they were spent.", "jobId": "What was paid for."},
    ),
    "ApiKey": ObjectText(
        "An API key, without its secret.",
        {
            "keyPrefix": "The beginning of the key.",
            "isActive": "Whether the key is valid: neither revoked nor expired.",
            "expiresAt": "Null if the key doesn't expire.",
            "monthlyLimit": "The most tokens that the key may spend in a month. Null: no limit.",
            "spentThisMonth": "Tokens, less refunds. Null for a key without a limit.",
        },
    ),
    "Webhook": ObjectText(
        "A URL that events are sent to.",
        {
            "events": "The types of events that are sent there.",
            "disabledBecause": "Why nothing is sent: you have disabled it, the receiver answered 410, or every attempt failed for five days.",
            "failingSince": "The first failed attempt since the latest success.",
        },
    ),
    "WebhookDelivery": ObjectText(
        "An event that is, was or will be sent to a webhook.",
        {
            "attempts": "How many there were, since it was last sent again.",
            "responseStatus": "What the receiver answered the latest attempt.",
            "error": "What was wrong with the latest attempt.",
            "nextAttemptAt": "Null if none is planned, and while an earlier event about the same image or job waits.",
            "log": "The latest 20 attempts, oldest first, with those before it was sent again.",
        },
    ),
    "WebhookAttempt": ObjectText(
        "An attempt to send something.",
        {
            "at": "When the attempt had ended.",
            "milliseconds": "How long it took.",
            "responseStatus": "What the receiver answered; null if there was no answer.",
            "error": "What was wrong; null if the receiver accepted.",
        },
    ),
    "DisabledBecause": ObjectText("Why nothing is sent to a webhook."),
    "WebhookState": ObjectText("How far a delivery has come."),
    "Scope": ObjectText("What an API key may be used for. No scope includes another."),
    "ListedSession": ObjectText(
        "A session.",
        {"lastUsedAt": "To within ten minutes.", "isCurrent": "Whether the session sends this request."},
    ),
    "NewApiKey": ObjectText("A new API key.", {"key": "The key itself. It is never shown again."}),
    "ShownBatch": ObjectText("A batch and its jobs.", {"isFinished": "Whether every job has ended."}),
    "BatchStatus": ObjectText(
        "Several jobs. Each requested id is in `jobs` or in `notFound`.",
        {"notFound": "Ids that the user has no job for."},
    ),
    "MovedImage": ObjectText("An image that was moved.", {"alreadyInAlbum": "Whether it was in the target before."}),
    "Session": ObjectText("The signed-in user.", {"user": "Null if there are no credentials."}),
    "ImageId": ObjectText("The id of an image."),
    "JobId": ObjectText("The id of a job."),
    "BatchId": ObjectText("The id of a batch."),
    "AlbumId": ObjectText("The id of an album."),
    "AlbumImageId": ObjectText("The id of an image's place in an album."),
    "ApiKeyId": ObjectText("The id of an API key; not the key itself."),
    "WebhookId": ObjectText("The id of a webhook."),
    "WebhookDeliveryId": ObjectText("The id of a delivery; the id of its event is another."),
    "EventId": ObjectText("The id of an event: the same in the header `webhook-id`, in all attempts."),
    "OwnerId": ObjectText("The id of a user."),
    "Quote": ObjectText(
        "What a request would cost now, and why it would be refused.",
        {
            "tokens": "The price of the whole request.",
            "balance": "The tokens in the wallet now, regenerated ones included.",
            "sufficient": "Whether the balance covers the price.",
            "seconds": "How long the jobs would take, one after the other, without waiting; null if nothing is known.",
            "reasons": "Each response that would refuse the request, in the order in which it is checked.",
        },
    ),
    "Refusal": ObjectText("Why a request would be refused: the status, code and texts of that response."),
    "Tier": ObjectText("The size and price of an output image."),
    "JobStatus": ObjectText("The state of a job."),
    "EntryKind": ObjectText("Why an entry is in the ledger."),
    "PictureFormat": ObjectText("A file format."),
    "Privacy": ObjectText("Who can read an album: its owner, everyone with its share token, or everyone."),
}
