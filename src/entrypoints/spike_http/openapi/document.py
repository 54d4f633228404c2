"""The OpenAPI document (3.1.1, https://spec.openapis.org/oas/v3.1.1): assembled from routes, types and texts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from attrs import frozen

from spike_core.codec import camel_case
from spike_core.domain import errors
from spike_core.domain.api_keys import Scope
from spike_core.domain.catalog import SPECIFIED, Catalog
from spike_core.domain.idempotency import KEY_CHARS_MAX
from spike_core.domain.identifiers import AlbumId, ApiKeyId, BatchId, ImageId, JobId, WebhookDeliveryId, WebhookId
from spike_core.domain.limits import UploadLimits
from spike_core.domain.rate_limits import RateLimit, RateLimitGroup
from spike_http.credentials import COOKIES
from spike_http.errors import BY_STATUS, TABLE, ErrorResponse
from spike_http.openapi.curl import curl_command
from spike_http.openapi.errors import NO_ACCOUNT, example_shown_first, messages
from spike_http.openapi.limits import with_limits
from spike_http.openapi.operations import Access, Form, Json, Operation, operations_of
from spike_http.openapi.responses import (
    HEADERS,
    Document,
    Traits,
    common_responses,
    error_schemas,
    json_content,
    responses_of,
)
from spike_http.openapi.schemas import Schemas
from spike_http.openapi.texts import TEXTS
from spike_http.openapi.texts.introduction import introduction
from spike_http.openapi.texts.objects import OBJECTS
from spike_http.openapi.texts.operation_text import OperationText
from spike_http.openapi.tiers import FREE_BLENDS, with_tiers
from spike_http.requests.errors import BodyTooLarge, MalformedBody
from spike_http.requests.query import WAIT
from spike_http.scopes import SCOPES

__all__ = ["Document", "Route", "describe"]

# the tags of the API, in display order; the longest matching prefix of a path decides
TAGS: Final[Mapping[str, tuple[str, str]]] = {
    "/api/images": ("Images", "Upload, enhance, read, change and delete images."),
    "/api/jobs": ("Jobs", "Follow and cancel the jobs that enhance and generate images."),
    "/api/batches": ("Jobs", ""),
    "/api/albums": ("Albums", "Collect images in an order, privately or shared."),
    "/api/mcp": ("Generation", "Generate and modify images by text prompts."),
    "/api/tokens": ("Tokens", "Read the wallet that operations are paid from."),
    "/api/usage": ("Tokens", ""),
    "/api/tiers": ("Tokens", ""),
    "/api/quotes": ("Tokens", ""),
    "/api/settings/api-keys": ("API keys", "Manage the credentials of programs."),
    "/api/settings/webhooks": ("Webhooks", "Have events sent to a URL, signed as Standard Webhooks."),
    "/api/images/anonymous-": (
        "Anonymous use",
        f"Upload images without an account{FREE_BLENDS}. Images are public and kept for 7 days.",
    ),
    "/api/session": ("Sessions", "Sign a browser in and out by a cookie, and list where you are signed in."),
    "/files": ("Files", "Download images from a store that the service itself serves."),
    "/": ("Monitoring", "Watch a running service."),
}
_MOVED: Final[Mapping[str, str]] = {"/api/images/move-to-album": "Albums"}  # exceptions from the prefixes
_PARAMETERS: Final[Mapping[str, type]] = {
    "image_id": ImageId, "job_id": JobId, "batch_id": BatchId, "album_id": AlbumId, "key_id": ApiKeyId,
    "webhook_id": WebhookId, "delivery_id": WebhookDeliveryId,
}  # fmt: skip
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_SECURITY: Final[Mapping[Access, Sequence[Mapping[str, Sequence[str]]]]] = {
    Access.USER: [{"bearer": []}, {"cookie": []}],
    Access.OPTIONAL_USER: [{"bearer": []}, {"cookie": []}, {}],
    Access.ANONYMOUS: [],
    Access.PUBLIC: [],
}
_IDEMPOTENCY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A value that is new for each request. A request repeated with the same key has its effect once.",
    "schema": {"type": "string", "pattern": f"^[!-~]{{1,{KEY_CHARS_MAX}}}$"},
}
SPECIFIED_LIMITS: Final = UploadLimits()
_LOCAL: Final = "http://localhost:3000"


@frozen
class Route:
    """A row of the route table."""

    path: str
    resource: object

    @property
    def template(self) -> str:
        """The path in OpenAPI's notation: `{imageId}` for `{image_id}`."""
        return _PLACEHOLDER.sub(lambda match: "{" + camel_case(match[1]) + "}", self.path)


def describe(
    routes: Iterable[Route],
    *,
    rates: Sequence[RateLimit] = (),
    window_s: float = 900,
    server_url: str = "/",
    catalog: Catalog = SPECIFIED,
    limits: UploadLimits = SPECIFIED_LIMITS,
) -> Document:
    """Return the document of these routes. Every handler must be marked as an operation."""
    builder = _Builder(rates={rate.bucket: rate for rate in rates}, server_url=server_url, schemas=Schemas())
    paths: dict[str, Any] = {}
    for route in routes:
        item = paths.setdefault(route.template, {})
        for method, operation in operations_of(route.resource).items():
            item[method.lower()] = builder.operation(route, method, operation)
    document: Document = {
        "openapi": "3.1.1",
        "info": {
            "title": "Spike",
            "summary": "Image enhancement as a service.",
            "description": introduction(
                window_s=window_s, limits=_limits(paths), error=example_shown_first(), rows=messages()
            ),
            "version": version("spike-core"),
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server_url}],
        "tags": [{"name": name, "description": description} for name, description in TAGS.values() if description],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**_described(builder.schemas.named), **error_schemas()}.items())),
            "responses": common_responses(),
            "headers": dict(HEADERS),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A session token, or an API key (`sk_live_…`) with the scope given as a role.",
                },
                "cookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": COOKIES[-1],
                    "description": "A session token. Browsers send it once `POST /api/session` has set it.",
                },
            },
        },
    }
    filled: Document = with_limits(with_tiers(document, catalog), limits)
    return filled


@frozen(kw_only=True)
class _Builder:
    rates: Mapping[RateLimitGroup, RateLimit]
    server_url: str
    schemas: Schemas

    def operation(self, route: Route, method: str, operation: Operation) -> Document:
        text = TEXTS[operation.id]
        traits = Traits(
            is_idempotent=hasattr(route.resource, "responder") and method == "POST",
            waits=hasattr(route.resource, "long_poll") and method == "GET",
        )
        rate = self.rates.get(operation.bucket) if operation.access is not Access.PUBLIC else None
        described: Document = {
            "operationId": operation.id,
            "summary": text.summary,
            "description": self._description(route, method, operation, text, rate),
            "tags": [_tag(route.path)],
            "security": _security(route, method, operation),
        }
        if parameters := [*self._path_parameters(route, text), *_other_parameters(operation, traits)]:
            described["parameters"] = parameters
        if operation.body is not None:
            described["requestBody"] = self._request_body(operation.body, text)
        if rate is not None:
            described["x-rate-limit"] = {
                "requests": rate.limit,
                "windowSeconds": rate.window.total_seconds(),
                "setting": _setting(rate),
            }
        rows = _errors(route, method, operation, traits)
        described["responses"] = responses_of(self.schemas, operation, text, rows, traits)
        return described

    def _description(
        self, route: Route, method: str, operation: Operation, text: OperationText, rate: RateLimit | None
    ) -> str:
        paragraphs = [text.description.strip()]
        if _SECURITY[operation.access]:
            scope = SCOPES.get(f"{method} {route.path}")
            paragraphs.append(f"API keys: scope `{scope.value}`." if scope else "API keys: refused.")
        if rate is not None:
            who = "client" if operation.access is Access.ANONYMOUS else "user"
            minutes = f"{rate.window.total_seconds() / 60:g} minutes"
            paragraphs.append(f"Rate limit: {rate.limit} requests per {who} in {minutes} (`{_setting(rate)}`).")
        base = self.server_url if "://" in self.server_url else _LOCAL + self.server_url.rstrip("/")
        command = curl_command(method, base + route.template, operation=operation, text=text)
        return "\n\n".join([*paragraphs, f"```sh\n{command}\n```"])

    def _path_parameters(self, route: Route, text: OperationText) -> Iterable[Document]:
        for placeholder in _PLACEHOLDER.findall(route.path):
            name = camel_case(placeholder)
            schema = self.schemas.answer(_PARAMETERS.get(placeholder, str))
            yield {"name": name, "in": "path", "required": True, "schema": schema, "example": text.path[name]}

    def _request_body(self, body: Json | Form, text: OperationText) -> Document:
        match body:
            case Json():
                content = json_content(_worded(self.schemas.body(body.parsed, body.fields), text.fields), text.request)
            case Form():
                schema = {"type": "object", "properties": dict(body.fields), "required": sorted(body.required)}
                content = {"multipart/form-data": {"schema": _worded(schema, text.fields)}}
        return {"required": True, "content": content}


def _other_parameters(operation: Operation, traits: Traits) -> Iterable[Document]:
    for parameter in (*operation.query, *([WAIT] if traits.waits else [])):
        yield {
            "name": parameter.name,
            "in": "query",
            "description": parameter.description,
            "schema": dict(parameter.schema),
        }
    if traits.is_idempotent:
        yield _IDEMPOTENCY


def _security(route: Route, method: str, operation: Operation) -> Sequence[Mapping[str, Sequence[str]]]:
    """Return the credentials that an operation accepts, with the scope that an API key needs as a role of it."""
    scope = SCOPES.get(f"{method} {route.path}")
    alternatives = _SECURITY[operation.access]
    return [{"bearer": [scope.value]} if scope and "bearer" in each else each for each in alternatives]


def _errors(route: Route, method: str, operation: Operation, traits: Traits) -> list[ErrorResponse]:
    """Return the rows of the error table that apply to this operation, without duplicates."""
    is_counted = operation.access is not Access.PUBLIC
    has_id = any(name in _PARAMETERS for name in _PLACEHOLDER.findall(route.path))
    has_body = operation.body is not None
    has_rules = any(parameter.schema != {"type": "string"} for parameter in operation.query)
    is_parsed = has_body or traits.is_idempotent or traits.waits or has_rules
    takes_credentials = bool(_SECURITY[operation.access])
    scope = SCOPES.get(f"{method} {route.path}")
    follows: Mapping[tuple[type[errors.SpikeError], ...], bool] = {
        (errors.Unauthenticated, errors.Forbidden, errors.UntrustedHost): takes_credentials,
        NO_ACCOUNT: operation.access is Access.USER or operation.id == "whoIsSignedIn",
        (errors.SessionRequired,): takes_credentials and scope is None,
        (errors.InsufficientScope,): scope is not None,
        (errors.ApiKeyLimitReached,): scope is Scope.SPEND and traits.is_idempotent,
        (errors.TooManyRequests, errors.Unavailable): is_counted,
        (errors.NotFound,): has_id,
        (errors.InvalidValue,): is_parsed,
        (MalformedBody,): has_body,
        (BodyTooLarge,): isinstance(operation.body, Json),
        (errors.IdempotencyKeyReused, errors.RequestInProgress): traits.is_idempotent,
    }
    kinds = [*operation.errors, *(kind for group, follow in follows.items() if follow for kind in group)]
    rows = [TABLE[kind] for kind in kinds] + [BY_STATUS[HTTPStatus.UNSUPPORTED_MEDIA_TYPE]] * has_body
    return list({(row.status, row.code, row.message.error): row for row in rows}.values())


def _described(named: Mapping[str, Document]) -> Document:
    """Return the schemas with the descriptions of their objects and fields."""
    found = dict(named)
    for name, text in OBJECTS.items():
        if name not in found:  # belongs to a route that this service doesn't have
            continue
        found[name] = {**found[name], "description": text.description}
        found[name] = _worded(found[name], text.fields)
    return found


def _worded(schema: Document, fields: Mapping[str, str]) -> Document:
    """Return an object's schema with these descriptions of its fields."""
    if not fields:
        return schema
    properties = schema["properties"]
    worded = {name: {**properties[name], "description": words} for name, words in fields.items()}
    return {**schema, "properties": {**properties, **worded}}


def _limits(paths: Mapping[str, Any]) -> Iterable[tuple[str, int, str]]:
    for path, item in paths.items():
        for method, operation in item.items():
            if limit := operation.get("x-rate-limit"):
                yield f"{method.upper()} {path}", limit["requests"], limit["setting"]


def _setting(rate: RateLimit) -> str:
    return f"SPIKE_RATE_{rate.bucket.value.upper().replace('-', '_')}"


def _tag(path: str) -> str:
    return _MOVED.get(path) or TAGS[max((prefix for prefix in TAGS if path.startswith(prefix)), key=len)][0]
