"""The tools: their descriptions, and the operation that each of them is."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from spike_core.domain.catalog import Offer
from spike_core.services.pricing import CatalogPrices, Pricing
from spike_mcp.schemas import Schema, body_schema, path_schema, query_schema

KEY_CHARS_MAX: Final = 200
REQUEST_KEY: Final[Schema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": KEY_CHARS_MAX,
    "description": "A name of your choice for this order, such as a UUID. Calls with the same one and the same "
    "arguments within a day are one order, so a call that got no answer can be repeated; another one orders the same "
    "again.",
}
_ORDERED: Final = (
    "Spends tokens. Returns the id of a job, which runs for seconds or minutes; follow it with get_job, unless your "
    "client follows tasks by itself."
)
_UPLOAD_FIELDS: Final = ("tier", "albumId", "format", "quality", "strength", "mode")
_PICTURE_FIELDS: Final = ("image", "mimeType", "imageUrl")


@frozen(kw_only=True)
class Tool:
    """A tool, and the operation of the REST API that it is."""

    name: str
    title: str
    description: str
    schema: Schema
    method: str = "GET"
    path: str  # a placeholder is an argument
    spends: bool = False
    takes_query: bool = False  # the arguments are query parameters
    job_field: str | None = None  # of an order's response: where the job's id is, with dots

    @property
    def scope(self) -> str:
        """The scope that a credential needs for it, of the API's."""
        return "spend" if self.spends else "read"

    def listed(self) -> Mapping[str, Any]:
        """Return the tool as clients see it."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.schema,
            "annotations": {
                "title": self.title,
                "readOnlyHint": not self.spends,
                "destructiveHint": False,
                "idempotentHint": not self.spends,
                "openWorldHint": self.spends,
            },
            "_meta": {"spike/spendsTokens": self.spends},
        }


def tools(document: Schema, pricing: Pricing) -> Mapping[str, Tool]:
    """Return the tools by name, with the schemas of the OpenAPI document and the prices of the catalog."""
    catalog = pricing.catalog
    final = isinstance(pricing.price_list, CatalogPrices)
    said = "Price by tier: {}." if final else "List price by tier: {}. quote returns the price for this user."
    prices, paid = (said.format(_prices(offers)) for offers in (catalog.offers, catalog.paid))
    found = [
        Tool(
            name="generate_image",
            title="Generate an image",
            description=f"Generate an image from a text prompt. {_ORDERED} {paid}",
            schema=_ordering(body_schema(document, "generateImage")),
            method="POST",
            path="/api/mcp/generate",
            spends=True,
            job_field="jobId",
        ),
        Tool(
            name="modify_image",
            title="Modify an image",
            description="Modify an image as a text prompt says. Send imageUrl, or image with mimeType. "
            f"{_ORDERED} {paid}",
            schema=_ordering(body_schema(document, "modifyImage")),
            method="POST",
            path="/api/mcp/modify",
            spends=True,
            job_field="jobId",
        ),
        Tool(
            name="enhance_image",
            title="Enhance an image",
            description="Enlarge and restore one of the user's images at a tier, or blend another into it first. "
            f"{_ORDERED} {prices}",
            schema=_ordering(body_schema(document, "enhanceImage")),
            method="POST",
            path="/api/images/enhance",
            spends=True,
            job_field="jobId",
        ),
        Tool(
            name="upload_image",
            title="Upload an image",
            description="Store an image in the user's library and enhance it. Send imageUrl, or image with mimeType. "
            f"Without a tier it is the album's, or {catalog.default.tier}. {_ORDERED} {prices}",
            schema=_ordering(_upload_schema(document)),
            method="POST",
            path="/api/images/upload",
            spends=True,
            job_field="enhancement.jobId",
        ),
        Tool(
            name="get_job",
            title="Get a job",
            description="Return the state of a job: its progress, its place in the queue, or its result, as an image "
            "if it is small and as a link. With wait, it answers when the job has ended, or after that many seconds.",
            schema=_object(
                {
                    "jobId": path_schema(document, "getJob", "jobId"),
                    **query_schema(document, "getJob", names={"wait"}),
                },
                required=["jobId"],
            ),
            path="/api/jobs/{jobId}",
            takes_query=True,
        ),
        Tool(
            name="list_images",
            title="List images",
            description="List the images in the user's library, newest first, a page at a time.",
            schema=_object(query_schema(document, "listImages", names={"limit", "cursor", "order", "search", "state"})),
            path="/api/images",
            takes_query=True,
        ),
        Tool(
            name="get_image",
            title="Get an image",
            description="Return an image with its enhancements, and a copy of it if it is small or has a preview.",
            schema=_object({"imageId": path_schema(document, "getImage", "imageId")}, required=["imageId"]),
            path="/api/images/{imageId}",
        ),
        Tool(
            name="get_balance",
            title="Get the balance",
            description="Return how many tokens the user has, and when the next one is added.",
            schema=_object({}),
            path="/api/tokens/balance",
        ),
        Tool(
            name="quote",
            title="Get a quote",
            description="Return what an order would cost, whether the balance covers it, how long it would take, and "
            "why it would be refused. Stores and charges nothing. Takes the order's arguments and its operation.",
            schema=body_schema(document, "quote"),
            method="POST",
            path="/api/quotes",
        ),
    ]
    return {tool.name: evolve(tool, schema={**tool.schema, "type": "object"}) for tool in found}


def _prices(offers: Iterable[Offer]) -> str:
    return ", ".join(f"{offer.tier} {offer.price} tokens ({offer.longest_side_px} px)" for offer in offers)


def _object(properties: Schema, *, required: Sequence[str] = ()) -> Schema:
    return {"type": "object", "properties": dict(properties)} | ({"required": list(required)} if required else {})


def _ordering(schema: Schema) -> Schema:
    return {**schema, "properties": {**schema["properties"], "requestKey": REQUEST_KEY}}


def _upload_schema(document: Schema) -> Schema:
    form, picture = (
        body_schema(document, "uploadImage")["properties"],
        body_schema(document, "modifyImage")["properties"],
    )
    name = {"type": "string", "description": "The file's name, such as photo.jpg."}
    return _object(
        {
            "name": name,
            **{field: picture[field] for field in _PICTURE_FIELDS},
            **{field: form[field] for field in _UPLOAD_FIELDS if field in form},
        }
    )
