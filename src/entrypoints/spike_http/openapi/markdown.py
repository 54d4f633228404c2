"""The OpenAPI document as a page of Markdown: `docs/reference/http.md`."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from spike_http.openapi.schemas import COMPONENTS

Schema = Mapping[str, Any]

_HEAD: Final = """# The REST API

<!-- Written by `make reference` from the OpenAPI document: src/entrypoints/spike_http/openapi/texts. -->
"""
_NOT_RUN: Final = "<!-- not run: ids are made up; tests/unit/docs/test_curl_lines.py sends the requests -->"
_JSON: Final = "application/json"
_OF_ALL: Final = {"CredentialsRefused", "RateLimited", "ServerError"}  # responses of nearly all operations
_CODE: Final = re.compile(r"(?<!\[)`(?:([A-Z]+\s/[^`?]*)|(SPIKE_[A-Z_]+))`(?!\])")
_RESPONSES: Final = "#/components/responses/"

# pages that aren't in the document: what they are for, and the errors that they answer
_PAGES: Final[Mapping[str, tuple[str, str]]] = {
    "/": ("The [studio](../studio.md).", "none"),
    "/studio/{version}/{path:path}": ("The studio's files, which browsers may cache forever.", "404"),
    "/share/albums/{albumId}": ("The page of a shared album, with its preview card.", "404"),
    "/share/pictures/{imageId}": ("The page of a public picture before and after, with its preview card.", "404"),
    "/share/pictures/{imageId}/card/{jobId}.jpg": ("That card: before and after, side by side.", "404 503"),
    "/openapi.json": ("This reference as an OpenAPI 3.1 document.", "none"),
    "/docs": ("The document in a [viewer](../decisions/0055-swagger-ui-at-docs.md) that tries requests.", "none"),
    "/docs/{version}/{name}": ("The viewer's files, which browsers may cache forever.", "404"),
    "/.well-known/oauth-protected-resource": ("How `/mcp` is protected (RFC 9728).", "none"),
    "/.well-known/oauth-protected-resource/mcp": ("The same.", "none"),
}
_RPC: Final = (
    "| [Tools for language models](../howto/mcp.md), by JSON-RPC | `POST /mcp` "
    "| required | none | 400 401 404 415 503 |"
)
# further pages of the documentation, by operation id
_SEE_ALSO: Final[Mapping[str, str]] = {
    "enhanceImage": "[how images are blended](blending.md)",
    "changeImage": "[what others may see of an image](../decisions/0029-what-others-may-see.md)",
    "uploadAnonymously": "[what others may see of an image](../decisions/0029-what-others-may-see.md)",
    "generateImage": "[how images are generated](generation.md)",
    "modifyImage": "[how images are generated](generation.md)",
    "signIn": "[the studio](../studio.md)",
    "getFile": "[files in a bucket](../howto/s3.md)",
    "isReady": "[why a service without its queue is ready](../decisions/0041-ready-without-a-queue.md)",
    "getMetrics": "[the metrics](metrics.md)",
}


def reference(document: Schema) -> str:
    """Return the page."""
    page = _Page(document=document, operations=list(_operations(document)))
    parts = [_HEAD, page.linked(document["info"]["description"]), *page.table()]
    for tag in document["tags"]:
        parts += [f"## {tag['name']}", tag["description"]]
        for operation in page.operations:
            if operation.facts["tags"] == [tag["name"]]:
                parts += page.section(operation)
    parts += [*page.objects(), ""]
    return "\n\n".join(part.strip("\n") for part in parts if part.strip("\n")) + "\n"


@frozen(kw_only=True)
class _Operation:
    method: str
    path: str
    facts: Schema

    @property
    def endpoint(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def anchor(self) -> str:
        return _slug(self.facts["summary"])

    @property
    def credentials(self) -> str:
        if not self.facts["security"]:
            return "none"
        return "optional" if {} in self.facts["security"] else "required"


@frozen(kw_only=True)
class _Page:
    document: Schema
    operations: Sequence[_Operation]

    def linked(self, text: str) -> str:
        """Return the text with links from endpoints to their sections, and from settings to theirs."""
        anchors = {operation.endpoint: operation.anchor for operation in self.operations}

        def link(match: re.Match[str]) -> str:
            if match[2]:
                return f"[{match[0]}](settings.md)"
            endpoint = " ".join(match[1].split())  # a line may end within it
            return f"[`{endpoint}`](#{anchors[endpoint]})" if endpoint in anchors else match[0]

        fences = re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL)
        return "".join(part if part.startswith("```") else _CODE.sub(link, part) for part in fences)

    def table(self) -> Iterator[str]:
        yield "## Operations"
        yield (
            "The errors that each operation may answer. Not listed are 404 for an unknown path, 405 for an unknown\n"
            "method, 403 for a cookie that a page of another site sent, 500 if a part of the service fails, and 429\n"
            "if only `SPIKE_RATE_GENERAL` limits the operation. Codes and messages are under [errors](#errors)."
        )
        rows = [
            f"| [{each.facts['summary']}](#{each.anchor}) | `{each.endpoint}` | {each.credentials} "
            f"| {each.facts.get('x-rate-limit', {}).get('requests', 'none')} | {_listed(each)} |"
            for tag in self.document["tags"]
            for each in self.operations
            if each.facts["tags"] == [tag["name"]]
        ]
        rows += [f"| {text} | `GET {path}` | none | none | {errors} |" for path, (text, errors) in _PAGES.items()]
        rows.append(_RPC)
        yield _table(["Operation", "Endpoint", "Credentials", "Requests in 15 minutes", "Errors"], rows)

    def section(self, operation: _Operation) -> Iterator[str]:
        facts = operation.facts
        yield f"### {facts['summary']}"
        yield f"`{operation.endpoint}`, credentials: {operation.credentials}"
        yield self.linked(facts["description"]).replace("```sh", f"{_NOT_RUN}\n```sh")
        if facts["operationId"] in _SEE_ALSO:
            yield f"See also {_SEE_ALSO[facts['operationId']]}."
        yield _table(["Parameter", "In", "Meaning"], [self._parameter(each) for each in facts.get("parameters", ())])
        for media_type, content in facts.get("requestBody", {}).get("content", {}).items():
            yield _table([f"Field of the body (`{media_type}`)", "", "Meaning"], self._fields(content["schema"]))
            yield from _sample("Request:", content)
        status, success = next(iter(facts["responses"].items()))
        for content in success.get("content", {}).values():
            yield from _sample(f"Response ({status}):", content)
            names = [name for name in self._named_in(content["schema"]) if self._is_listed(name)]
            if names:
                yield "Objects: " + ", ".join(f"[{name}](#{_slug(name)})" for name in names)
        yield _table(["Status", "When"], self._failures(facts))

    def objects(self) -> Iterator[str]:
        yield "## Objects"
        yield "Fields whose names say what they are have no description."
        for name, schema in self.document["components"]["schemas"].items():
            if self._is_listed(name):
                yield f"### {name}"
                yield self.linked(schema["description"])
                rows = [
                    f"| `{field}` | {self._kind(inner)} | {self._meaning(inner)} |"
                    for field, inner in schema["properties"].items()
                ]
                yield _table(["Field", "Type", "Meaning"], rows)

    def _is_listed(self, name: str) -> bool:
        """Return whether a schema has a section of its own: it is an object whose fields need words."""
        schema = self._schema(name)
        return schema.get("type") == "object" and any("description" in each for each in schema["properties"].values())

    def _named_in(self, schema: Schema) -> Iterable[str]:
        """Return the names of the schemas that a schema refers to, at any depth, each once."""
        found: dict[str, None] = {}
        for name in re.findall(rf'"{COMPONENTS}(\w+)"', json.dumps(schema)):
            found[name] = None
            found |= dict.fromkeys(self._named_in(self._schema(name)))
        return found

    def _parameter(self, parameter: Schema) -> str:
        schema = parameter["schema"]
        limits = [f"{schema['minimum']} to {schema['maximum']}"] if "maximum" in schema else []
        limits += [f"{schema['default']} by default"] if "default" in schema else []
        meaning = " ".join([parameter.get("description") or self._meaning(schema), *(f"{limit}." for limit in limits)])
        return f"| `{parameter['name']}` | {parameter['in']} | {self.linked(meaning)} |"

    def _fields(self, schema: Schema) -> Iterable[str]:
        for name, inner in schema["properties"].items():
            is_required = "required" if name in schema.get("required", ()) else "optional"
            kind, meaning = self._kind(inner), self._meaning(inner)
            limits = f"At most {inner['maxLength']} characters." if "maxLength" in inner else ""
            yield f"| `{name}` | {is_required} | {' '.join(part for part in (f'{kind}.', meaning, limits) if part)} |"

    def _failures(self, facts: Schema) -> Iterable[str]:
        for status, response in facts["responses"].items():
            found = self._response(response)
            if status >= "3":
                yield f"| {status} | {self.linked(found['description'])} |"

    def _response(self, response: Schema) -> Schema:
        name = response.get("$ref", "").removeprefix(_RESPONSES)
        found: Schema = self.document["components"]["responses"][name] if name else response
        return found

    def _meaning(self, schema: Schema) -> str:
        if "description" in schema:
            return self.linked(schema["description"])
        if "$ref" in schema:
            return self._meaning(self._schema(schema["$ref"].removeprefix(COMPONENTS)))
        return next((self._meaning(each) for each in schema.get("anyOf", ())), "")

    def _schema(self, name: str) -> Schema:
        found: Schema = self.document["components"]["schemas"][name]
        return found

    def _kind(self, schema: Schema) -> str:
        """Return the type of a value in a few words."""
        match schema:
            case {"enum": values}:
                return ", ".join("null" if value is None else f"`{value}`" for value in values)
            case {"$ref": reference}:
                return self._kind_of(reference.removeprefix(COMPONENTS))
            case {"anyOf": members}:
                return " or ".join(self._kind(each) for each in members)
            case {"type": "array", "items": items}:
                return f"list of {self._kind(items)}"
            case {"format": "binary"}:
                return "file"
            case _:
                kinds = schema.get("type", "object")
                names = [kinds] if isinstance(kinds, str) else kinds
                is_time = schema.get("format") == "date-time"
                return " or ".join("time" if is_time and name == "string" else name for name in names)

    def _kind_of(self, name: str) -> str:
        """Return the type of a named schema in a few words."""
        found = self._schema(name)
        if found["type"] == "object" and self._is_listed(name):
            return f"[{name}](#{_slug(name)})"
        return "id" if "pattern" in found else self._kind(found)


def _operations(document: Schema) -> Iterator[_Operation]:
    for path, item in document["paths"].items():
        for method in ("get", "post", "patch", "delete"):
            if method in item:
                yield _Operation(method=method.upper(), path=path, facts=item[method])


def _listed(operation: _Operation) -> str:
    """Return the errors that the table lists: those that don't hold for nearly all operations."""
    own = [
        status
        for status, response in operation.facts["responses"].items()
        if status >= "4" and response.get("$ref", "").removeprefix(_RESPONSES) not in _OF_ALL
    ]
    limited = ["429"] if "x-rate-limit" in operation.facts else []
    return " ".join(sorted({*own, *limited} - {"500"})) or "none"


def _sample(title: str, content: Schema) -> Iterator[str]:
    if "example" in content:
        yield title
        yield f"```json\n{json.dumps(content['example'], indent=2, ensure_ascii=False)}\n```"


def _table(heads: Sequence[str], rows: Iterable[str]) -> str:
    found = list(rows)
    if not found:
        return ""
    return "\n".join([f"| {' | '.join(heads)} |", "|---" * len(heads) + "|", *found])


def _slug(heading: str) -> str:
    """Return the anchor of a heading, as code hosts and MyST make it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
